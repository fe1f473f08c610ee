/** Giving an open file or folder the attributes that a snapshot has of it. */
import { systemCode } from '../../../base/errors.ts';
import {
  changeMode,
  changeOwner,
  getXattr,
  listXattrs,
  removeXattr,
  setTimes,
  setXattr,
  type XattrPlace,
} from '../../../base/libc.ts';
import type { Node } from '../../../model/node.ts';
import type { Owners, Ownership } from './host.ts';

/** As it crosses to a worker: a Buffer arrives there as plain bytes. */
export interface WantedXattr {
  readonly name: string;
  readonly value: Uint8Array;
}

export interface Attributes {
  /** undefined: it can't be set here, and stays that of who restores */
  readonly owner: Ownership | undefined;
  readonly mode: number;
  readonly mtime: bigint;
  readonly xattrs: readonly WantedXattr[];
}

/** What a file has that was just made. */
export interface Present extends Ownership {
  readonly mode: number;
  /** it has inherited no extended attributes */
  readonly bare: boolean;
}

/** What a node is to get here. */
export function attributesOf(node: Node, owners: Owners): Attributes {
  return {
    owner: owners.settable ? owners.of(node) : undefined,
    mode: owners.modeOf(node),
    mtime: node.mtime,
    xattrs: node.xattrs,
  };
}

/**
 * Sets everything, and returns what could not be set, in the system's words. The order matters: a change of owner
 * takes setuid bits and capabilities away, an ACL is written over the mode, and times come last. `present` is what a
 * new file is known to have.
 */
export function setAttributes(descriptor: number, wanted: Attributes, present?: Present): string[] {
  const unset: string[] = [];
  if (wanted.owner !== undefined && !isSame(wanted.owner, present)) {
    const { uid, gid } = wanted.owner;
    attempt(unset, () => changeOwner(descriptor, uid, gid));
  }
  if (wanted.mode !== present?.mode) attempt(unset, () => changeMode(descriptor, wanted.mode));
  if (present?.bare !== true || wanted.xattrs.length > 0) setXattrs(descriptor, wanted.xattrs, unset);
  attempt(unset, () => setTimes(descriptor, wanted.mtime));
  return unset;
}

function isSame(wanted: Ownership, present: Ownership | undefined): boolean {
  return wanted.uid === present?.uid && wanted.gid === present.gid;
}

/** Makes the attributes those that are wanted: others, such as an ACL inherited from the folder, are removed. */
export function setXattrs(place: XattrPlace, wanted: readonly WantedXattr[], unset: string[]): void {
  let present: string[] = [];
  attempt(unset, () => {
    present = listXattrs(place);
  });
  for (const name of present) {
    if (!wanted.some((xattr) => xattr.name === name)) attempt(unset, () => removeXattr(place, name));
  }
  for (const { name, value } of wanted) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    attempt(unset, () => {
      const same = present.includes(name) && getXattr(place, name)?.equals(bytes) === true;
      if (!same) setXattr(place, name, bytes);
    });
  }
}

/** A disk that can't be written at all is nothing that concerns one attribute. */
function attempt(unset: string[], set: () => void): void {
  try {
    set();
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined || code === 'EROFS' || code === 'EDQUOT') throw error;
    unset.push((error as Error).message);
  }
}
