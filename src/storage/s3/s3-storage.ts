/** Objects of a bucket below a prefix: of AWS, of Ceph, of any server that speaks S3. */
import type { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import type { HikaeError } from '../../base/errors.ts';
import { storageErrors } from '../errors.ts';
import { requireExpected } from '../expectation.ts';
import { compareTexts, isKey, type Key } from '../key.ts';
import type {
  Body,
  CallOptions,
  Capabilities,
  ChangeOptions,
  LinkOptions,
  ObjectStatus,
  Range,
  Room,
  Storage,
} from '../storage.ts';
import { type ClientOptions, openClient, type Sdk } from './client.ts';
import { copyObject, type Version } from './copy.ts';
import { namedS3Error, type S3Call, statusOf } from './s3-errors.ts';
import { upload } from './upload.ts';

export interface S3StorageOptions extends ClientOptions {
  readonly bucket: string;
  /** '' or a path without a slash at either end */
  readonly prefix: string;
  /** bytes of a part of what is too large for one request; at least 5 MiB, as S3 wants */
  readonly part?: number;
  /** bytes of an object that the server copies in one request */
  readonly largestCopy?: number;
}

const PART = 16_777_216;
/** S3 copies no more in one request. */
const LARGEST_COPY = 5 * 1_024 ** 3;

/** Requests at a time that make up for the way to the server. */
const PARALLEL = 32;

/** Looks whether the bucket is there: STORAGE_MISSING, since making one is for a person to decide. */
export async function openS3Storage(options: S3StorageOptions, { signal }: CallOptions): Promise<Storage> {
  const { bucket, prefix, endpoint, part = PART, largestCopy = LARGEST_COPY } = options;
  const location = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`;
  signal.throwIfAborted();
  const { sdk, client } = await openClient(location, options);
  try {
    await client.send(new sdk.HeadBucketCommand({ Bucket: bucket }), { abortSignal: signal });
  } catch (error) {
    client.destroy();
    signal.throwIfAborted();
    if (statusOf(error) === 404) throw storageErrors.STORAGE_MISSING({ storage: location }, { cause: error });
    throw namedS3Error({ storage: location, operation: 'open', key: '' }, error);
  }
  const root = prefix === '' ? '' : `${prefix}/`;
  return new S3Storage({
    location,
    sdk,
    client,
    bucket,
    root,
    part,
    largestCopy,
    isAws: endpoint === undefined,
  });
}

interface Parts {
  readonly location: string;
  readonly sdk: Sdk;
  readonly client: S3Client;
  readonly bucket: string;
  readonly root: string;
  readonly part: number;
  readonly largestCopy: number;
  readonly isAws: boolean;
}

class S3Storage implements Storage {
  readonly location: string;
  readonly capabilities: Capabilities;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.location = parts.location;
    // Others may not know the condition of a put, or lose a race in spite of it.
    const writeOnce = parts.isAws ? 'atomic' : 'checked';
    this.capabilities = { writeOnce, links: 'copied', parallel: PARALLEL };
    this.#parts = parts;
  }

  async put(key: Key, body: Body, { signal }: ChangeOptions): Promise<void> {
    const { sdk, client, part } = this.#parts;
    await this.#naming('put', key, signal, async () => {
      if (this.capabilities.writeOnce === 'checked' && (await this.#look(key, signal)) !== undefined)
        throw storageErrors.STORAGE_EXISTS({ key, storage: this.location });
      const to = { sdk, client, storage: this.location, key, target: this.#target(key), part };
      await upload(to, body, { signal });
    });
  }

  async read(key: Key, { limit, signal }: CallOptions & { limit: number }): Promise<Uint8Array> {
    return this.#naming('read', key, signal, async () => {
      const { body, size } = await this.#get(key, undefined, signal);
      if (size > limit) {
        body.destroy();
        throw storageErrors.STORAGE_TOO_LARGE({ key, storage: this.location, limit });
      }
      return this.#readExactly(key, body, { offset: 0, length: size }, signal);
    });
  }

  async readRange(key: Key, range: CallOptions & Range): Promise<Uint8Array> {
    const { offset, length, signal } = range;
    return this.#naming('readRange', key, signal, async () => {
      const { body } = await this.#getRange(key, offset, length, signal);
      return this.#readExactly(key, body, { offset, length }, signal);
    });
  }

  async *stream(
    key: Key,
    { offset = 0, length, signal }: CallOptions & Partial<Range>,
  ): AsyncGenerator<Uint8Array> {
    const { body, end } = await this.#naming('stream', key, signal, () =>
      this.#getRange(key, offset, length, signal),
    );
    let at = offset;
    try {
      for await (const piece of this.#pieces(body, signal)) {
        at += piece.length;
        yield piece;
      }
    } catch (error) {
      signal.throwIfAborted();
      throw namedS3Error(this.#call('stream', key), error);
    } finally {
      body?.destroy();
    }
    if (at < end) throw this.#cutOff('stream', key, at, end);
  }

  async stat(key: Key, { signal }: CallOptions): Promise<ObjectStatus | undefined> {
    return this.#naming('stat', key, signal, async () => {
      const found = await this.#look(key, signal);
      if (found === undefined) return undefined;
      const { etag: _etag, version: _version, ...status } = found;
      return status;
    });
  }

  async *list(folder: Key | '', { signal }: CallOptions): AsyncGenerator<readonly ObjectStatus[]> {
    const { sdk, client, bucket, root } = this.#parts;
    signal.throwIfAborted();
    try {
      const input = {
        Bucket: bucket,
        Prefix: folder === '' ? root : `${root}${folder}/`,
        // Keys of others may hold what XML can't.
        EncodingType: 'url',
      } as const;
      for await (const { Contents = [] } of sdk.paginateListObjectsV2({ client }, input, {
        abortSignal: signal,
      })) {
        const batch = Contents.flatMap(({ Key: name = '', Size = 0, LastModified }): ObjectStatus[] => {
          const key = decoded(name).slice(root.length);
          return isKey(key) ? [{ key, size: Size, modified: LastModified?.getTime() ?? 0 }] : [];
        });
        if (batch.length > 0) yield batch;
      }
    } catch (error) {
      signal.throwIfAborted();
      throw namedS3Error(this.#call('list', folder), error);
    }
  }

  async remove(key: Key, { signal }: ChangeOptions): Promise<void> {
    const { sdk, client } = this.#parts;
    await this.#naming('remove', key, signal, async () => {
      await client.send(new sdk.DeleteObjectCommand(this.#target(key)), { abortSignal: signal });
    });
  }

  async folders(folder: Key | '', { signal }: CallOptions): Promise<readonly string[]> {
    const { sdk, client, bucket, root } = this.#parts;
    const start = folder === '' ? root : `${root}${folder}/`;
    return this.#naming('folders', folder, signal, async () => {
      const input = { Bucket: bucket, Prefix: start, Delimiter: '/', EncodingType: 'url' } as const;
      const names: string[] = [];
      for await (const { CommonPrefixes = [] } of sdk.paginateListObjectsV2({ client }, input, {
        abortSignal: signal,
      }))
        for (const { Prefix = '' } of CommonPrefixes) {
          const name = decoded(Prefix).slice(start.length, -1);
          if (isKey(name)) names.push(name);
        }
      return names.sort(compareTexts);
    });
  }

  /** The medium copies: the very version that was looked at, and never over an object that exists. */
  async link(from: Key, to: Key, { signal, expect }: LinkOptions): Promise<void> {
    const { sdk, client, bucket, root, largestCopy } = this.#parts;
    await this.#naming('link', from, signal, async () => {
      const [source, there] = await Promise.all([this.#look(from, signal), this.#look(to, signal)]);
      requireExpected(source, { storage: this.location, key: from }, expect);
      if (there !== undefined) throw storageErrors.STORAGE_EXISTS({ key: to, storage: this.location });
      const place = { sdk, client, largestCopy, target: this.#target(to) };
      await copyObject({ ...source, bucket, name: `${root}${from}` }, place, { signal });
    });
  }

  /** Everything is durable when it is answered. */
  async sync({ signal }: CallOptions): Promise<void> {
    signal.throwIfAborted();
  }

  async room({ signal }: CallOptions): Promise<Room> {
    signal.throwIfAborted();
    return {};
  }

  async close(): Promise<void> {
    this.#parts.client.destroy();
  }

  async #look(key: Key, signal: AbortSignal): Promise<(ObjectStatus & Version) | undefined> {
    const { sdk, client } = this.#parts;
    try {
      const { ContentLength, LastModified, ChecksumSHA256, ChecksumType, ETag, VersionId } =
        await client.send(new sdk.HeadObjectCommand({ ...this.#target(key), ChecksumMode: 'ENABLED' }), {
          abortSignal: signal,
        });
      // Of an upload in parts it is a hash of their hashes.
      const isWhole =
        ChecksumSHA256 !== undefined && !ChecksumSHA256.includes('-') && ChecksumType !== 'COMPOSITE';
      return {
        key,
        size: ContentLength ?? 0,
        modified: LastModified?.getTime() ?? 0,
        etag: ETag,
        version: VersionId,
        ...(isWhole ? { sha256: Buffer.from(ChecksumSHA256, 'base64').toString('hex') } : {}),
      };
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  async #get(
    key: Key,
    range: string | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly body: Readable; readonly size: number; readonly whole: number }> {
    const { sdk, client } = this.#parts;
    const {
      Body,
      ContentLength = 0,
      ContentRange,
    } = await client.send(
      new sdk.GetObjectCommand({ ...this.#target(key), ...(range === undefined ? {} : { Range: range }) }),
      { abortSignal: signal },
    );
    const whole = ContentRange === undefined ? ContentLength : Number(ContentRange.split('/')[1]);
    return { body: Body as Readable, size: ContentLength, whole };
  }

  /** Opens a range, or all from `offset`. There is no body when no byte is asked for, which S3 has no request for. */
  async #getRange(
    key: Key,
    offset: number,
    length: number | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly body: Readable | undefined; readonly end: number }> {
    if (length === 0) return { body: undefined, end: await this.#requireSize(key, offset, signal) };
    if (offset === 0 && length === undefined) {
      const { body, size } = await this.#get(key, undefined, signal);
      return { body, end: size };
    }
    try {
      const last = length === undefined ? '' : offset + length - 1;
      const { body, whole } = await this.#get(key, `bytes=${offset}-${last}`, signal);
      const end = length === undefined ? whole : offset + length;
      if (end <= whole) return { body, end };
      body.destroy();
      throw this.#tooShort(key, whole, end);
    } catch (error) {
      if (statusOf(error) !== 416) throw error;
      return { body: undefined, end: await this.#requireSize(key, offset + (length ?? 0), signal) };
    }
  }

  /** That an object has so many bytes; gives the number back. */
  async #requireSize(key: Key, needed: number, signal: AbortSignal): Promise<number> {
    const found = await this.#look(key, signal);
    if (found === undefined) throw storageErrors.STORAGE_NOT_FOUND({ key, storage: this.location });
    if (needed > found.size) throw this.#tooShort(key, found.size, needed);
    return needed;
  }

  async #readExactly(
    key: Key,
    body: Readable | undefined,
    { offset, length }: Range,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let done = 0;
    for await (const piece of this.#pieces(body, signal)) {
      bytes.set(piece, done);
      done += piece.length;
    }
    if (done < length) throw this.#cutOff('readRange', key, offset + done, offset + length);
    return bytes;
  }

  async *#pieces(body: Readable | undefined, signal: AbortSignal): AsyncGenerator<Uint8Array> {
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

  async #naming<Result>(
    operation: S3Call['operation'],
    key: Key | '',
    signal: AbortSignal,
    work: () => Promise<Result>,
  ): Promise<Result> {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      throw namedS3Error(this.#call(operation, key), error);
    }
  }

  #call(operation: S3Call['operation'], key: Key | ''): S3Call {
    return { storage: this.location, operation, key };
  }

  #target(key: Key): { Bucket: string; Key: string } {
    return { Bucket: this.#parts.bucket, Key: `${this.#parts.root}${key}` };
  }

  #tooShort(key: Key, size: number, needed: number): HikaeError {
    return storageErrors.STORAGE_TOO_SHORT({ key, storage: this.location, size, needed });
  }

  /** What the server said was there did not all arrive. */
  #cutOff(operation: S3Call['operation'], key: Key, at: number, end: number): HikaeError {
    const reason = `ended at byte ${at} of ${end}`;
    return storageErrors.STORAGE_INTERRUPTED({ ...this.#call(operation, key), reason });
  }
}

/** A key as the listing gives it when it is asked to encode what XML can't hold. */
function decoded(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
