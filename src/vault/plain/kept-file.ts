/**
 * Writing a file that another snapshot has: its content from where it lies as plain bytes, or from parts that come one by
 * one; its attributes as they are listed, because a stored tree may keep less of them.
 */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, constants, ftruncateSync, writeSync } from 'node:fs';
import { systemCode } from '../../base/errors.ts';
import { openAt, statusOf, unlinkAt } from '../../base/libc.ts';
import type { Hole, Xattr } from '../../model/node.ts';
import { type CopyTools, copyContent, dress, reading, reasonOf, SourceError } from './file-copy.ts';
import type { EntryPlace, ItemResult, Keeps, KeptAttributes, KeptItem, Written } from './file-jobs.ts';

/** A run of so many zero bytes, at a multiple of it, becomes a hole where nobody knows what was one. */
const HOLE = 64 * 1024;
const zeros = Buffer.alloc(HOLE);

export function writeKept({ from, bytes, to, attributes }: KeptItem, tools: CopyTools): ItemResult {
  if (from !== undefined) return copyKept(from, to, attributes, tools);
  const file = new KeptFileWriter(to, attributes.holes);
  try {
    file.add(bytes);
    tools.advance(0);
    return file.finish(attributes, tools.keeps);
  } finally {
    file.close();
  }
}

function copyKept(
  from: EntryPlace,
  to: EntryPlace,
  attributes: KeptAttributes,
  tools: CopyTools,
): ItemResult {
  let source: number;
  try {
    source = openAt(from.directory, from.name, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return systemCode(error) === 'ENOENT'
      ? { kind: 'vanished' }
      : { kind: 'unreadable', reason: reasonOf(error) };
  }
  let kept = false;
  let copy: number | undefined;
  try {
    const status = reading(() => statusOf(source));
    if (status.type !== 'file') return { kind: 'unreadable', reason: `is now a ${status.type}` };
    copy = create(to);
    const { size, sha256, holes } = copyContent(source, copy, status, tools);
    const refused = dress(copy, attributes, xattrsOf(attributes), tools.keeps);
    kept = true;
    return {
      kind: 'written',
      size,
      sha256,
      holes: attributes.holes.length > 0 ? attributes.holes : holes,
      refused,
    };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return { kind: 'unreadable', reason: reasonOf(error) };
  } finally {
    closeSync(source);
    if (copy !== undefined) closeSync(copy);
    if (copy !== undefined && !kept) unlinkAt(to.directory, to.name);
  }
}

/** A file that is written from its beginning to its end, but for its holes. */
export class KeptFileWriter {
  readonly #to: EntryPlace;
  readonly #file: number;
  readonly #hash: Hash = createHash('sha256');
  /** the holes that are known, the next one last; undefined where zeros have to tell */
  readonly #known: Hole[] | undefined;
  readonly #holes: Hole[] = [];
  #size = 0;
  /** where what was written ends */
  #written = 0;
  #finished = false;

  constructor(to: EntryPlace, holes: readonly Hole[]) {
    this.#to = to;
    this.#known = holes.length === 0 ? undefined : holes.toReversed();
    this.#holes.push(...holes);
    this.#file = create(to);
  }

  add(part: Uint8Array): void {
    this.#hash.update(part);
    if (this.#known === undefined) this.#addSparse(part);
    else this.#addAround(part, this.#known);
    this.#size += part.length;
  }

  finish(attributes: KeptAttributes, keeps: Keeps): Written {
    // Only what ends in a hole is shorter so far than it should be.
    if (this.#written < this.#size) ftruncateSync(this.#file, this.#size);
    const refused = dress(this.#file, attributes, xattrsOf(attributes), keeps);
    this.#finished = true;
    const sha256 = this.#hash.digest('hex');
    return { kind: 'written', size: this.#size, sha256, holes: this.#holes, refused };
  }

  /** What was not finished goes. */
  close(): void {
    closeSync(this.#file);
    if (!this.#finished) unlinkAt(this.#to.directory, this.#to.name);
  }

  #addAround(part: Uint8Array, known: Hole[]): void {
    const [start, end] = [this.#size, this.#size + part.length];
    let at = start;
    for (let hole = known.at(-1); hole !== undefined && hole.offset < end; hole = known.at(-1)) {
      this.#write(part.subarray(at - start, Math.max(at, hole.offset) - start), at);
      const after = hole.offset + hole.length;
      at = Math.max(at, Math.min(after, end));
      if (after > end) return;
      known.pop();
    }
    this.#write(part.subarray(at - start), at);
  }

  #addSparse(part: Uint8Array): void {
    const start = this.#size;
    let written = 0;
    const first = (HOLE - (start % HOLE)) % HOLE;
    for (let at = first; at + HOLE <= part.length; at += HOLE) {
      // The first byte mostly tells already.
      if (part[at] !== 0 || zeros.compare(part, at, at + HOLE) !== 0) continue;
      this.#write(part.subarray(written, at), start + written);
      written = at + HOLE;
      const last = this.#holes.at(-1);
      if (last !== undefined && last.offset + last.length === start + at) {
        this.#holes[this.#holes.length - 1] = { offset: last.offset, length: last.length + HOLE };
      } else {
        this.#holes.push({ offset: start + at, length: HOLE });
      }
    }
    this.#write(part.subarray(written), start + written);
  }

  #write(bytes: Uint8Array, position: number): void {
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(this.#file, bytes, written, bytes.length - written, position + written);
    }
    if (bytes.length > 0) this.#written = position + bytes.length;
  }
}

function create({ directory, name }: EntryPlace): number {
  return openAt(directory, name, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
}

/** A Buffer that came from another thread is a mere Uint8Array. */
function xattrsOf({ xattrs }: KeptAttributes): readonly Xattr[] {
  return xattrs.map(({ name, value }) => ({ name, value: Buffer.from(value) }));
}
