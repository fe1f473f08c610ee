/** Hashing open files with synchronous calls: in a worker thread, or in the main one when there are few. */
import { createHash, hash } from 'node:crypto';
import { readSync } from 'node:fs';
import { systemCode } from '../../../base/errors.ts';

const CHUNK = 1_048_576;

export class ContentHasher {
  readonly #buffer = Buffer.allocUnsafe(CHUNK);
  readonly #cancelled: () => boolean;

  constructor(cancelled: () => boolean) {
    this.#cancelled = cancelled;
  }

  /** The SHA-256 of each, '' for one that can't be read. After cancellation the rest is not read any more. */
  hashAll(files: Int32Array): string[] {
    return Array.from(files, (file) => (this.#cancelled() ? '' : this.#hash(file)));
  }

  #hash(file: number): string {
    try {
      let bytes = readSync(file, this.#buffer, 0, CHUNK, null);
      if (bytes < CHUNK) {
        const next = readSync(file, this.#buffer, bytes, CHUNK - bytes, null);
        if (next === 0) return hash('sha256', this.#buffer.subarray(0, bytes), 'hex');
        bytes += next;
      }
      const digest = createHash('sha256');
      while (bytes > 0) {
        if (this.#cancelled()) return '';
        digest.update(this.#buffer.subarray(0, bytes));
        bytes = readSync(file, this.#buffer, 0, CHUNK, null);
      }
      return digest.digest('hex');
    } catch (error) {
      if (systemCode(error) === 'EIO') return '';
      throw error;
    }
  }
}
