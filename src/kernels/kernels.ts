/**
 * The face of the room: the two loops of restic's format that Node.js has no fast code for, in WebAssembly.
 *
 * A Kernels belongs to one thread. Its memory holds a buffer of the caller's, in which data is read and sealed without
 * being copied.
 */
import { kernels } from './module.ts';

/** The types of Node.js leave this out, and those of browsers bring too much. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  heapStart(): number;
  usePolynomial(polynomial: bigint): void;
  findCut(start: number, end: number): number;
  begin(key: number): void;
  update(from: number, length: number): void;
  finish(from: number, length: number, tag: number): void;
}

/** Sizes of chunks in restic's format. */
export const MIN_CHUNK = 512 * 1024;
export const MAX_CHUNK = 8 * 1024 * 1024;

const WINDOW = 64;
const PAGE = 65_536;
const KEY = 32;
const TAG = 16;
/** Data that lies elsewhere is taken in by so many bytes at a time. */
const SCRATCH = 256 * 1024;

export class Kernels {
  /** For the caller; it lies in the kernels' own memory. */
  readonly buffer: Buffer;
  readonly #exports: Exports;
  readonly #bytes: Buffer;
  readonly #key: number;
  readonly #scratch: number;

  /** `size` is that of the buffer, in bytes. */
  constructor(size: number) {
    const module = new WebAssembly.Module(Buffer.from(kernels, 'base64'));
    this.#exports = new WebAssembly.Instance(module).exports as Exports;
    const { memory } = this.#exports;
    this.#key = this.#exports.heapStart();
    this.#scratch = this.#key + KEY + TAG;
    const start = this.#scratch + SCRATCH;
    memory.grow(Math.ceil((start + size) / PAGE) - memory.buffer.byteLength / PAGE);
    this.#bytes = Buffer.from(memory.buffer);
    this.buffer = this.#bytes.subarray(start, start + size);
  }

  /** The polynomial that later cuts are made by; one of degree 53, as the repository's config has it. */
  usePolynomial(polynomial: bigint): void {
    this.#exports.usePolynomial(polynomial);
  }

  /**
   * The length of the chunk that begins at `start` of the buffer, of which data lies there up to `end`; undefined when its
   * end is not among them. `looked` is how far an earlier call for the same chunk has seen.
   */
  cut(start: number, end: number, looked = start): number | undefined {
    const base = this.buffer.byteOffset;
    // The first place for a cut is behind MIN_CHUNK bytes, so the first byte that may complete it is the one before.
    const from = Math.max(start + MIN_CHUNK - 1, looked);
    const to = Math.min(end, start + MAX_CHUNK);
    if (from < to) {
      const found = this.#exports.findCut(base + from, base + to);
      if (found !== 0) return found - base - start;
    }
    return to === start + MAX_CHUNK ? MAX_CHUNK : undefined;
  }

  /** The 16 bytes of Poly1305 over `data` with a one-time key of 32 bytes. */
  poly1305(key: Uint8Array, data: Uint8Array): Buffer {
    const { begin, update, finish } = this.#exports;
    this.#bytes.set(key, this.#key);
    begin(this.#key);
    const tag = this.#key + KEY;
    const tail = data.length % TAG;
    if (data.buffer === this.#bytes.buffer) {
      update(data.byteOffset, data.length - tail);
      finish(data.byteOffset + data.length - tail, tail, tag);
    } else {
      for (let at = 0; at < data.length - tail; ) {
        const part = data.subarray(at, Math.min(at + SCRATCH, data.length - tail));
        this.#bytes.set(part, this.#scratch);
        update(this.#scratch, part.length);
        at += part.length;
      }
      this.#bytes.set(data.subarray(data.length - tail), this.#scratch);
      finish(this.#scratch, tail, tag);
    }
    return Buffer.from(this.#bytes.subarray(tag, tag + TAG));
  }
}

/** How far before a place the bytes still count for a cut there. */
export const LOOKS_BACK = WINDOW;
