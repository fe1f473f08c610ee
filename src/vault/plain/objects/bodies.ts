/** What is put: files of a live system, of a snapshot, and streams, hashed in the pass that sends them. */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, constants, createReadStream, openSync, read, unlinkSync } from 'node:fs';
import { promisify } from 'node:util';
import { systemCode } from '../../../base/errors.ts';
import { nextData, openAt, type Status, statusOf } from '../../../base/libc.ts';
import type { Content, FilePlace } from '../../../model/capture.ts';
import type { Hole, Xattr } from '../../../model/node.ts';
import type { Body } from '../../../storage/storage.ts';
import { reading, readXattrs, reasonOf, SourceError } from '../file-copy.ts';
import { pack, Tally, writeFully } from '../packing.ts';
import type { Spool } from './spool.ts';

/** Up to this size, in bytes, a content is read before it is sent, and so is what it was at one moment. */
const SMALL = 1024 * 1024;
const PIECE = 262_144;

export interface Sent {
  readonly size: number;
  readonly sha256: string;
}

export interface SentFile extends Sent {
  readonly kind: 'sent';
  /** as the file was when its reading began */
  readonly status: Status;
  readonly xattrs: readonly Xattr[];
  readonly holes: readonly Hole[];
  /** it changed while it was read */
  readonly changing: boolean;
}

export type FileResult =
  | SentFile
  | { readonly kind: 'vanished' }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Puts a body, whose SHA-256 may be known; resolves when it is stored. One that turns out to have another size is not. */
export type Put = (body: Body, sha256?: string) => Promise<void>;

/** How often a file that changes under the reader is read, before what was read last is kept. */
const READS = 2;

/**
 * Sends a file; `again` makes room for sending it once more, or says that what was sent has to do. Errors of the source are
 * answers, others are thrown.
 */
export async function sendFile(
  { directory, name }: FilePlace,
  { put, again }: { readonly put: Put; again(): Promise<boolean> },
): Promise<FileResult> {
  let file: number;
  try {
    file = openAt(directory, name, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    // EBADF: of a snapshot that has no such folder
    const isGone = ['ENOENT', 'EBADF'].includes(systemCode(error) ?? '');
    return isGone ? { kind: 'vanished' } : { kind: 'unreadable', reason: reasonOf(error) };
  }
  try {
    return await sendOpen(file, put, again);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return { kind: 'unreadable', reason: error.message };
  } finally {
    closeSync(file);
  }
}

/** SHA-256 of a file in hexadecimal; undefined where it can't be read. */
export async function hashFile({ directory, name }: FilePlace): Promise<string | undefined> {
  let file: number | undefined;
  try {
    file = openAt(directory, name, constants.O_RDONLY | constants.O_NONBLOCK);
    const hash = createHash('sha256');
    for (let position = 0; ; ) {
      const part = await readAt(file, PIECE, position);
      if (part.length === 0) return hash.digest('hex');
      hash.update(part);
      position += part.length;
    }
  } catch (error) {
    if (systemCode(error) === undefined && !(error instanceof SourceError)) throw error;
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

async function sendOpen(file: number, put: Put, again: () => Promise<boolean>): Promise<FileResult> {
  for (let turn = 1; ; turn++) {
    const status = reading(() => statusOf(file));
    // Between the listing and now somebody may have put something else in its place.
    if (status.type !== 'file') return { kind: 'unreadable', reason: `is now a ${status.type}` };
    const holes = reading(() => holesIn(file, status));
    const content = status.size <= SMALL ? await readSmall(file, status.size) : undefined;
    if (content !== undefined && turn < READS && hasChanged(file, status)) continue;
    const body = content === undefined ? new FileBody(file, status.size) : new BytesBody(content);
    try {
      await put(body.body, body instanceof BytesBody ? body.sha256 : undefined);
    } catch (error) {
      if (!(body instanceof FileBody) || !body.isShort) throw error;
      if (turn >= READS) return { kind: 'unreadable', reason: 'it becomes shorter while it is read' };
      continue;
    }
    const changing = hasChanged(file, status);
    if (content === undefined && changing && turn < READS && (await again())) continue;
    const xattrs = reading(() => readXattrs(file));
    return { kind: 'sent', ...body.sent(), status, xattrs, holes, changing };
  }
}

/** A rename moves ctime alone and leaves the content what it was. */
function hasChanged(file: number, before: Status): boolean {
  const after = reading(() => statusOf(file));
  return after.mtime !== before.mtime || after.size !== before.size;
}

/** Stored, they are the zeros that a reader sees; the manifest has them. */
function holesIn(file: number, { size, blocks }: Status): readonly Hole[] {
  const holes: Hole[] = [];
  if (blocks * 512 >= size) return holes;
  for (let offset = 0; offset < size; ) {
    const data = nextData(file, offset);
    const start = Math.min(data?.offset ?? size, size);
    if (start > offset) holes.push({ offset, length: start - offset });
    if (data === undefined) break;
    offset = data.end;
  }
  return holes;
}

const readAsync = promisify(read);

async function readAt(file: number, length: number, position: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(length);
  try {
    const { bytesRead } = await readAsync(file, bytes, 0, length, position);
    return bytes.subarray(0, bytesRead);
  } catch (error) {
    throw new SourceError(reasonOf(error), { cause: error });
  }
}

/** All of a file that had so many bytes a moment ago, which are few. */
async function readSmall(file: number, size: number): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  for (let position = 0; position <= 2 * SMALL; ) {
    const part = await readAt(file, position === 0 ? size + 1 : PIECE, position);
    // One byte more was asked for than there should be, so that mostly one reading will do.
    if (position === 0 && part.length === size) return part;
    if (part.length === 0) return Buffer.concat(parts);
    parts.push(part);
    position += part.length;
  }
  return undefined;
}

class BytesBody {
  readonly body: Uint8Array;
  readonly sha256: string;

  constructor(body: Uint8Array) {
    this.body = body;
    this.sha256 = createHash('sha256').update(body).digest('hex');
  }

  sent(): Sent {
    return { size: this.body.length, sha256: this.sha256 };
  }
}

/** So many bytes of an open file, read anew for each attempt; what the last attempt has sent is what counts. */
class FileBody {
  readonly body: Body;
  readonly #size: number;
  #hash: Hash = createHash('sha256');
  /** the file ended before the size that it had */
  isShort = false;

  constructor(file: number, size: number) {
    this.#size = size;
    const open = () => this.#read(file);
    this.body = { size, open };
  }

  async *#read(file: number): AsyncGenerator<Uint8Array> {
    const hash = createHash('sha256');
    this.#hash = hash;
    this.isShort = false;
    for (let position = 0; position < this.#size; ) {
      const part = await readAt(file, Math.min(PIECE, this.#size - position), position);
      if (part.length === 0) {
        this.isShort = true;
        return;
      }
      hash.update(part);
      position += part.length;
      yield part;
    }
  }

  sent(): Sent {
    return { size: this.#size, sha256: this.#hash.digest('hex') };
  }
}

type StreamContent = Extract<Content, { kind: 'stream' }>;

export interface ReadStream {
  /** of the content, and of what is stored in its place where that is another */
  readonly content: Sent;
  readonly packed: Sent | undefined;
  readonly body: Body;
  /** lets go of what holds it */
  release(): void;
}

export interface ReadStreamOptions {
  readonly spool: Spool;
  readonly packs: boolean;
  readonly signal: AbortSignal;
  /** told of bytes that were read */
  advance(bytes: number): void;
}

/** Reads a stream, once: a small one into memory, others into a file of this machine, from where it can be sent. */
export async function readStream(
  stream: StreamContent,
  { spool, packs, signal, advance }: ReadStreamOptions,
): Promise<ReadStream> {
  const parts = counted(stream.open(signal), advance);
  if (packs) return spooled(spool, (file) => pack(parts, file));
  const first: Uint8Array[] = [];
  const content = new Tally();
  let length = 0;
  const rest = parts[Symbol.asyncIterator]();
  for (;;) {
    const next = await rest.next();
    if (next.done === true) {
      const body = Buffer.concat(first);
      return { content: sumOf(content), packed: undefined, body, release: () => undefined };
    }
    content.add(next.value);
    first.push(next.value);
    length += next.value.length;
    if (length > SMALL) break;
  }
  return spooled(spool, async (file) => {
    for (const part of first.splice(0)) writeFully(file, part);
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
      content.add(next.value);
      writeFully(file, next.value);
    }
    return { content };
  });
}

async function spooled(
  spool: Spool,
  write: (file: number) => Promise<{ readonly content: Tally; readonly stored?: Tally }>,
): Promise<ReadStream> {
  const path = spool.next();
  const release = () => unlinkSync(path);
  const file = openSync(path, 'wx', 0o600);
  try {
    const { content, stored } = await write(file);
    const packed = stored === undefined ? undefined : sumOf(stored);
    const { size } = stored ?? content;
    return { content: sumOf(content), packed, body: { size, open: () => createReadStream(path) }, release };
  } catch (error) {
    release();
    throw error;
  } finally {
    closeSync(file);
  }
}

async function* counted(
  parts: AsyncIterable<Uint8Array>,
  advance: ReadStreamOptions['advance'],
): AsyncGenerator<Uint8Array> {
  for await (const part of parts) {
    advance(part.length);
    yield part;
  }
}

function sumOf(tally: Tally): Sent {
  return { size: tally.size, sha256: tally.digest() };
}
