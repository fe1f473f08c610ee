/** Whether the disk can take what is about to be written. */
import { statfsSync } from 'node:fs';
import { formatSize } from '../../base/quantities.ts';
import { vaultErrors } from '../errors.ts';
import type { FreeRoom, Room } from '../vault.ts';

export function roomAt(root: string): FreeRoom {
  const { bavail, bsize, ffree, files } = statfsSync(root);
  // btrfs and its like make inodes as they need them, and count none.
  return { bytes: bavail * bsize, ...(files === 0 ? {} : { files: ffree }) };
}

/** Throws VAULT_NO_ROOM with all four numbers. */
export function requireRoom(root: string, expects: Room): void {
  const { bytes: free, files: freeFiles = Number.MAX_SAFE_INTEGER } = roomAt(root);
  if (free >= expects.bytes && freeFiles >= expects.files) return;
  throw vaultErrors.VAULT_NO_ROOM({
    path: root,
    free: formatSize(free),
    freeFiles,
    needed: formatSize(expects.bytes),
    neededFiles: expects.files,
  });
}
