/** Sending bodies: in one request where that will do, else in parts that an interrupted upload goes on from. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { CompletedPart, Part, S3Client } from '@aws-sdk/client-s3';
import { isHikaeError } from '../../base/errors.ts';
import { piecesOf, sizeOf } from '../body.ts';
import type { Key } from '../key.ts';
import type { Body, CallOptions } from '../storage.ts';
import type { Sdk } from './client.ts';
import { namedS3Error } from './s3-errors.ts';

export interface Destination {
  readonly sdk: Sdk;
  readonly client: S3Client;
  /** the storage's location and the key in it, for errors */
  readonly storage: string;
  readonly key: Key;
  /** where it is for S3 */
  readonly target: { readonly Bucket: string; readonly Key: string };
  /** bytes of a part */
  readonly part: number;
}

/** Never over an object that exists, by the server's word. */
const NEW = { IfNoneMatch: '*' } as const;
const CHECKED = { ChecksumAlgorithm: 'SHA256' } as const;

/** S3 takes no more parts than this for an object. */
const MOST_PARTS = 10_000;
/** Parts under way at a time, each held in memory. */
const LANES = 3;
/** Milliseconds to clear something away in. */
const CLEARING = 3_000;

export async function upload(to: Destination, body: Body, { signal }: CallOptions): Promise<void> {
  const size = sizeOf(body);
  if (body instanceof Uint8Array && size <= 4 * to.part) await putBytes(to, body, signal);
  else if (size <= 4 * to.part) await putStream(to, body, signal);
  else await putParts(to, body, signal);
}

async function putBytes({ sdk, client, target }: Destination, body: Uint8Array, signal: AbortSignal) {
  const ChecksumSHA256 = createHash('sha256').update(body).digest('base64');
  const command = new sdk.PutObjectCommand({ ...target, ...NEW, ...CHECKED, ChecksumSHA256, Body: body });
  await client.send(command, { abortSignal: signal });
}

/** The SDK hashes on the way and sends the hash after the body. */
async function putStream(to: Destination, body: Body, signal: AbortSignal): Promise<void> {
  const { sdk, client, target } = to;
  const failing = new AbortController();
  const stream = Readable.from(silent(piecesOf(body, to, { signal }), failing), { objectMode: false });
  const command = new sdk.PutObjectCommand({
    ...target,
    ...NEW,
    ...CHECKED,
    ContentLength: sizeOf(body),
    Body: stream,
  });
  try {
    await client.send(command, { abortSignal: AbortSignal.any([signal, failing.signal]) });
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
async function putParts(to: Destination, body: Body, signal: AbortSignal): Promise<void> {
  const { sdk, client } = to;
  const size = Math.max(to.part, Math.ceil(sizeOf(body) / MOST_PARTS));
  const { upload, there } = (await findUnfinished(to, signal)) ?? (await begin(to, signal));
  const sent: CompletedPart[] = [];
  try {
    const parts = partsOf(piecesOf(body, to, { signal }), size);
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
    await client.send(command, { abortSignal: signal });
  } catch (error) {
    const named = namedS3Error({ ...to, operation: 'put' }, error);
    if (!isHikaeError(named) || !named.transient) {
      const abortSignal = AbortSignal.timeout(CLEARING);
      await client.send(new sdk.AbortMultipartUploadCommand(upload), { abortSignal }).catch(() => undefined);
    }
    throw error;
  }
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

interface Upload {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string | undefined;
}

interface Begun {
  readonly upload: Upload;
  /** parts that are there already, by their numbers */
  readonly there: ReadonlyMap<number, Part>;
}

async function begin({ sdk, client, target }: Destination, signal: AbortSignal): Promise<Begun> {
  const command = new sdk.CreateMultipartUploadCommand({ ...target, ...CHECKED });
  const { UploadId } = await client.send(command, { abortSignal: signal });
  return { upload: { ...target, UploadId }, there: new Map() };
}

async function findUnfinished(
  { sdk, client, target }: Destination,
  signal: AbortSignal,
): Promise<Begun | undefined> {
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
  { sdk, client }: Destination,
  upload: Upload,
  { number, bytes }: BodyPart,
  there: Part | undefined,
  signal: AbortSignal,
): Promise<CompletedPart> {
  const ChecksumSHA256 = createHash('sha256').update(bytes).digest('base64');
  const done = { PartNumber: number, ChecksumSHA256 };
  if (there?.Size === bytes.length && there.ChecksumSHA256 === ChecksumSHA256)
    return { ...done, ETag: there.ETag };
  const command = new sdk.UploadPartCommand({ ...upload, ...CHECKED, ...done, Body: bytes });
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
