/** What of an entry's attributes the stored tree keeps by itself. The manifest keeps them all. */
import { systemCode } from '../../base/errors.ts';
import { setXattr } from '../../base/libc.ts';
import type { Xattr } from '../../model/node.ts';
import type { Keeps } from './file-jobs.ts';

/** Extended attributes that a plain copy should have; others, such as SELinux labels, belong to their host. */
export const keepable: readonly string[] = ['user.', 'system.posix_acl_', 'security.capability'];

/**
 * Root keeps every mode. Anybody else must be able to read his own copies again and to remove them one day; the
 * manifest keeps what the mode was.
 */
export function storedMode(mode: number, type: 'file' | 'dir', keeps: Keeps): number {
  if (keeps.owners) return mode;
  return mode | (type === 'dir' ? 0o700 : 0o400);
}

export function isKept(name: string, keeps: Keeps): boolean {
  return keeps.xattrs.some((beginning) => name.startsWith(beginning));
}

/** Sets those that the tree keeps, and returns the names of those that were refused all the same. */
export function setKeptXattrs(descriptor: number, xattrs: readonly Xattr[], keeps: Keeps): string[] {
  return xattrs
    .filter(({ name, value }) => isKept(name, keeps) && !trySet(descriptor, name, value))
    .map(({ name }) => name);
}

function trySet(descriptor: number, name: string, value: Buffer): boolean {
  try {
    setXattr(descriptor, name, value);
    return true;
  } catch (error) {
    // ext4 says ENOSPC and E2BIG of a value that is larger than it takes.
    if (
      ['ENOTSUP', 'EPERM', 'EACCES', 'EINVAL', 'ENOSPC', 'E2BIG', 'ERANGE'].includes(systemCode(error) ?? '')
    )
      return false;
    throw error;
  }
}
