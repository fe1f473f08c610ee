/** Whether what lies at a place is what the snapshot has, and if not, in what it differs. */
import { closeSync, constants } from 'node:fs';
import { systemCode } from '../../../base/errors.ts';
import {
  getXattr,
  listXattrs,
  openAt,
  readLinkAt,
  type Status,
  statusOf,
  type XattrPlace,
} from '../../../base/libc.ts';
import type { Node, Xattr } from '../../../model/node.ts';
import type { OpenContent } from './contents.ts';
import { bitOf } from './decisions.ts';
import type { EntryPlace } from './destination.ts';
import type { Owners } from './host.ts';

export interface Differences {
  /** the bits of what differs */
  readonly bits: number;
  /** what has to be read before it is known whether the content differs too; the caller closes it */
  readonly unread?: OpenContent;
}

export class Comparison {
  readonly #owners: Owners;

  constructor(owners: Owners) {
    this.#owners = owners;
  }

  differences(node: Node, live: Status, place: EntryPlace): Differences {
    if (node.type !== live.type) return { bits: bitOf('type') };
    const bits = this.#attributes(node, live, place);
    const substance = this.#substance(node, live, place);
    return typeof substance === 'number' ? { bits: bits | substance } : { bits, unread: substance };
  }

  #attributes(node: Node, live: Status, place: EntryPlace): number {
    let bits = 0;
    if (node.type !== 'symlink' && live.mode !== this.#owners.modeOf(node)) bits |= bitOf('mode');
    if (live.mtime !== node.mtime) bits |= bitOf('times');
    if (this.#owners.settable) {
      const owner = this.#owners.of(node);
      if (live.uid !== owner.uid || live.gid !== owner.gid) bits |= bitOf('owner');
    }
    const compares = (name: string) => this.#owners.comparesXattr(name);
    if (!sameXattrs(node.xattrs, place, compares)) bits |= bitOf('xattrs');
    return bits;
  }

  /** Content is to be read only where inode and ctime don't show that nobody touched it. */
  #substance(node: Node, live: Status, place: EntryPlace): number | OpenContent {
    switch (node.type) {
      case 'file':
        return contentOf(node, live, place);
      case 'symlink':
        return readLinkAt(place.directory, place.name) === node.target ? 0 : bitOf('target');
      case 'dev':
      case 'chardev':
        return live.rdev === node.rdev ? 0 : bitOf('target');
      default:
        return 0;
    }
  }
}

function contentOf(node: Node, live: Status, place: EntryPlace): number | OpenContent {
  if (live.size !== node.size) return bitOf('content');
  // The kernel sets the ctime at every change and lets nobody choose it.
  if (live.inode === node.inode && live.ctime === node.ctime) return 0;
  const file = node.sha256 === undefined ? undefined : openIfSame(place, live);
  if (file === undefined || node.sha256 === undefined) return bitOf('content');
  return { file, size: live.size, sha256: node.sha256 };
}

/** undefined for a file that can't be read or is another one meanwhile: it is then written anew. */
function openIfSame(place: EntryPlace, expected: Status): number | undefined {
  let file: number;
  try {
    file = openAt(place.directory, place.name, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (systemCode(error) !== undefined) return undefined;
    throw error;
  }
  const status = statusOf(file);
  if (status.type === 'file' && status.inode === expected.inode) return file;
  closeSync(file);
  return undefined;
}

function sameXattrs(
  wanted: readonly Xattr[],
  place: XattrPlace,
  compares: (name: string) => boolean,
): boolean {
  const expected = wanted.filter(({ name }) => compares(name));
  const names = listXattrs(place).filter(compares);
  if (names.length !== expected.length) return false;
  return expected.every(
    ({ name, value }) => names.includes(name) && getXattr(place, name)?.equals(value) === true,
  );
}
