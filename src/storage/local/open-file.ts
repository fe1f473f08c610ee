/** Whole reads and writes of open descriptors, in the background, so that a slow disk holds nobody up. */
import { closeSync, constants, fstatSync, fsync, read, write } from 'node:fs';
import { promisify } from 'node:util';
import { openAt } from '../../base/libc.ts';
import type { RawName } from '../../base/raw-path.ts';

const readSome = promisify(read);
const writeSome = promisify(write);
export const syncFile = promisify(fsync);

/** Larger steps are no faster, and the signal is looked at between two. */
const STEP = 4_194_304;

export interface OpenFile {
  readonly descriptor: number;
  readonly size: number;
  close(): void;
}

/** Opens a regular file; ENOENT for anything else, since that is no object. Never waits for the writer of a FIFO. */
export function openFileAt(directory: number, name: RawName): OpenFile {
  const descriptor = openAt(directory, name, constants.O_RDONLY | constants.O_NONBLOCK);
  const status = fstatSync(descriptor);
  if (!status.isFile()) {
    closeSync(descriptor);
    throw Object.assign(new Error(`ENOENT: '${name}' is no regular file`), { code: 'ENOENT' });
  }
  return { descriptor, size: status.size, close: () => closeSync(descriptor) };
}

/** The bytes from `offset`, `length` of them or as many as there are. */
export async function readAt(
  descriptor: number,
  { offset, length }: { offset: number; length: number },
  signal: AbortSignal,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    signal.throwIfAborted();
    const step = Math.min(STEP, length - done);
    const { bytesRead } = await readSome(descriptor, bytes, done, step, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

export async function writeAll(descriptor: number, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    signal.throwIfAborted();
    const { bytesWritten } = await writeSome(descriptor, bytes, done, Math.min(STEP, bytes.length - done));
    done += bytesWritten;
  }
}
