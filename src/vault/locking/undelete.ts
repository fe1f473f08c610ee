/**
 * Bringing back what was deleted or overwritten since a time: the right version of each object that was seen then is laid on
 * top again. It only adds: what came later stays, and so does what somebody has put there.
 */
import { inLanes } from '../../base/lanes.ts';
import {
  byKey,
  type CallOptions,
  type HashOptions,
  isSeen,
  type Key,
  type Locking,
  type ObjectVersion,
  rightVersion,
  type Storage,
} from '../../storage/storage.ts';
import type { UndeleteOptions, UndeleteReport } from '../upkeep.ts';

export interface UndeleteParts {
  readonly storage: Storage;
  readonly locking: Locking;
  /** where to look: folders, or single objects */
  readonly folders: readonly Key[];
  /** Objects of a lower stage are there again before those of a higher one, which need them. */
  stageOf(key: Key): number;
  /** of what was stored, where neither the name says it nor the oldest version is the one */
  hashOf?(key: Key, options: CallOptions): Promise<string | undefined>;
}

export async function undelete(
  parts: UndeleteParts,
  { time, dryRun, signal }: UndeleteOptions,
): Promise<UndeleteReport> {
  const { locking, folders, stageOf } = parts;
  const hidden: ObjectVersion[] = [];
  const lost: Key[] = [];
  for (const folder of folders) {
    for await (const versions of byKey(locking.versions(folder, { signal }))) {
      const found = await hiddenIn(versions, time, parts, { signal });
      if (found === 'lost') lost.push((versions[0] as ObjectVersion).key);
      else if (found !== undefined) hidden.push(found);
    }
  }
  hidden.sort((one, other) => stageOf(one.key) - stageOf(other.key));
  const bytes = hidden.reduce((sum, { size }) => sum + size, 0);
  const stages = Map.groupBy(hidden, ({ key }) => stageOf(key));
  if (!dryRun) for (const stage of stages.values()) await layAll(stage, parts, signal);
  return { objects: hidden.map(({ key }) => key), bytes, lost };
}

/** The version that was right then and isn't seen now; undefined when the object needs nothing. */
async function hiddenIn(
  versions: readonly ObjectVersion[],
  time: number,
  { locking, hashOf }: UndeleteParts,
  options: CallOptions,
): Promise<ObjectVersion | 'lost' | undefined> {
  const then = versions.filter(({ modified }) => modified <= time);
  if (then[0] === undefined || then[0].deleted) return undefined;
  const [latest] = versions;
  // One alone, and seen: nothing to be looked up.
  if (versions.length === 1 && latest?.deleted === false) return undefined;
  const known: HashOptions = { ...options, sha256: await hashOf?.(then[0].key, options) };
  const right = await rightVersion(locking, then, known);
  if (right === undefined) return 'lost';
  return (await isSeen(locking, versions, right, known)) ? undefined : right;
}

/** The new version is locked as long as the old one is. */
async function layAll(
  hidden: readonly ObjectVersion[],
  { storage, locking }: UndeleteParts,
  signal: AbortSignal,
): Promise<void> {
  const lanes = storage.capabilities.parallel;
  await inLanes(hidden, { lanes, signal }, async ({ key, version }, either) => {
    const { lock, time } = await locking.statVersion(key, version, { signal: either });
    const kept = typeof lock === 'object' && lock.until > time ? { lock } : {};
    await locking.layOnTop(key, version, { ...kept, signal: either });
  });
}
