/**
 * Bringing back what was deleted or overwritten since a time: the right version of each object that was seen then is laid on
 * top again. It only adds: what came later stays, and so does what somebody has put there.
 */
import { inLanes } from '../../../base/lanes.ts';
import {
  byKey,
  isSeen,
  type Key,
  type Locking,
  type ObjectVersion,
  rightVersion,
  type Storage,
} from '../../../storage/storage.ts';
import type { UndeleteOptions, UndeleteReport } from '../../upkeep.ts';
import { CONFIG } from '../layout.ts';
import type { Signalled } from '../objects.ts';

export async function undelete(
  { storage, locking }: { readonly storage: Storage; readonly locking: Locking },
  { time, dryRun, signal }: UndeleteOptions,
): Promise<UndeleteReport> {
  const hidden: ObjectVersion[] = [];
  const lost: Key[] = [];
  // In this order nothing is seen before what it needs.
  for (const folder of [CONFIG, 'keys', 'data', 'index', 'snapshots'] as Key[]) {
    for await (const versions of byKey(locking.versions(folder, { signal }))) {
      const found = await hiddenIn(versions, time, locking, { signal });
      if (found === 'lost') lost.push((versions[0] as ObjectVersion).key);
      else if (found !== undefined) hidden.push(found);
    }
  }
  const bytes = hidden.reduce((sum, { size }) => sum + size, 0);
  if (!dryRun) for (const folder of groupsOf(hidden)) await layAll(folder, storage, locking, signal);
  return { objects: hidden.map(({ key }) => key), bytes, lost };
}

/** The version that was right then and isn't seen now; undefined when the object needs nothing. */
async function hiddenIn(
  versions: readonly ObjectVersion[],
  time: number,
  locking: Locking,
  options: Signalled,
): Promise<ObjectVersion | 'lost' | undefined> {
  const then = versions.filter(({ modified }) => modified <= time);
  if (then[0] === undefined || then[0].deleted) return undefined;
  const right = await rightVersion(locking, then, options);
  if (right === undefined) return 'lost';
  return (await isSeen(locking, versions, right, options)) ? undefined : right;
}

/** The new version is locked as long as the old one is. */
async function layAll(
  hidden: readonly ObjectVersion[],
  { capabilities }: Storage,
  locking: Locking,
  signal: AbortSignal,
): Promise<void> {
  await inLanes(hidden, { lanes: capabilities.parallel, signal }, async ({ key, version }, either) => {
    const { lock, time } = await locking.statVersion(key, version, { signal: either });
    const kept = typeof lock === 'object' && lock.until > time ? { lock } : {};
    await locking.layOnTop(key, version, { ...kept, signal: either });
  });
}

/** What lies in one folder, one folder after the other. */
function groupsOf(hidden: readonly ObjectVersion[]): readonly ObjectVersion[][] {
  const groups: ObjectVersion[][] = [];
  for (const version of hidden) {
    const folder = version.key.split('/', 1)[0];
    if (groups.at(-1)?.[0]?.key.split('/', 1)[0] === folder) groups.at(-1)?.push(version);
    else groups.push([version]);
  }
  return groups;
}
