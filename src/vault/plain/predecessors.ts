/** Which earlier snapshots a new one takes its unchanged data from. */
import { join } from 'node:path';
import type { SnapshotEntry } from '../../model/snapshot.ts';
import { MANIFEST, OWN } from './layout.ts';
import { listSnapshots } from './listing.ts';
import { isWholeManifest } from './manifest-file.ts';
import type { PredecessorSource } from './predecessor.ts';
import { readDamage } from './records.ts';

/** The newest snapshot of the target, and the newest complete one: what an incomplete one lacks lies there. */
export function predecessorsOf(root: string, target: string): SnapshotEntry[] {
  const { snapshots } = listSnapshots(root, { target });
  const isWhole = ({ place }: SnapshotEntry) => isWholeManifest(join(root, place, OWN, MANIFEST));
  const newest = snapshots.findLast(isWhole);
  if (newest === undefined || newest.complete) return newest === undefined ? [] : [newest];
  const complete = snapshots.findLast((entry) => entry.complete && isWhole(entry));
  return complete === undefined ? [newest] : [newest, complete];
}

export function publishedSource(root: string, { place }: SnapshotEntry): PredecessorSource {
  const damaged = readDamage(root).get(place) ?? new Set();
  return { folder: join(root, place), nodes: join(OWN, MANIFEST), headed: true, published: true, damaged };
}
