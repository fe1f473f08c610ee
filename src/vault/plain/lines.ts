/** Lines of a file that may be larger than memory, read with synchronous calls and bounded in length. */
import type { Hash } from 'node:crypto';
import { closeSync, readSync } from 'node:fs';

/** No node needs more: the longest is a file with many holes or large extended attributes. */
const LONGEST = 64 * 1024 * 1024;
const CHUNK = 256 * 1024;
const NEWLINE = 0x0a;

export class Lines {
  readonly #descriptor: number;
  #buffer = Buffer.alloc(CHUNK);
  #start = 0;
  #end = 0;
  #position = 0;
  #finished = false;
  readonly #hash: Hash | undefined;
  /** up to where the buffer is hashed, and where the line begins that was given last */
  #hashed = 0;
  #last = 0;

  /** Takes over an open file. With a hash it takes in every line that was given, newlines included. */
  constructor(descriptor: number, hash?: Hash) {
    this.#descriptor = descriptor;
    this.#hash = hash;
  }

  /** The next line without its newline; undefined at the end. A last line that isn't ended is no line. */
  next(encoding: 'utf8' | 'latin1' = 'utf8'): string | undefined {
    let from = this.#start;
    while (true) {
      const newline = this.#buffer.indexOf(NEWLINE, from);
      // Behind the end lies what an earlier filling has left.
      if (newline >= 0 && newline < this.#end) {
        this.#last = this.#start;
        this.#start = newline + 1;
        return this.#buffer.toString(encoding, this.#last, newline);
      }
      from = this.#end - this.#start;
      if (this.#finished || !this.#fill()) return undefined;
    }
  }

  /** Brings the hash up to the line that was given last, which it leaves out. */
  hashBeforeLast(): void {
    this.#hashTo(this.#last);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** In pieces as large as the buffer: one call for each line would cost more than the hashing. */
  #hashTo(end: number): void {
    this.#hash?.update(this.#buffer.subarray(this.#hashed, end));
    this.#hashed = end;
  }

  /** Moves what is left to the front and reads more behind it. */
  #fill(): boolean {
    this.#hashTo(this.#start);
    const left = this.#end - this.#start;
    if (left >= LONGEST) throw new SyntaxError('a line is too long');
    if (this.#buffer.length - left < CHUNK / 2) {
      const larger = Buffer.alloc(this.#buffer.length * 2);
      this.#buffer.copy(larger, 0, this.#start, this.#end);
      this.#buffer = larger;
    } else {
      this.#buffer.copyWithin(0, this.#start, this.#end);
    }
    this.#start = 0;
    this.#hashed = 0;
    const read = readSync(this.#descriptor, this.#buffer, left, this.#buffer.length - left, this.#position);
    this.#position += read;
    this.#end = left + read;
    this.#finished = read === 0;
    return read > 0;
  }
}
