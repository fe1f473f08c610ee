/** Which earlier snapshots a new one takes its unchanged data from. */
import { join } from 'node:path';
import type { SnapshotEntry } from '../../model/snapshot.ts';
import { MANIFEST, OWN } from './layout.ts';
import { listSnapshots } from './listing.ts';
import { isWholeManifest } from './manifest-file.ts';
import type { PredecessorSource } from './predecessor.ts';
import { readDamage } from './records.ts';

/**
 * The newest snapshot of the target, and the newest complete one: what an incomplete one lacks lies there. A safety
 * snapshot is of what one restore was about to overwrite, so it stands beside these and never in place of one.
 */
export function predecessorsOf(root: string, target: string): SnapshotEntry[] {
  const { snapshots } = listSnapshots(root, { target });
  const [safety, regular] = [snapshots.filter(isSafety), snapshots.filter((entry) => !isSafety(entry))];
  const isWhole = ({ place }: SnapshotEntry) => isWholeManifest(join(root, place, OWN, MANIFEST));
  const newest = regular.findLast(isWhole);
  const since = safety.filter(({ header }) => newest === undefined || header.time >= newest.header.time);
  const complete =
    newest === undefined || newest.complete
      ? undefined
      : regular.findLast((entry) => entry.complete && isWhole(entry));
  return [newest, complete, since.findLast(isWhole)].filter((entry) => entry !== undefined);
}

/** The one whose size the next snapshot will have. */
export function predecessorOf(root: string, target: string): SnapshotEntry | undefined {
  return predecessorsOf(root, target).find((entry) => !isSafety(entry));
}

function isSafety({ header }: SnapshotEntry): boolean {
  return header.schedule === 'safety';
}

export function publishedSource(root: string, { place }: SnapshotEntry): PredecessorSource {
  const damaged = readDamage(root).get(place) ?? new Set();
  return { folder: join(root, place), nodes: join(OWN, MANIFEST), headed: true, published: true, damaged };
}
