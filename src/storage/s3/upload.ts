/** Sending bodies: in one request where that will do, else in parts that an interrupted upload goes on from. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { CompletedPart, Part } from '@aws-sdk/client-s3';
import type { HttpRequest } from '@smithy/types';
import { isHikaeError } from '../../base/errors.ts';
import { piecesOf, sizeOf } from '../body.ts';
import type { Key } from '../key.ts';
import type { Body, CallOptions, Lock } from '../storage.ts';
import { type Bucket, type Target, targetOf } from './bucket.ts';
import { namedS3Error } from './s3-errors.ts';

export interface Destination {
  readonly bucket: Bucket;
  readonly key: Key;
  /** given with the object's first byte */
  readonly lock: Lock | undefined;
}

/** Never over an object that exists, by the server's word. */
const NEW = { IfNoneMatch: '*' } as const;
const CHECKED = { ChecksumAlgorithm: 'SHA256' } as const;
const MODES = { compliance: 'COMPLIANCE', governance: 'GOVERNANCE' } as const;

/** S3 takes no more parts than this for an object. */
const MOST_PARTS = 10_000;
/** Parts under way at a time, each held in memory. */
const LANES = 3;
/** Milliseconds to clear something away in. */
const CLEARING = 3_000;

/** Gives the version that it made, where the bucket has versions. */
export async function upload(
  to: Destination,
  body: Body,
  { sha256, signal }: CallOptions & { readonly sha256: string | undefined },
): Promise<string | undefined> {
  const size = sizeOf(body);
  const { part } = to.bucket;
  if (body instanceof Uint8Array && size <= 4 * part) {
    const hash =
      sha256 === undefined ? createHash('sha256').update(body).digest() : Buffer.from(sha256, 'hex');
    return putBytes(to, body, hash, signal);
  }
  if (size <= 4 * part) return putStream(to, body, signal);
  return putParts(to, body, signal);
}

/**
 * What an object is told with that is made. AWS encrypts anyway; but buckets whose policy refuses what does not say so
 * are common. Other servers may have no key to do it with.
 */
export function newObject({ bucket, key, lock }: Destination) {
  const encryption = bucket.isAws ? ({ ServerSideEncryption: 'AES256' } as const) : {};
  return { ...targetOf(bucket, key), ...encryption, ...lockFields(lock) };
}

/** As headers: a lock in the query of a signed address would be passed over. */
export function lockFields(lock: Lock | undefined) {
  if (lock === undefined) return {};
  // Servers keep whole seconds; never less than was asked for.
  const until = new Date(Math.ceil(lock.until / 1000) * 1000);
  return { ObjectLockMode: MODES[lock.mode], ObjectLockRetainUntilDate: until };
}

async function putBytes(to: Destination, body: Uint8Array, sha256: Buffer, signal: AbortSignal) {
  const { sdk, client, putDirectly } = to.bucket;
  const { Bucket: _, Key: key, ...fields } = newObject(to);
  const stored = await putDirectly?.({ key, body, sha256, headers: headersOf(fields) }, signal);
  if (stored !== undefined) return stored.version;
  const ChecksumSHA256 = sha256.toString('base64');
  const command = new sdk.PutObjectCommand({ ...fieldsOf(to), ChecksumSHA256, Body: body });
  return (await client.send(command, { abortSignal: signal })).VersionId;
}

/** The names of what `newObject` tells, without the SDK. */
const HEADERS = {
  ServerSideEncryption: 'x-amz-server-side-encryption',
  ObjectLockMode: 'x-amz-object-lock-mode',
  ObjectLockRetainUntilDate: 'x-amz-object-lock-retain-until-date',
} as const satisfies Record<Exclude<keyof ReturnType<typeof newObject>, keyof Target>, string>;

function headersOf(fields: Partial<Record<keyof typeof HEADERS, string | Date>>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [field, name] of Object.entries(HEADERS)) {
    const value = fields[field as keyof typeof HEADERS];
    if (value !== undefined) headers[name] = value instanceof Date ? value.toISOString() : value;
  }
  return headers;
}

function fieldsOf(to: Destination) {
  return { ...newObject(to), ...NEW, ...CHECKED };
}

/** The SDK hashes on the way and sends the hash after the body. */
async function putStream(to: Destination, body: Body, signal: AbortSignal): Promise<string | undefined> {
  const { sdk, client } = to.bucket;
  const failing = new AbortController();
  const pieces = piecesOf(body, placeOf(to), { signal });
  const stream = Readable.from(silent(pieces, failing), { objectMode: false });
  const size = { ContentLength: sizeOf(body) };
  const command = new sdk.PutObjectCommand({ ...fieldsOf(to), ...size, Body: stream });
  try {
    const either = AbortSignal.any([signal, failing.signal]);
    return (await client.send(command, { abortSignal: either })).VersionId;
  } catch (error) {
    throw failing.signal.aborted ? failing.signal.reason : error;
  } finally {
    stream.destroy();
  }
}

/** The SDK leaves errors of a body to nobody, which ends the process: so it sees a body that waits, and is stopped. */
async function* silent(
  pieces: AsyncIterable<Uint8Array>,
  failing: AbortController,
): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
  } catch (error) {
    failing.abort(error);
    await new Promise(() => undefined);
  }
}

/**
 * What an earlier attempt has sent already, even one of a process that died, is not sent again when it is the same.
 * So only what no attempt can mend, and the signal, remove the parts.
 */
async function putParts(to: Destination, body: Body, signal: AbortSignal): Promise<string | undefined> {
  const { sdk, client } = to.bucket;
  const size = Math.max(to.bucket.part, Math.ceil(sizeOf(body) / MOST_PARTS));
  const { upload, there } = (await findUnfinished(to, signal)) ?? (await begin(to, signal));
  const sent: CompletedPart[] = [];
  try {
    const parts = partsOf(piecesOf(body, placeOf(to), { signal }), size);
    await inLanes(signal, async (either) => {
      for await (const part of parts) {
        sent[part.number - 1] = await sendPart(to, upload, part, there.get(part.number), either);
      }
    });
    const command = new sdk.CompleteMultipartUploadCommand({
      ...upload,
      ...NEW,
      MultipartUpload: { Parts: sent },
    });
    return (await client.send(command, { abortSignal: signal })).VersionId;
  } catch (error) {
    const named = namedS3Error({ ...placeOf(to), operation: 'put' }, error);
    if (!isHikaeError(named) || !named.transient) {
      const abortSignal = AbortSignal.timeout(CLEARING);
      await client.send(new sdk.AbortMultipartUploadCommand(upload), { abortSignal }).catch(() => undefined);
    }
    throw error;
  }
}

/** For errors. */
function placeOf({ bucket, key }: Destination) {
  return { storage: bucket.location, key };
}

/** Works in several lanes at a time. The first that fails stops the others, and all have ended when this does. */
async function inLanes(signal: AbortSignal, lane: (either: AbortSignal) => Promise<void>): Promise<void> {
  const failing = new AbortController();
  const either = AbortSignal.any([signal, failing.signal]);
  const lanes = Array.from({ length: LANES }, () =>
    lane(either).catch((error: unknown) => failing.abort(error)),
  );
  await Promise.all(lanes);
  failing.signal.throwIfAborted();
}

interface Upload extends Target {
  readonly UploadId: string | undefined;
}

interface Begun {
  readonly upload: Upload;
  /** parts that are there already, by their numbers */
  readonly there: ReadonlyMap<number, Part>;
}

async function begin(to: Destination, signal: AbortSignal): Promise<Begun> {
  const { sdk, client } = to.bucket;
  const command = new sdk.CreateMultipartUploadCommand({ ...newObject(to), ...CHECKED });
  const { UploadId } = await client.send(command, { abortSignal: signal });
  return { upload: { ...targetOf(to.bucket, to.key), UploadId }, there: new Map() };
}

async function findUnfinished({ bucket, key }: Destination, signal: AbortSignal): Promise<Begun | undefined> {
  const { sdk, client } = bucket;
  const target = targetOf(bucket, key);
  const abortSignal = { abortSignal: signal };
  const { Bucket, Key } = target;
  const { Uploads = [] } = await client.send(
    new sdk.ListMultipartUploadsCommand({ Bucket, Prefix: Key }),
    abortSignal,
  );
  const found = Uploads.find((one) => one.Key === Key);
  if (found === undefined) return undefined;
  const upload = { ...target, UploadId: found.UploadId };
  const there = new Map<number, Part>();
  // By the server's own word for more: Ceph names a next part after the last too.
  for (let PartNumberMarker: string | undefined; ; ) {
    const page = await client.send(new sdk.ListPartsCommand({ ...upload, PartNumberMarker }), abortSignal);
    for (const part of page.Parts ?? []) there.set(part.PartNumber ?? 0, part);
    if (page.IsTruncated !== true) break;
    PartNumberMarker = page.NextPartNumberMarker;
  }
  return { upload, there };
}

interface BodyPart {
  /** from 1 */
  readonly number: number;
  readonly bytes: Buffer;
}

async function sendPart(
  { bucket: { sdk, client } }: Destination,
  upload: Upload,
  { number, bytes }: BodyPart,
  there: Part | undefined,
  signal: AbortSignal,
): Promise<CompletedPart> {
  const sha256 = createHash('sha256').update(bytes).digest();
  const ChecksumSHA256 = sha256.toString('base64');
  const done = { PartNumber: number, ChecksumSHA256 };
  if (there?.Size === bytes.length && there.ChecksumSHA256 === ChecksumSHA256)
    return { ...done, ETag: there.ETag };
  const command = new sdk.UploadPartCommand({ ...upload, ...CHECKED, ...done, Body: bytes });
  // The signature covers the same hash; else the signer would go over the bytes once more.
  command.middlewareStack.add(
    (next) => async (args) => {
      (args.request as HttpRequest).headers['x-amz-content-sha256'] = sha256.toString('hex');
      return next(args);
    },
    { step: 'build', priority: 'low' },
  );
  const { ETag } = await client.send(command, { abortSignal: signal });
  return { ...done, ETag };
}

/** Pieces put together to parts of one size; the last may be smaller. */
async function* partsOf(pieces: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<BodyPart> {
  let number = 0;
  let held: Uint8Array[] = [];
  let length = 0;
  for await (let piece of pieces) {
    while (length + piece.length >= size) {
      held.push(piece.subarray(0, size - length));
      piece = piece.subarray(size - length);
      number += 1;
      yield { number, bytes: Buffer.concat(held) };
      held = [];
      length = 0;
    }
    if (piece.length > 0) held.push(piece);
    length += piece.length;
  }
  if (length > 0) yield { number: number + 1, bytes: Buffer.concat(held) };
}
