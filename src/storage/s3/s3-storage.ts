/** Objects of a bucket below a prefix: of AWS, of Ceph, of any server that speaks S3. */
import type { S3Client } from '@aws-sdk/client-s3';
import type { HttpRequest } from '@smithy/types';
import { storageErrors } from '../errors.ts';
import { requireExpected } from '../expectation.ts';
import { compareTexts, isKey, type Key } from '../key.ts';
import type {
  Body,
  CallOptions,
  Capabilities,
  ChangeOptions,
  LinkOptions,
  Lock,
  ObjectStatus,
  PutOptions,
  Range,
  Room,
  Storage,
} from '../storage.ts';
import { type Bucket, decoded, nameBelow, naming, targetOf } from './bucket.ts';
import { type ClientOptions, openClient, type Sdk } from './client.ts';
import { copyObject } from './copy.ts';
import { directPuts, type Way, wayOf } from './direct.ts';
import { look, readPart, readWhole, statusFrom, streamOf } from './reading.ts';
import { namedS3Error, statusOf } from './s3-errors.ts';
import { S3Locking } from './s3-locking.ts';
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

/**
 * Requests at a time that make up for the way to the server: a client of one thread makes some 2,000 a second of small objects, and
 * an answer from a region takes 30 ms and more.
 */
const PARALLEL = 64;

/** Looks whether the bucket is there: STORAGE_MISSING, since making one is for a person to decide. */
export async function openS3Storage(options: S3StorageOptions, { signal }: CallOptions): Promise<Storage> {
  const { bucket: name, prefix, endpoint, part = PART, largestCopy = LARGEST_COPY } = options;
  const location = `s3://${name}${prefix === '' ? '' : `/${prefix}`}`;
  signal.throwIfAborted();
  const { sdk, client } = await openClient(location, options);
  let way: Way | undefined;
  try {
    way = await findBucket(sdk, client, name, signal);
  } catch (error) {
    client.destroy();
    signal.throwIfAborted();
    if (statusOf(error) === 404) throw storageErrors.STORAGE_MISSING({ storage: location }, { cause: error });
    throw namedS3Error({ storage: location, operation: 'open', key: '' }, error);
  }
  const root = prefix === '' ? '' : `${prefix}/`;
  const isAws = endpoint === undefined;
  const putDirectly = way === undefined ? undefined : await directPuts(sdk, client, way);
  return new S3Storage({ location, sdk, client, name, root, part, largestCopy, isAws, putDirectly });
}

/** Wherever AWS has sent us to. */
async function findBucket(
  sdk: Sdk,
  client: S3Client,
  Bucket: string,
  signal: AbortSignal,
): Promise<Way | undefined> {
  let way: Way | undefined;
  const command = new sdk.HeadBucketCommand({ Bucket });
  command.middlewareStack.add(
    (next) => async (args) => {
      way = wayOf(args.request as HttpRequest);
      return next(args);
    },
    { step: 'deserialize', priority: 'low' },
  );
  await client.send(command, { abortSignal: signal });
  return way;
}

class S3Storage implements Storage {
  readonly location: string;
  readonly capabilities: Capabilities;
  readonly locking: S3Locking;
  readonly #bucket: Bucket;

  constructor(bucket: Bucket) {
    this.location = bucket.location;
    // Others may not know the condition of a put, or lose a race in spite of it.
    const writeOnce = bucket.isAws ? 'atomic' : 'checked';
    this.capabilities = { writeOnce, links: 'copied', parallel: PARALLEL };
    this.locking = new S3Locking(bucket);
    this.#bucket = bucket;
  }

  async put(key: Key, body: Body, { lock, isNew = false, sha256, signal }: PutOptions): Promise<void> {
    const bucket = this.#bucket;
    const version = await naming(bucket, 'put', key, signal, async () => {
      const looks = !isNew && this.capabilities.writeOnce === 'checked';
      if (looks && (await look(bucket, { key }, signal)) !== undefined)
        throw storageErrors.STORAGE_EXISTS({ key, storage: this.location });
      return upload({ bucket, key, lock }, body, { sha256, signal });
    });
    await this.#requireLocked(key, version, lock, signal);
  }

  async read(key: Key, options: CallOptions & { limit: number }): Promise<Uint8Array> {
    return readWhole(this.#bucket, { operation: 'read', key }, options);
  }

  async readRange(key: Key, range: CallOptions & Range): Promise<Uint8Array> {
    return readPart(this.#bucket, { operation: 'readRange', key }, range);
  }

  stream(key: Key, options: CallOptions & Partial<Range>): AsyncGenerator<Uint8Array> {
    return streamOf(this.#bucket, { operation: 'stream', key }, options);
  }

  async stat(key: Key, { signal }: CallOptions): Promise<ObjectStatus | undefined> {
    return naming(this.#bucket, 'stat', key, signal, async () => {
      const head = await look(this.#bucket, { key }, signal);
      return head === undefined ? undefined : statusFrom(key, head);
    });
  }

  async *list(folder: Key | '', { signal }: CallOptions): AsyncGenerator<readonly ObjectStatus[]> {
    const bucket = this.#bucket;
    const { sdk, client, root } = bucket;
    signal.throwIfAborted();
    try {
      const input = {
        Bucket: bucket.name,
        Prefix: folder === '' ? root : `${root}${folder}/`,
        // Keys of others may hold what XML can't.
        EncodingType: 'url',
      } as const;
      for await (const { Contents = [] } of sdk.paginateListObjectsV2({ client }, input, {
        abortSignal: signal,
      })) {
        const batch = Contents.flatMap(({ Key: name = '', Size = 0, LastModified }): ObjectStatus[] => {
          const key = nameBelow(bucket, name);
          return isKey(key) ? [{ key, size: Size, modified: LastModified?.getTime() ?? 0 }] : [];
        });
        if (batch.length > 0) yield batch;
      }
    } catch (error) {
      signal.throwIfAborted();
      throw namedS3Error({ storage: this.location, operation: 'list', key: folder }, error);
    }
  }

  async remove(key: Key, { signal }: ChangeOptions): Promise<void> {
    const { sdk, client } = this.#bucket;
    await naming(this.#bucket, 'remove', key, signal, async () => {
      await client.send(new sdk.DeleteObjectCommand(targetOf(this.#bucket, key)), { abortSignal: signal });
    });
  }

  async folders(folder: Key | '', { signal }: CallOptions): Promise<readonly string[]> {
    const { sdk, client, name: bucket, root } = this.#bucket;
    const start = folder === '' ? root : `${root}${folder}/`;
    return naming(this.#bucket, 'folders', folder, signal, async () => {
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
  async link(from: Key, to: Key, { signal, expect, lock, isNew = false }: LinkOptions): Promise<void> {
    const bucket = this.#bucket;
    const version = await naming(bucket, 'link', from, signal, async () => {
      const [source, there] = await Promise.all([
        look(bucket, { key: from }, signal),
        isNew ? undefined : look(bucket, { key: to }, signal),
      ]);
      const found = source && statusFrom(from, source);
      requireExpected(found, { storage: this.location, key: from }, expect);
      if (there !== undefined) throw storageErrors.STORAGE_EXISTS({ key: to, storage: this.location });
      const copied = { key: from, size: found.size, version: source?.VersionId, etag: source?.ETag };
      return copyObject(bucket, copied, { key: to, lock }, { signal });
    });
    await this.#requireLocked(to, version, lock, signal);
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
    this.#bucket.client.destroy();
  }

  /** A lock counts when the server, asked again, has told it. */
  async #requireLocked(
    key: Key,
    version: string | undefined,
    lock: Lock | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    if (lock === undefined) return;
    if (version === undefined)
      throw storageErrors.STORAGE_LACKS({ storage: this.location, lacks: 'versions' });
    await this.locking.extend(key, version, lock, { signal });
  }
}
