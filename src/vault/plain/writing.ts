/** What may be done to a plain vault by the one who holds its lock. */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { SnapshotDraft, SnapshotEntry } from '../../model/snapshot.ts';
import { storeAgain } from '../snapshot-copy.ts';
import type { WritableVault, WriteOptions } from '../vault.ts';
import { namingDiskErrors } from './disk-errors.ts';
import { openFilePool } from './file-pool.ts';
import { MANIFEST, NODES, OWN, PARTIAL, type Place, snapshotNames } from './layout.ts';
import { leftovers } from './listing.ts';
import type { PredecessorSource } from './predecessor.ts';
import { predecessorOf, predecessorsOf, publishedSource } from './predecessors.ts';
import { readProtections, writeProtections } from './records.ts';
import { removeFrom } from './removal.ts';
import { requireRoom } from './room.ts';
import { PlainSnapshotReader } from './snapshot-reader.ts';
import { PlainSnapshotWriter } from './snapshot-writer.ts';
import type { VaultFile } from './vault-file.ts';

/** How many interrupted runs are remembered; what older ones had stored, newer ones have found again. */
const INTERRUPTED_KEPT = 2;

type Writing = Pick<WritableVault, 'predecessor' | 'begin' | 'derive' | 'protect'> & {
  close(): Promise<void>;
};

export function openWriting(root: string, file: VaultFile, threads: number): Writing {
  const pool = openFilePool({ threads, keeps: file.keeps });

  async function begin(draft: SnapshotDraft, from: readonly SnapshotEntry[], options: WriteOptions) {
    if (options.expects !== undefined) requireRoom(root, options.expects);
    const { schedule, target } = draft;
    const folder = join(root, schedule, target);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const place: Place = { schedule, target, name: freeName(folder, draft) };
    const interrupted = await setAsideInterrupted(root, folder, place, options.signal);
    const predecessors = [
      ...from.map((entry) => publishedSource(root, entry)),
      ...interrupted.flatMap((name) => interruptedSource(join(folder, name))),
    ];
    pool.resume();
    const parts = { root, place, keeps: file.keeps, predecessors, interrupted, pool };
    try {
      return new PlainSnapshotWriter(draft, parts, options);
    } catch (error) {
      await removeFrom(folder, place.name + PARTIAL, options.signal);
      throw error;
    }
  }

  return {
    async predecessor(target) {
      // Who asks is about to store something, and first looks how much that will be.
      pool.start();
      return predecessorOf(root, target);
    },
    begin: (draft, options) =>
      namingDiskErrors(root, () => begin(draft, predecessorsOf(root, draft.target), options)),
    derive: (entry, schedule, options) =>
      namingDiskErrors(root, async () => {
        const reader = PlainSnapshotReader.open(root, entry);
        try {
          const like = (draft: SnapshotDraft, inheriting: WriteOptions) => begin(draft, [entry], inheriting);
          const source = { reader, place: entry.place, schedule };
          return (await storeAgain(source, like, options)).entry;
        } finally {
          await reader.close();
        }
      }),
    async protect(entry, until) {
      const protections = new Map(readProtections(root));
      if (until === undefined) protections.delete(entry.place);
      else protections.set(entry.place, until);
      writeProtections(root, protections);
    },
    close: () => pool.close(),
  };
}

/** Its list of nodes, or its manifest if it was interrupted after that was written, or nothing at all. */
function interruptedSource(folder: string): PredecessorSource[] {
  const nodes = [NODES, MANIFEST].find((name) => existsSync(join(folder, OWN, name)));
  if (nodes === undefined) return [];
  return [
    { folder, nodes: join(OWN, nodes), headed: nodes === MANIFEST, published: false, damaged: new Set() },
  ];
}

function freeName(folder: string, { schedule, time, zone }: SnapshotDraft): string {
  for (const name of snapshotNames(schedule, time, zone)) if (!existsSync(join(folder, name))) return name;
  throw new TypeError('no free name for a snapshot');
}

/**
 * The folders that interrupted runs have left, newest first, under names that the new one doesn't want. All but the
 * newest are removed: what they had stored, a later run has found again.
 */
async function setAsideInterrupted(
  root: string,
  folder: string,
  place: Place,
  signal: AbortSignal,
): Promise<string[]> {
  const known = leftovers(root, place.schedule, place.target, PARTIAL)
    .map(parseInterrupted)
    .sort(newestFirst);
  const next = 1 + Math.max(0, ...known.map(({ aside }) => aside ?? 0));
  const kept: string[] = [];
  for (const [at, { name }] of known.entries()) {
    if (at >= INTERRUPTED_KEPT) {
      await removeFrom(folder, name, signal);
    } else if (name === place.name + PARTIAL) {
      renameSync(join(folder, name), join(folder, `${name}.${next}`));
      kept.push(`${name}.${next}`);
    } else {
      kept.push(name);
    }
  }
  return kept;
}

interface Interrupted {
  readonly name: string;
  /** the snapshot that it would have become */
  readonly of: string;
  /** of those that were set aside, the later has the higher number */
  readonly aside: number | undefined;
}

function parseInterrupted(name: string): Interrupted {
  const [of = '', aside = ''] = name.split(PARTIAL);
  return { name, of, aside: aside === '' ? undefined : Number(aside.slice(1)) };
}

function newestFirst(left: Interrupted, right: Interrupted): number {
  if (left.of !== right.of) return left.of < right.of ? 1 : -1;
  return (right.aside ?? Number.POSITIVE_INFINITY) > (left.aside ?? Number.POSITIVE_INFINITY) ? 1 : -1;
}
