/** Whether the disk can take what is about to be written. */
import { statfsSync } from 'node:fs';
import { formatSize } from '../../base/quantities.ts';
import { vaultErrors } from '../errors.ts';
import type { Room } from '../vault.ts';

/** Throws VAULT_NO_ROOM with all four numbers. */
export function requireRoom(root: string, expects: Room): void {
  const { bavail, bsize, ffree, files } = statfsSync(root);
  const free = bavail * bsize;
  // btrfs and its like make inodes as they need them, and count none.
  const freeFiles = files === 0 ? Number.MAX_SAFE_INTEGER : ffree;
  if (free >= expects.bytes && freeFiles >= expects.files) return;
  throw vaultErrors.VAULT_NO_ROOM({
    path: root,
    free: formatSize(free),
    freeFiles,
    needed: formatSize(expects.bytes),
    neededFiles: expects.files,
  });
}
