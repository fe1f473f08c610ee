/**
 * Copying one file into a vault: content and everything that hangs on it, hashed in the pass that reads it.
 *
 * Errors of the source are answers (the capture goes on without this file); errors of the vault are thrown and
 * end the run.
 */
import { createHash, type Hash, hash as hashAtOnce } from 'node:crypto';
import { closeSync, constants, ftruncateSync, readSync, writeSync } from 'node:fs';
import { systemCode } from '../../base/errors.ts';
import {
  beginWriteOut,
  changeMode,
  changeOwner,
  getXattr,
  listXattrs,
  nextData,
  openAt,
  type Status,
  setTimes,
  statusOf,
  unlinkAt,
} from '../../base/libc.ts';
import type { Hole, Xattr } from '../../model/node.ts';
import type { Copied, CopyItem, ItemResult, Keeps, Listed } from './file-jobs.ts';
import { setKeptXattrs, storedMode } from './stored-attributes.ts';

export interface CopyTools {
  readonly buffer: Buffer;
  readonly keeps: Keeps;
  /** Counts bytes as done; throws when everything is to end. */
  advance(bytes: number): void;
}

/** So much of a large file is written before the disk is told to begin with it, in bytes. */
const WRITE_OUT = 8 * 1024 * 1024;

/** How often a file that changes under the reader is read, before what was read last is kept. */
const READS = 2;

/** Raised while the source is read, to be told apart from what the vault's disk may raise. */
export class SourceError extends Error {}

export function copyFile(item: CopyItem, tools: CopyTools): ItemResult {
  let source: number;
  try {
    source = openAt(item.from.directory, item.from.name, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return systemCode(error) === 'ENOENT'
      ? { kind: 'vanished' }
      : { kind: 'unreadable', reason: reasonOf(error) };
  }
  try {
    return copyOpen(source, item, tools);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return { kind: 'unreadable', reason: reasonOf(error) };
  } finally {
    closeSync(source);
  }
}

function copyOpen(source: number, item: CopyItem, tools: CopyTools): ItemResult {
  const first = reading(() => statusOf(source));
  // Between the listing and now somebody may have put something else in its place.
  if (first.type !== 'file') return { kind: 'unreadable', reason: `is now a ${first.type}` };
  const copy = openAt(
    item.to.directory,
    item.to.name,
    constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
    0o600,
  );
  let kept = false;
  try {
    let before = first;
    for (let turn = 1; ; turn++) {
      const content = copyContent(source, copy, before, tools);
      const after = reading(() => statusOf(source));
      // A rename moves ctime alone and leaves the content what it was.
      const changing = after.mtime !== before.mtime || after.size !== before.size;
      if (changing && turn < READS) {
        ftruncateSync(copy, 0);
        before = after;
        continue;
      }
      const xattrs = reading(() => readXattrs(source));
      const refused = dress(copy, before, xattrs, tools.keeps);
      kept = true;
      const hasMore = xattrs.length + content.holes.length + refused.length > 0;
      if (!hasMore && !changing && isAsListed(before, content.size, item.listed))
        return { kind: 'copied-as-listed', sha256: content.sha256 };
      const { type: _type, blocks: _blocks, rdev: _rdev, ...status } = before;
      return {
        kind: 'copied',
        ...content,
        status: { ...status, size: content.size },
        xattrs,
        changing,
        refused,
      } satisfies Copied & {
        size: number;
      };
    }
  } finally {
    closeSync(copy);
    if (!kept) unlinkAt(item.to.directory, item.to.name);
  }
}

function isAsListed(now: Status, size: number, listed: Listed): boolean {
  return (
    now.ctime === listed.ctime &&
    now.mtime === listed.mtime &&
    now.inode === listed.inode &&
    now.device === listed.device &&
    size === listed.size
  );
}

interface CopiedContent {
  readonly size: number;
  readonly sha256: string;
  readonly holes: readonly Hole[];
}

export function copyContent(source: number, copy: number, status: Status, tools: CopyTools): CopiedContent {
  if (status.blocks * 512 < status.size) return copySparse(source, copy, status.size, tools);
  const { buffer } = tools;
  const read = reading(() => readSync(source, buffer, 0, buffer.length, 0));
  if (read < buffer.length) {
    // The whole file, in one call: most files are small.
    writeFully(copy, buffer.subarray(0, read), 0);
    tools.advance(read);
    return { size: read, sha256: hashAtOnce('sha256', buffer.subarray(0, read), 'hex'), holes: [] };
  }
  const hash = createHash('sha256');
  const size = copyRange(source, copy, { offset: 0, end: Number.MAX_SAFE_INTEGER, first: read }, hash, tools);
  return { size, sha256: hash.digest('hex'), holes: [] };
}

/** Copies up to `end` or the end of the file; `first` bytes of the range are in the buffer already. Returns where it stopped. */
function copyRange(
  source: number,
  copy: number,
  range: { offset: number; end: number; first?: number },
  hash: Hash,
  tools: CopyTools,
): number {
  let { offset } = range;
  let begun = offset;
  let read = range.first ?? 0;
  while (offset < range.end) {
    const wanted = Math.min(tools.buffer.length, range.end - offset);
    const from = offset;
    if (read === 0) read = reading(() => readSync(source, tools.buffer, 0, wanted, from));
    if (read === 0) break;
    const part = tools.buffer.subarray(0, read);
    hash.update(part);
    writeFully(copy, part, offset);
    offset += read;
    tools.advance(read);
    read = 0;
    if (offset - begun < WRITE_OUT) continue;
    beginWriteOut(copy, begun, offset - begun);
    begun = offset;
  }
  if (offset > begun) beginWriteOut(copy, begun, offset - begun);
  return offset;
}

/** Holes stay holes; to the hash they are the zeros that a reader sees. */
function copySparse(source: number, copy: number, size: number, tools: CopyTools): CopiedContent {
  const hash = createHash('sha256');
  const holes: Hole[] = [];
  let offset = 0;
  while (offset < size) {
    const from = offset;
    const data = reading(() => nextData(source, from));
    const start = Math.min(data?.offset ?? size, size);
    if (start > offset) {
      holes.push({ offset, length: start - offset });
      hashZeros(hash, start - offset, tools);
    }
    if (data === undefined || start >= size) break;
    const end = Math.min(data.end, size);
    const reached = copyRange(source, copy, { offset: start, end }, hash, tools);
    offset = reached;
    // Cut short meanwhile; the status after the reading tells.
    if (reached < end) return { size: reached, sha256: hash.digest('hex'), holes };
  }
  ftruncateSync(copy, size);
  return { size, sha256: hash.digest('hex'), holes };
}

function hashZeros(hash: Hash, length: number, tools: CopyTools): void {
  const zeros = Buffer.alloc(Math.min(length, tools.buffer.length));
  for (let left = length; left > 0; left -= zeros.length) {
    hash.update(left < zeros.length ? zeros.subarray(0, left) : zeros);
    tools.advance(0);
  }
}

function writeFully(copy: number, bytes: Buffer, position: number): void {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(copy, bytes, written, bytes.length - written, position + written);
  }
}

export function readXattrs(source: number): Xattr[] {
  const xattrs: Xattr[] = [];
  for (const name of listXattrs(source)) {
    const value = getXattr(source, name);
    if (value !== undefined) xattrs.push({ name, value });
  }
  return xattrs;
}

/**
 * Owner first, because it clears setuid and capabilities; attributes while the file can still be written to; times
 * last, because everything else moves them.
 */
export function dress(
  copy: number,
  status: Pick<Status, 'uid' | 'gid' | 'mode' | 'mtime'>,
  xattrs: readonly Xattr[],
  keeps: Keeps,
): string[] {
  if (keeps.owners) changeOwner(copy, status.uid, status.gid);
  const refused = setKeptXattrs(copy, xattrs, keeps);
  changeMode(copy, storedMode(status.mode, 'file', keeps));
  setTimes(copy, status.mtime);
  return refused;
}

export function reading<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw new SourceError(reasonOf(error), { cause: error });
  }
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
