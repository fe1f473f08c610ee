/** Which snapshots share a stored file: those in which the same path is the same inode. */
import { join } from 'node:path';
import { systemCode } from '../../base/errors.ts';
import { type Status, statusAt } from '../../base/libc.ts';
import { nameOf, parentOf, type RawPath } from '../../base/raw-path.ts';
import type { SnapshotEntry } from '../../model/snapshot.ts';
import { listSnapshots } from './listing.ts';
import { StoredTree } from './stored-tree.ts';

/** Places in the vault, that of `entry` first. */
export function sharersOf(root: string, entry: SnapshotEntry, path: RawPath): string[] {
  const own = inodeAt(root, entry.place, path);
  if (own === undefined) return [entry.place];
  const others = listSnapshots(root, { target: entry.header.target }).snapshots.filter(
    ({ place }) => place !== entry.place && inodeAt(root, place, path) === own,
  );
  return [entry.place, ...others.map(({ place }) => place)];
}

function inodeAt(root: string, place: string, path: RawPath): bigint | undefined {
  const tree = StoredTree.open(join(root, place));
  try {
    const folder = tree.folder(parentOf(path));
    return folder === undefined ? undefined : statusIfThere(folder.descriptor, path)?.inode;
  } finally {
    tree.close();
  }
}

/** Status of the last part of `path` in an open folder; undefined when it isn't there. */
export function statusIfThere(folder: number, path: RawPath): Status | undefined {
  try {
    return statusAt(folder, nameOf(path));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
