/** Which earlier snapshots a new one takes its unchanged data from. */
import { join } from 'node:path';
import type { SnapshotEntry } from '../../model/snapshot.ts';
import { MANIFEST, OWN } from './layout.ts';
import { listSnapshots } from './listing.ts';
import type { PredecessorSource } from './predecessor.ts';
import { readDamage } from './records.ts';

/** The newest snapshot of the target, and the newest complete one: what an incomplete one lacks lies there. */
export function predecessorsOf(root: string, target: string): SnapshotEntry[] {
  const { snapshots } = listSnapshots(root, { target });
  const newest = snapshots.at(-1);
  const complete = snapshots.findLast((entry) => entry.complete);
  return [newest, complete].filter(
    (entry, at, all) => entry !== undefined && all.indexOf(entry) === at,
  ) as SnapshotEntry[];
}

export function publishedSource(root: string, { place }: SnapshotEntry): PredecessorSource {
  const damaged = readDamage(root).get(place) ?? new Set();
  return { folder: join(root, place), nodes: join(OWN, MANIFEST), headed: true, published: true, damaged };
}
