/** What file systems differ in, as far as it concerns objects. */
import { statfsSync } from 'node:fs';
import { systemCode } from '../../base/errors.ts';
import { linkAt, renameAt, renameToFreeAt, statusAt, unlinkAt } from '../../base/libc.ts';
import type { OpenDirectory } from '../../base/open-directory.ts';
import type { RawName } from '../../base/raw-path.ts';
import type { Capabilities, Room } from '../storage.ts';
import type { Place } from './places.ts';

/** Their numbers in statfs(2) and linux/magic.h: FAT, exFAT, SMB of both generations, and whatever FUSE has behind it. */
const withoutLinks: ReadonlySet<number> = new Set([
  0x4d44, 0x2011_bab0, 0xff53_4d42, 0xfe53_4d42, 0x6573_5546,
]);
const FUSE = 0x6573_5546;

/** Disks gain nothing by more: a rotating one would only seek. */
const PARALLEL = 2;

export function capabilitiesOf(root: OpenDirectory): Capabilities {
  const { type } = statfsSync(pathOf(root));
  return {
    writeOnce: type === FUSE ? 'checked' : 'atomic',
    links: withoutLinks.has(type) ? 'none' : 'shared',
    parallel: PARALLEL,
  };
}

export function roomOf(root: OpenDirectory): Room {
  const { bavail, bsize, ffree, files } = statfsSync(pathOf(root));
  // btrfs and its like make inodes as they need them, and count none.
  return { bytes: bavail * bsize, ...(files === 0 ? {} : { objects: ffree }) };
}

/** Gives a file its final name if nobody has it, else EEXIST; in the best way that the file system has. */
export function renameToFree(from: Place, to: Place): void {
  const names = [from.folder.descriptor, from.name, to.folder.descriptor, to.name] as const;
  try {
    renameToFreeAt(...names);
  } catch (error) {
    if (!isUnsupported(error)) throw error;
    // Network file systems know hard links, which are never made over a name either.
    try {
      linkAt(...names);
      unlinkAt(from.folder.descriptor, from.name);
    } catch (linkError) {
      if (!isUnsupported(linkError) && systemCode(linkError) !== 'EPERM') throw linkError;
      if (isThere(to.folder, to.name)) throw Object.assign(new Error('EEXIST: rename'), { code: 'EEXIST' });
      renameAt(...names);
    }
  }
}

function isThere(folder: OpenDirectory, name: RawName): boolean {
  try {
    statusAt(folder.descriptor, name);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}

function isUnsupported(error: unknown): boolean {
  return ['EINVAL', 'ENOSYS', 'ENOTSUP'].includes(systemCode(error) ?? '');
}

/** The kernel's own link to an open directory: it means the same folder when something else is mounted over it. */
function pathOf({ descriptor }: OpenDirectory): string {
  return `/proc/self/fd/${descriptor}`;
}
