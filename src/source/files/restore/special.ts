/** Making what is neither file nor folder, and further names of files. */
import { chmodSync, closeSync } from 'node:fs';
import {
  changeOwner,
  linkAt,
  makeNodeAt,
  openAt,
  setTimesAt,
  statusAt,
  statusOf,
  symlinkAt,
} from '../../../base/libc.ts';
import type { RawName } from '../../../base/raw-path.ts';
import type { Node } from '../../../model/node.ts';
import { type Attributes, setXattrs } from './attributes.ts';
import type { EntryPlace } from './destination.ts';
import { identityOf } from './surplus.ts';
import { removeTemporary } from './write.ts';

const O_PATH = 0o10000000;

/** Makes a symlink, FIFO, socket or device with its attributes. Returns what could not be set. */
export function makeSpecial(directory: number, name: RawName, node: Node, wanted: Attributes): string[] {
  if (node.type === 'symlink') symlinkAt(node.target ?? ('' as RawName), directory, name);
  else makeNodeAt(directory, name, node.type, 0o600, node.rdev);
  try {
    return setSpecialAttributes({ directory, name }, node, wanted);
  } catch (error) {
    removeTemporary(directory, name);
    throw error;
  }
}

/**
 * Opening a device could set it in motion; a descriptor that only names it can't. It also holds on to what was looked
 * at, so that nobody's hard link in its place is given away.
 */
function setSpecialAttributes(place: EntryPlace, node: Node, wanted: Attributes): string[] {
  const unset: string[] = [];
  const entry = openAt(place.directory, place.name, O_PATH);
  try {
    const status = statusOf(entry);
    if (status.type !== node.type || status.links !== 1) throw replacedError(place.name);
    if (wanted.owner !== undefined) changeOwner(entry, wanted.owner.uid, wanted.owner.gid);
    if (node.type !== 'symlink') chmodSync(`/proc/self/fd/${entry}`, wanted.mode);
    setXattrs(place, wanted.xattrs, unset);
    setTimesAt(place.directory, place.name, wanted.mtime);
    return unset;
  } finally {
    closeSync(entry);
  }
}

/** Gives a restored file another name. Throws when the first name is no longer the file that was restored. */
export function makeLink(from: EntryPlace, directory: number, name: RawName, identity: string): void {
  linkAt(from.directory, from.name, directory, name);
  if (identityOf(statusAt(directory, name)) === identity) return;
  removeTemporary(directory, name);
  throw replacedError(from.name);
}

/** A neighbour was quicker; to the entry this is like any other refusal of the system. */
function replacedError(name: RawName): Error {
  return Object.assign(new Error(`ESTALE: '${name}' was replaced by another entry`), { code: 'ESTALE' });
}
