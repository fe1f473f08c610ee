/**
 * Writing files with synchronous calls: in a worker thread, or in the main one when there are few. A file appears
 * under its name when it is whole, has the right hash and all its attributes; until then it has a temporary one.
 */
import { createHash, hash } from 'node:crypto';
import { closeSync, constants, ftruncateSync, readSync, writeSync } from 'node:fs';
import { systemCode } from '../../../base/errors.ts';
import { openAt, renameAt, statusOf, unlinkAt } from '../../../base/libc.ts';
import type { RawName } from '../../../base/raw-path.ts';
import type { Hole } from '../../../model/node.ts';
import { type Attributes, setAttributes } from './attributes.ts';
import type { EntryPlace } from './destination.ts';

/** A file to be made. */
export interface FileTarget {
  readonly to: EntryPlace;
  readonly temporary: RawName;
  readonly size: number;
  readonly attributes: Attributes;
  /** false: the file stays under its temporary name, for who has to clear its place first */
  readonly publish: boolean;
  /** it lies in a folder that this restore made for itself alone, where a new entry inherits nothing */
  readonly bare: boolean;
}

/** One whose content lies in a file of the vault. */
export interface FileTask extends FileTarget {
  readonly from: EntryPlace;
  readonly sha256: string;
  readonly holes: readonly Hole[];
}

/** One whose content is here, and known to be what the snapshot has. */
export interface BytesTask extends FileTarget {
  readonly bytes: Uint8Array;
}

/** Some bytes of a content, for a file that is open. */
export interface PartTask {
  readonly file: number;
  readonly position: number;
  readonly bytes: Uint8Array;
}

export type FileResult =
  | {
      readonly kind: 'written';
      readonly inode: bigint;
      readonly device: bigint;
      readonly unset: readonly string[];
    }
  /** `vault`: its copy can't be read or isn't what was stored */
  | {
      readonly kind: 'failed';
      readonly where: 'vault' | 'destination';
      readonly code: string;
      readonly reason: string;
    }
  | { readonly kind: 'cancelled' };

/** What went wrong with a part; undefined when it is written. */
export type PartResult = Exclude<FileResult, { readonly kind: 'written' }> | undefined;

export const CHUNK = 1_048_576;
/** the code of a vault's copy that isn't what was stored, beside those of the system */
export const DAMAGED = 'DAMAGED';
const zeros = Buffer.alloc(CHUNK);
const CREATE_NEW = constants.O_CREAT | constants.O_EXCL | constants.O_RDWR;

/** A vault's copy that can't be what was stored. */
class Damaged extends Error {}
/** A vault's copy that the system can't read. */
class Unreadable extends Error {}
class Stopped extends Error {}

export class FileWriter {
  readonly #buffer = Buffer.allocUnsafe(CHUNK + 1);
  readonly #cancelled: () => boolean;

  constructor(cancelled: () => boolean) {
    this.#cancelled = cancelled;
  }

  write(task: FileTask): FileResult {
    if (this.#cancelled()) return { kind: 'cancelled' };
    let from: number | undefined;
    try {
      from = openAt(task.from.directory, task.from.name, constants.O_RDONLY | constants.O_NONBLOCK);
      return this.#writeFrom(from, task);
    } catch (error) {
      return failed('vault', error);
    } finally {
      if (from !== undefined) closeSync(from);
    }
  }

  #writeFrom(from: number, task: FileTask): FileResult {
    const small = task.size <= CHUNK && task.holes.length === 0;
    if (small) this.#readWhole(from, task);
    else checkSize(from, task.size);
    return this.#make(task, (to) => {
      if (small) writeFully(to, this.#buffer, task.size, 0);
      else this.#copy(from, to, task);
    });
  }

  writeBytes(task: BytesTask): FileResult {
    if (this.#cancelled()) return { kind: 'cancelled' };
    return this.#make(task, (to) => {
      // The file's end may be a hole.
      if (writeButZeros(to, task.bytes, 0) < task.size) ftruncateSync(to, task.size);
    });
  }

  writePart({ file, position, bytes }: PartTask): PartResult {
    if (this.#cancelled()) return { kind: 'cancelled' };
    try {
      writeButZeros(file, bytes, position);
      return undefined;
    } catch (error) {
      return failed('destination', error);
    }
  }

  /** Makes a file under its temporary name, has it filled, and gives it attributes and its name. */
  #make(task: FileTarget, fill: (to: number) => void): FileResult {
    let to: number;
    try {
      const mode = task.bare ? task.attributes.mode & 0o777 : 0o600;
      to = openAt(task.to.directory, task.temporary, CREATE_NEW, mode);
    } catch (error) {
      return failed('destination', error);
    }
    let kept = false;
    try {
      const status = statusOf(to);
      fill(to);
      const unset = setAttributes(to, task.attributes, { ...status, bare: task.bare });
      if (this.#cancelled()) throw new Stopped();
      if (task.publish) renameAt(task.to.directory, task.temporary, task.to.directory, task.to.name);
      kept = true;
      return { kind: 'written', inode: status.inode, device: status.device, unset };
    } catch (error) {
      if (error instanceof Stopped) return { kind: 'cancelled' };
      return failed('destination', error);
    } finally {
      closeSync(to);
      if (!kept) removeTemporary(task.to.directory, task.temporary);
    }
  }

  /** Small files are known to be sound before anything is written. Nothing but the right file has the right hash. */
  #readWhole(from: number, task: FileTask): void {
    const bytes = readFrom(from, this.#buffer, 0, task.size + 1, 0);
    if (bytes > task.size) throw new Damaged(`it has more than ${task.size} bytes`);
    if (bytes < task.size) readFully(from, this.#buffer, task.size, 0);
    checkHash(hash('sha256', this.#buffer.subarray(0, task.size), 'hex'), task.sha256);
  }

  #copy(from: number, to: number, task: FileTask): void {
    const digest = createHash('sha256');
    for (const { offset, length, hole } of rangesOf(task.size, task.holes)) {
      for (let done = 0; done < length; ) {
        if (this.#cancelled()) throw new Stopped();
        const part = Math.min(CHUNK, length - done);
        if (hole) {
          digest.update(zeros.subarray(0, part));
        } else {
          readFully(from, this.#buffer, part, offset + done);
          digest.update(this.#buffer.subarray(0, part));
          writeFully(to, this.#buffer, part, offset + done);
        }
        done += part;
      }
    }
    ftruncateSync(to, task.size);
    checkHash(digest.digest('hex'), task.sha256);
  }
}

export interface Range {
  readonly offset: number;
  readonly length: number;
  readonly hole: boolean;
}

/** Cuts a file into data and holes, in order. Ranges that overlap, go backwards or leave the file are no holes. */
export function* rangesOf(size: number, holes: readonly Hole[]): Generator<Range> {
  let at = 0;
  for (const { offset, length } of holes) {
    if (offset < at || length <= 0 || offset + length > size) continue;
    if (offset > at) yield { offset: at, length: offset - at, hole: false };
    yield { offset, length, hole: true };
    at = offset + length;
  }
  if (at < size) yield { offset: at, length: size - at, hole: false };
}

function checkSize(from: number, expected: number): void {
  const { type, size } = statusOf(from);
  if (type !== 'file') throw new Damaged('it is not a file');
  if (size !== expected) throw new Damaged(`it has ${size} bytes, not ${expected}`);
}

function readFully(from: number, buffer: Buffer, size: number, position: number): void {
  for (let done = 0; done < size; ) {
    const bytes = readFrom(from, buffer, done, size - done, position + done);
    if (bytes === 0) throw new Damaged('it ends too early');
    done += bytes;
  }
}

/** An error of the medium is one of the vault's copy, though it is met in the midst of writing. */
function readFrom(from: number, buffer: Buffer, offset: number, length: number, position: number): number {
  try {
    return readSync(from, buffer, offset, length, position);
  } catch (error) {
    throw new Unreadable('unreadable', { cause: error });
  }
}

export function writeFully(to: number, bytes: Uint8Array, size: number, position: number): void {
  for (let done = 0; done < size; ) done += writeSync(to, bytes, done, size - done, position + done);
}

/** Zeros become holes by blocks of so many bytes; a run of fewer than two blocks may have none. */
const HOLE = 65_536;

/** Leaves out the blocks that are zeros. Returns where the last byte stands that was written, and 0 when there is none. */
export function writeButZeros(to: number, bytes: Uint8Array, position: number): number {
  let from = 0;
  let end = 0;
  const writeUntil = (until: number) => {
    if (from === until) return;
    writeFully(to, bytes.subarray(from, until), until - from, position + from);
    end = position + until;
  };
  for (let at = (HOLE - (position % HOLE)) % HOLE; at + HOLE <= bytes.length; at += HOLE) {
    if (bytes[at] !== 0 || zeros.compare(bytes, at, at + HOLE, 0, HOLE) !== 0) continue;
    writeUntil(at);
    from = at + HOLE;
  }
  writeUntil(bytes.length);
  return end;
}

function checkHash(found: string, expected: string): void {
  if (found !== expected) throw new Damaged(`its SHA-256 is ${found}, not ${expected}`);
}

/** It may be gone already: the folder is not ours alone. */
export function removeTemporary(directory: number, name: RawName): void {
  try {
    unlinkAt(directory, name);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
  }
}

function failed(where: 'vault' | 'destination', error: unknown): Exclude<FileResult, { kind: 'written' }> {
  if (error instanceof Damaged)
    return { kind: 'failed', where: 'vault', code: DAMAGED, reason: error.message };
  if (error instanceof Unreadable) return failed('vault', error.cause);
  const code = systemCode(error);
  if (code === undefined || !(error instanceof Error)) throw error;
  return { kind: 'failed', where, code, reason: error.message };
}
