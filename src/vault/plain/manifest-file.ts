/** Putting a manifest together: header, the nodes that were listed while they were stored, trailer. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import type { SnapshotHeader } from '../../model/snapshot.ts';
import { encodeHeader, encodeTrailer } from './header-line.ts';

const CHUNK = 1024 * 1024;

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
