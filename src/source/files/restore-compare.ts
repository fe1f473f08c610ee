/** Whether what lies at a place is what the snapshot has, and if not, in what it differs. */
import { createHash, hash } from 'node:crypto';
import { closeSync, constants, readSync } from 'node:fs';
import { breathe } from '../../base/abort.ts';
import { systemCode } from '../../base/errors.ts';
import {
  getXattr,
  listXattrs,
  openAt,
  readLinkAt,
  type Status,
  statusOf,
  type XattrPlace,
} from '../../base/libc.ts';
import type { Node, Xattr } from '../../model/node.ts';
import { bitOf } from './restore-decisions.ts';
import type { EntryPlace } from './restore-destination.ts';
import type { Owners } from './restore-host.ts';

const CHUNK = 1_048_576;
/** How much is hashed before the event loop runs again. */
const BREATH = 16 * CHUNK;

export class Comparison {
  readonly #owners: Owners;
  readonly #signal: AbortSignal;
  readonly #buffer = Buffer.allocUnsafe(CHUNK);
  #sinceBreath = 0;

  constructor(owners: Owners, signal: AbortSignal) {
    this.#owners = owners;
    this.#signal = signal;
  }

  /** The bits of what differs. Content is read only where inode and ctime don't show that nobody touched it. */
  async differences(node: Node, live: Status, place: EntryPlace): Promise<number> {
    if (node.type !== live.type) return bitOf('type');
    return this.#attributes(node, live, place) | (await this.#substance(node, live, place));
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

  async #substance(node: Node, live: Status, place: EntryPlace): Promise<number> {
    switch (node.type) {
      case 'file':
        return (await this.#sameContent(node, live, place)) ? 0 : bitOf('content');
      case 'symlink':
        return readLinkAt(place.directory, place.name) === node.target ? 0 : bitOf('target');
      case 'dev':
      case 'chardev':
        return live.rdev === node.rdev ? 0 : bitOf('target');
      default:
        return 0;
    }
  }

  async #sameContent(node: Node, live: Status, place: EntryPlace): Promise<boolean> {
    if (live.size !== node.size) return false;
    // The kernel sets the ctime at every change and lets nobody choose it.
    if (live.inode === node.inode && live.ctime === node.ctime) return true;
    if (node.sha256 === undefined) return false;
    return (await this.#hashOf(place, live)) === node.sha256;
  }

  /** undefined for a file that can't be read or is another one meanwhile: it is then written anew. */
  async #hashOf(place: EntryPlace, expected: Status): Promise<string | undefined> {
    let file: number;
    try {
      file = openAt(place.directory, place.name, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      if (systemCode(error) !== undefined) return undefined;
      throw error;
    }
    try {
      const status = statusOf(file);
      if (status.type !== 'file' || status.inode !== expected.inode) return undefined;
      return await this.#hashOfOpen(file, status.size);
    } catch (error) {
      if (systemCode(error) === 'EIO') return undefined;
      throw error;
    } finally {
      closeSync(file);
    }
  }

  async #hashOfOpen(file: number, size: number): Promise<string> {
    if (size <= CHUNK) {
      const bytes = readSync(file, this.#buffer, 0, CHUNK, 0);
      await this.#account(bytes);
      return hash('sha256', this.#buffer.subarray(0, bytes), 'hex');
    }
    const digest = createHash('sha256');
    for (;;) {
      const bytes = readSync(file, this.#buffer, 0, CHUNK, null);
      if (bytes === 0) return digest.digest('hex');
      digest.update(this.#buffer.subarray(0, bytes));
      await this.#account(bytes);
    }
  }

  async #account(bytes: number): Promise<void> {
    this.#sinceBreath += bytes + 4_096;
    if (this.#sinceBreath < BREATH) return;
    this.#sinceBreath = 0;
    await breathe(this.#signal);
  }
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
