/**
 * Packing a content with gzip on its way to the disk, and back. The work is done in zlib's own threads, and what is
 * under way at a time is bounded, however large the content is.
 */
import { createHash } from 'node:crypto';
import { readSync, writeSync } from 'node:fs';
import type { Transform, TransformOptions } from 'node:stream';
import { createGunzip, createGzip, type ZlibOptions } from 'node:zlib';
import { systemCode } from '../../base/errors.ts';

/**
 * The fastest, because a database holds its transaction open until its dump has ended. `script/bench packing` on 2 cores:
 * level 1 leaves 28 % of a dump at 142 MB/s, level 3 leaves 25 % at 78 MB/s, level 6 leaves 22 % at 29 MB/s.
 */
const LEVEL = 1;
const CHUNK = 64 * 1024;
/** How much may wait for zlib, and in what pieces it answers. */
const buffers: ZlibOptions & TransformOptions = { highWaterMark: 1024 * 1024, chunkSize: CHUNK };

/** How much went by, and its SHA-256. */
export class Tally {
  readonly #hash = createHash('sha256');
  size = 0;

  add(part: Uint8Array): void {
    this.#hash.update(part);
    this.size += part.length;
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}

/** Writes the content packed to the end of an open file. Tells what went in and what came out. */
export async function pack(
  content: AsyncIterable<Uint8Array>,
  file: number,
): Promise<{ readonly content: Tally; readonly stored: Tally }> {
  const [taken, stored] = [new Tally(), new Tally()];
  // Its header has no time and no name: the same content gives the same bytes, at least with the same zlib.
  const gzip = createGzip({ level: LEVEL, ...buffers });
  let failure: { readonly error: unknown } | undefined;
  const written = writeAll(gzip, file, stored).catch((error: unknown) => {
    failure ??= { error };
  });
  try {
    for await (const part of content) {
      taken.add(part);
      if (!gzip.write(part)) await drained(gzip);
      if (failure !== undefined) break;
    }
    gzip.end();
    await written;
  } finally {
    gzip.destroy();
    await written;
  }
  if (failure !== undefined) throw failure.error;
  return { content: taken, stored };
}

async function writeAll(packed: AsyncIterable<Uint8Array>, file: number, tally: Tally): Promise<void> {
  for await (const part of packed) {
    tally.add(part);
    writeFully(file, part);
  }
}

/** Appends to an open file. */
export function writeFully(file: number, part: Uint8Array): void {
  for (let written = 0; written < part.length; ) written += writeSync(file, part, written);
}

/** What lies in a file isn't what should be there: cut short, damaged, or something else. */
export class Unpackable extends Error {}

/**
 * Unpacks what was packed; `stored` takes in what is read of it. Throws Unpackable when that is damaged
 * or makes more or less than `size` bytes: of a file that unpacks to endless zeros no more than those are made.
 */
export async function* unpack(
  packed: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: { size: number; stored: Tally; signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const { size, stored, signal } = options;
  const gunzip = createGunzip(buffers);
  // It comes out of the iteration below as well.
  gunzip.on('error', () => {});
  const fed = feed(packed, gunzip, stored).catch((error: unknown) => {
    gunzip.destroy(error as Error);
  });
  try {
    let left = size;
    for await (const part of gunzip as AsyncIterable<Uint8Array>) {
      signal.throwIfAborted();
      left -= part.length;
      if (left < 0) throw new Unpackable(`it holds more than ${size} bytes`);
      yield part;
    }
    await fed;
    if (left > 0) throw new Unpackable(`it holds ${size - left} bytes in place of ${size}`);
  } catch (error) {
    if (systemCode(error)?.startsWith('Z_') !== true) throw error;
    throw new Unpackable((error as Error).message, { cause: error });
  } finally {
    gunzip.destroy();
    await fed;
  }
}

/** The bytes of an open file from where it stands, in pieces. */
export function* partsOf(file: number): Generator<Uint8Array> {
  for (;;) {
    const part = Buffer.allocUnsafe(CHUNK);
    const read = readSync(file, part, 0, part.length, null);
    if (read === 0) return;
    yield part.subarray(0, read);
  }
}

async function feed(
  packed: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  gunzip: Transform,
  stored: Tally,
): Promise<void> {
  for await (const part of packed) {
    if (gunzip.destroyed) return;
    stored.add(part);
    if (!gunzip.write(part)) await drained(gunzip);
  }
  gunzip.end();
}

/** Resolves when it takes more, or never will. */
async function drained(stream: Transform): Promise<void> {
  if (stream.closed) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
  });
}
