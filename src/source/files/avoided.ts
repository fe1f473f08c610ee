/** Directories that are left out wherever they are met: hikae's own, should they lie inside what it captures. */
import { statSync } from 'node:fs';
import { systemCode } from '../../base/errors.ts';

export interface Avoided {
  has(directory: { readonly device: bigint; readonly inode: bigint }): boolean;
}

/** By device and inode, so that another path to the same directory (a link, a bind mount) doesn't lead into it. */
export function readAvoided(paths: readonly string[]): Avoided {
  const found = new Set<string>();
  for (const path of paths) {
    try {
      const { dev, ino } = statSync(path, { bigint: true });
      found.add(`${dev}:${ino}`);
    } catch (error) {
      // What isn't there yet can't be met.
      if (systemCode(error) !== 'ENOENT' && systemCode(error) !== 'ENOTDIR') throw error;
    }
  }
  if (found.size === 0) return { has: () => false };
  return { has: ({ device, inode }) => found.has(`${device}:${inode}`) };
}
