/**
 * Reading one file into blobs: cut, hashed and, where nobody has them, stored, in the pass that reads it.
 *
 * Errors of the source are answers (the capture goes on without this file); all others end the run.
 */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, constants, readSync } from 'node:fs';
import { systemCode } from '../../base/errors.ts';
import { getXattr, listXattrs, openAt, statusOf } from '../../base/libc.ts';
import { type Kernels, MAX_CHUNK } from '../../kernels/kernels.ts';
import type { FilePlace } from '../../model/capture.ts';
import type { Xattr } from '../../model/node.ts';
import { libcrypto } from './format/libcrypto.ts';
import type { FileResult, StoredStatus } from './storing-jobs.ts';

const READ = 1024 * 1024;
/** Room for a chunk of the largest size, what was read behind it, and some to spare, so that little is moved. */
export const READ_BUFFER = MAX_CHUNK + 4 * READ;

export interface FileTools {
  readonly kernels: Kernels;
  /** a part of the kernels' own buffer, at its beginning */
  readonly buffer: Buffer;
  /** Stores a chunk if nobody has it. */
  chunk(bytes: Buffer): { readonly id: string; readonly newBytes: number };
  /** Counts bytes as done; throws when everything is to end. */
  advance(bytes: number): void;
}

/** How often a file that changes under the reader is read, before what was read last is kept. */
const READS = 2;

/** Raised while the source is read, to be told apart from what storing may raise. */
class SourceError extends Error {}

/** `listed` is what its status is expected to be. */
export function storeFile(
  { directory, name }: FilePlace,
  listed: StoredStatus,
  tools: FileTools,
): FileResult {
  let source: number;
  try {
    source = openAt(directory, name, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return { kind: 'vanished' };
    return { kind: 'unreadable', reason: reasonOf(error) };
  }
  try {
    return storeOpen(source, listed, tools);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return { kind: 'unreadable', reason: reasonOf(error) };
  } finally {
    closeSync(source);
  }
}

function storeOpen(source: number, listed: StoredStatus, tools: FileTools): FileResult {
  let before = reading(() => statusOf(source));
  // Between the listing and now somebody may have put something else in its place.
  if (before.type !== 'file') return { kind: 'unreadable', reason: `is now a ${before.type}` };
  for (let turn = 1; ; turn++) {
    const stored = storeContent(source, before.size, tools);
    const after = reading(() => statusOf(source));
    // A rename moves ctime alone and leaves the content what it was.
    const changing = after.mtime !== before.mtime || after.size !== before.size;
    if (changing && turn < READS) {
      before = after;
      continue;
    }
    const { size, ...content } = stored;
    const xattrs = reading(() => readXattrs(source));
    const { type: _type, blocks: _blocks, rdev: _rdev, ...rest } = before;
    const status = isSame(before, listed) && size === listed.size ? undefined : { ...rest, size };
    return { kind: 'file', ...content, size, status, xattrs, changing };
  }
}

interface StoredContent {
  readonly size: number;
  readonly content: readonly string[];
  readonly sha256: string | undefined;
  readonly newBytes: number;
}

function storeContent(source: number, expected: number, tools: FileTools): StoredContent {
  const { kernels, buffer } = tools;
  const content: string[] = [];
  let [size, newBytes] = [0, 0];
  let whole: Hash | undefined;
  const take = (bytes: Buffer, isLast: boolean) => {
    // A file that is one blob has that blob's hash; only of others the content is hashed once more.
    if (whole === undefined && !isLast) whole = createHash('sha256');
    whole?.update(bytes);
    const stored = tools.chunk(bytes);
    content.push(stored.id);
    newBytes += stored.newBytes;
  };
  let [start, end, looked] = [0, 0, 0];
  for (;;) {
    const wanted = Math.min(READ, buffer.length - end);
    const at = size;
    const read = reading(() => readSync(source, buffer, end, wanted, at));
    size += read;
    end += read;
    tools.advance(read);
    const isEnd = read === 0 || (read < wanted && size >= expected);
    for (
      let length = kernels.cut(start, end, looked);
      length !== undefined;
      length = kernels.cut(start, end)
    ) {
      take(buffer.subarray(start, start + length), isEnd && start + length === end);
      start += length;
      looked = start;
    }
    looked = end;
    if (isEnd) break;
    if (buffer.length - end < READ) {
      buffer.copyWithin(0, start, end);
      end -= start;
      looked = end;
      start = 0;
    }
  }
  if (end > start) take(buffer.subarray(start, end), true);
  return { size, content, sha256: content.length > 1 ? whole?.digest('hex') : undefined, newBytes };
}

function isSame(status: StoredStatus, listed: StoredStatus): boolean {
  return (
    status.mtime === listed.mtime &&
    status.ctime === listed.ctime &&
    status.inode === listed.inode &&
    status.device === listed.device &&
    status.mode === listed.mode &&
    status.uid === listed.uid &&
    status.gid === listed.gid &&
    status.links === listed.links
  );
}

/** The 32 bytes that a blob is known by. */
export function hashOf(bytes: Uint8Array): Buffer {
  const hash = Buffer.allocUnsafe(32);
  libcrypto.sha256Into(hash, bytes);
  return hash;
}

function readXattrs(source: number): Xattr[] {
  const xattrs: Xattr[] = [];
  for (const name of listXattrs(source)) {
    const value = getXattr(source, name);
    if (value !== undefined) xattrs.push({ name, value });
  }
  return xattrs;
}

function reading<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw new SourceError(reasonOf(error), { cause: error });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
