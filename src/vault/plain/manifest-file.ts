/** A manifest as one file: put together of header, nodes and trailer, and looked at as a whole. */
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { systemCode } from '../../base/errors.ts';
import type { SnapshotHeader } from '../../model/snapshot.ts';
import { encodeHeader, encodeTrailer, parseTrailer } from './header-line.ts';

const CHUNK = 1024 * 1024;
const NEWLINE = 0x0a;

/** Writes it to `path` and returns the SHA-256 of the whole file, in hexadecimal. */
export function writeManifest(
  path: string,
  parts: { header: SnapshotHeader; nodes: string; count: number },
): string {
  const manifest = openSync(path, 'wx', 0o600);
  const nodes = openSync(parts.nodes, 'r');
  const hash = createHash('sha256');
  try {
    const write = (bytes: Uint8Array) => {
      for (let written = 0; written < bytes.length; ) written += writeSync(manifest, bytes, written);
      hash.update(bytes);
    };
    write(Buffer.from(`${encodeHeader(parts.header)}\n`));
    const buffer = Buffer.allocUnsafe(CHUNK);
    for (let read = readSync(nodes, buffer); read > 0; read = readSync(nodes, buffer)) {
      write(buffer.subarray(0, read));
    }
    const before = hash.copy().digest('hex');
    write(Buffer.from(`${encodeTrailer({ nodes: parts.count, sha256: before })}\n`));
    return hash.digest('hex');
  } finally {
    closeSync(nodes);
    closeSync(manifest);
  }
}

/** A trailer is shorter than this. */
const TRAILER = 256;

/**
 * True when every byte of a manifest is as its trailer says. Whoever takes lines over from it without parsing them asks
 * this first, or a single flipped bit would be handed on to every later snapshot.
 */
export function isWholeManifest(path: string): boolean {
  const manifest = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { size } = fstatSync(manifest);
    const tail = Buffer.alloc(Math.min(size, TRAILER));
    readSync(manifest, tail, 0, tail.length, size - tail.length);
    const start = size - tail.length + tail.lastIndexOf('\n', tail.length - 2) + 1;
    const line = tail.toString('utf8', start - (size - tail.length));
    const trailer = parseTrailer(line);
    // The trailer's own bytes are in no hash: they have to be the only ones that say what they say.
    if (line !== `${encodeTrailer(trailer)}\n`) return false;
    const { sha256, lines } = hashUpTo(manifest, start);
    return trailer.sha256 === sha256 && trailer.nodes === lines - 1;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  } finally {
    closeSync(manifest);
  }
}

/** SHA-256 of a file in hexadecimal, read in pieces: a manifest may be larger than memory. */
export function hashIfThere(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return hashUpTo(file, Number.MAX_SAFE_INTEGER).sha256;
  } finally {
    closeSync(file);
  }
}

function hashUpTo(manifest: number, end: number): { sha256: string; lines: number } {
  const hash = createHash('sha256');
  let lines = 0;
  const buffer = Buffer.allocUnsafe(CHUNK);
  for (let offset = 0; offset < end; ) {
    const read = readSync(manifest, buffer, 0, Math.min(CHUNK, end - offset), offset);
    if (read === 0) break;
    const bytes = buffer.subarray(0, read);
    hash.update(bytes);
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines += 1;
    offset += read;
  }
  return { sha256: hash.digest('hex'), lines };
}
