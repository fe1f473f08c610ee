/** Reading an object, the latest version or a named one: whole, or a range of it. */
import type { Readable } from 'node:stream';
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import type { HikaeError } from '../../base/errors.ts';
import { storageErrors } from '../errors.ts';
import type { Key } from '../key.ts';
import type { CallOptions, ObjectStatus, Range } from '../storage.ts';
import { type Bucket, naming, targetOf } from './bucket.ts';
import { namedS3Error, type S3Call, statusOf } from './s3-errors.ts';

/** An object to be read, and what the reading is called in errors. */
export interface Wanted {
  readonly operation: S3Call['operation'];
  readonly key: Key;
  readonly version?: string;
}

/** undefined when it isn't there. */
export async function look(
  bucket: Bucket,
  { key, version }: Pick<Wanted, 'key' | 'version'>,
  signal: AbortSignal,
): Promise<HeadObjectCommandOutput | undefined> {
  const { sdk, client } = bucket;
  try {
    return await client.send(
      new sdk.HeadObjectCommand({ ...targetOf(bucket, key, version), ChecksumMode: 'ENABLED' }),
      { abortSignal: signal },
    );
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

export function statusFrom(key: Key, head: HeadObjectCommandOutput): ObjectStatus {
  const { ContentLength, LastModified, ChecksumSHA256, ChecksumType } = head;
  // Of an upload in parts it is a hash of their hashes.
  const inParts = ChecksumType === 'COMPOSITE' || ChecksumSHA256?.includes('-') === true;
  return {
    key,
    size: ContentLength ?? 0,
    modified: LastModified?.getTime() ?? 0,
    ...(ChecksumSHA256 === undefined || inParts
      ? {}
      : { sha256: Buffer.from(ChecksumSHA256, 'base64').toString('hex') }),
    ...(ChecksumSHA256 !== undefined && inParts ? { inParts } : {}),
  };
}

export async function readWhole(
  bucket: Bucket,
  wanted: Wanted,
  { limit, signal }: CallOptions & { readonly limit: number },
): Promise<Uint8Array> {
  return naming(bucket, wanted.operation, wanted.key, signal, async () => {
    const { body, size } = await get(bucket, wanted, undefined, signal);
    if (size > limit) {
      body.destroy();
      throw storageErrors.STORAGE_TOO_LARGE({ key: wanted.key, storage: bucket.location, limit });
    }
    return readExactly(bucket, wanted, body, { offset: 0, length: size, signal });
  });
}

export async function readPart(
  bucket: Bucket,
  wanted: Wanted,
  { offset, length, signal }: CallOptions & Range,
): Promise<Uint8Array> {
  return naming(bucket, wanted.operation, wanted.key, signal, async () => {
    const { body } = await getRange(bucket, wanted, { offset, length, signal });
    return readExactly(bucket, wanted, body, { offset, length, signal });
  });
}

export async function* streamOf(
  bucket: Bucket,
  wanted: Wanted,
  { offset = 0, length, signal }: CallOptions & Partial<Range>,
): AsyncGenerator<Uint8Array> {
  const { operation, key } = wanted;
  const { body, end } = await naming(bucket, operation, key, signal, () =>
    getRange(bucket, wanted, { offset, signal, ...(length === undefined ? {} : { length }) }),
  );
  let at = offset;
  try {
    for await (const piece of piecesOf(body, signal)) {
      at += piece.length;
      yield piece;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw namedS3Error({ storage: bucket.location, operation, key }, error);
  } finally {
    body?.destroy();
  }
  if (at < end) throw cutOff(bucket, wanted, at, end);
}

async function get(
  bucket: Bucket,
  { key, version }: Wanted,
  range: string | undefined,
  signal: AbortSignal,
): Promise<{ readonly body: Readable; readonly size: number; readonly whole: number }> {
  const { sdk, client } = bucket;
  const target = targetOf(bucket, key, version);
  const {
    Body,
    ContentLength = 0,
    ContentRange,
  } = await client.send(
    new sdk.GetObjectCommand({ ...target, ...(range === undefined ? {} : { Range: range }) }),
    { abortSignal: signal },
  );
  const whole = ContentRange === undefined ? ContentLength : Number(ContentRange.split('/')[1]);
  return { body: Body as Readable, size: ContentLength, whole };
}

/** Opens a range, or all from `offset`. There is no body when no byte is asked for, which S3 has no request for. */
async function getRange(
  bucket: Bucket,
  wanted: Wanted,
  { offset, length, signal }: CallOptions & { readonly offset: number; readonly length?: number },
): Promise<{ readonly body: Readable | undefined; readonly end: number }> {
  if (length === 0) return { body: undefined, end: await requireSize(bucket, wanted, offset, signal) };
  if (offset === 0 && length === undefined) {
    const { body, size } = await get(bucket, wanted, undefined, signal);
    return { body, end: size };
  }
  try {
    const last = length === undefined ? '' : offset + length - 1;
    const { body, whole } = await get(bucket, wanted, `bytes=${offset}-${last}`, signal);
    const end = length === undefined ? whole : offset + length;
    if (end <= whole) return { body, end };
    body.destroy();
    throw tooShort(bucket, wanted, whole, end);
  } catch (error) {
    if (statusOf(error) !== 416) throw error;
    return { body: undefined, end: await requireSize(bucket, wanted, offset + (length ?? 0), signal) };
  }
}

/** That an object has so many bytes; gives the number back. */
async function requireSize(
  bucket: Bucket,
  wanted: Wanted,
  needed: number,
  signal: AbortSignal,
): Promise<number> {
  const head = await look(bucket, wanted, signal);
  if (head === undefined)
    throw storageErrors.STORAGE_NOT_FOUND({ key: wanted.key, storage: bucket.location });
  const { size } = statusFrom(wanted.key, head);
  if (needed > size) throw tooShort(bucket, wanted, size, needed);
  return needed;
}

async function readExactly(
  bucket: Bucket,
  wanted: Wanted,
  body: Readable | undefined,
  { offset, length, signal }: CallOptions & Range,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  for await (const piece of piecesOf(body, signal)) {
    bytes.set(piece, done);
    done += piece.length;
  }
  if (done < length) throw cutOff(bucket, wanted, offset + done, offset + length);
  return bytes;
}

async function* piecesOf(body: Readable | undefined, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  if (body === undefined) return;
  const stop = () => body.destroy(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    signal.throwIfAborted();
    for await (const piece of body) yield piece as Buffer;
  } finally {
    signal.removeEventListener('abort', stop);
    body.destroy();
  }
}

function tooShort({ location }: Bucket, { key }: Wanted, size: number, needed: number): HikaeError {
  return storageErrors.STORAGE_TOO_SHORT({ key, storage: location, size, needed });
}

/** What the server said was there did not all arrive. */
function cutOff({ location }: Bucket, { operation, key }: Wanted, at: number, end: number): HikaeError {
  const reason = `ended at byte ${at} of ${end}`;
  return storageErrors.STORAGE_INTERRUPTED({ storage: location, operation, key, reason });
}
