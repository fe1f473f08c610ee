/** Versions of the objects of a bucket, and Object Lock. */
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { storageErrors } from '../errors.ts';
import { compareKeys, isKey, type Key } from '../key.ts';
import { covers } from '../locking.ts';
import type {
  CallOptions,
  Lock,
  Locking,
  LockingState,
  LockMode,
  ObjectVersion,
  Range,
  VersionStatus,
} from '../storage.ts';
import { type Bucket, decoded, nameBelow, naming, targetOf } from './bucket.ts';
import { timeOf } from './client.ts';
import { copyObject } from './copy.ts';
import { look, statusFrom, streamOf } from './reading.ts';
import { statusOf } from './s3-errors.ts';
import { lockFields } from './upload.ts';

/** That there is none, of an object and of a bucket; Ceph says the latter of an object too. */
const noLock: ReadonlySet<string> = new Set([
  'NoSuchObjectLockConfiguration',
  'ObjectLockConfigurationNotFoundError',
]);

export class S3Locking implements Locking {
  readonly #bucket: Bucket;

  constructor(bucket: Bucket) {
    this.#bucket = bucket;
  }

  async state({ signal }: CallOptions): Promise<LockingState> {
    const { sdk, client, name } = this.#bucket;
    const abort = { abortSignal: signal };
    return naming(this.#bucket, 'state', '', signal, async () => {
      const { time } = await this.#now(signal);
      const versioned = await known(async () => {
        const answer = await client.send(new sdk.GetBucketVersioningCommand({ Bucket: name }), abort);
        return answer.Status === 'Enabled';
      });
      const lockable = await known(async () => {
        const answer = await client.send(new sdk.GetObjectLockConfigurationCommand({ Bucket: name }), abort);
        return answer.ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled';
      });
      return { versioned, lockable, time };
    });
  }

  async *versions(folder: Key | '', { signal }: CallOptions): AsyncGenerator<readonly ObjectVersion[]> {
    const bucket = this.#bucket;
    const { sdk, client, name, root } = bucket;
    const belongs = (key: string) => folder === '' || key === folder || key.startsWith(`${folder}/`);
    let from: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
    for (;;) {
      const page = await naming(bucket, 'versions', folder, signal, () =>
        client.send(
          new sdk.ListObjectVersionsCommand({
            Bucket: name,
            Prefix: `${root}${folder}`,
            EncodingType: 'url',
            ...from,
          }),
          { abortSignal: signal },
        ),
      );
      const batch: ObjectVersion[] = [];
      const add = (one: ListedVersion, deleted: boolean) => {
        const key = nameBelow(bucket, one.Key ?? '');
        if (!isKey(key) || !belongs(key)) return;
        batch.push({
          key,
          version: one.VersionId ?? 'null',
          size: one.Size ?? 0,
          modified: one.LastModified?.getTime() ?? 0,
          latest: one.IsLatest === true,
          deleted,
        });
      };
      for (const one of page.Versions ?? []) add(one, false);
      for (const one of page.DeleteMarkers ?? []) add(one, true);
      // The two come apart; each is in order, and so they are put together again.
      if (batch.length > 0) yield batch.sort(latestFirst);
      if (page.IsTruncated !== true) return;
      from = {
        KeyMarker: page.NextKeyMarker === undefined ? undefined : decoded(page.NextKeyMarker),
        VersionIdMarker: page.NextVersionIdMarker,
      };
    }
  }

  async statVersion(key: Key, version: string, { signal }: CallOptions): Promise<VersionStatus> {
    return naming(this.#bucket, 'statVersion', key, signal, async () => {
      const head = await look(this.#bucket, { key, version }, signal);
      if (head === undefined) throw storageErrors.STORAGE_NOT_FOUND({ key, storage: this.#bucket.location });
      return {
        ...statusFrom(key, head),
        version,
        lock: lockIn(head) ?? (await this.#askForLock(key, version, signal)),
        time: timeOf(head),
        request: head.$metadata.requestId ?? '',
      };
    });
  }

  streamVersion(
    key: Key,
    version: string,
    options: CallOptions & Partial<Range>,
  ): AsyncGenerator<Uint8Array> {
    return streamOf(this.#bucket, { operation: 'streamVersion', key, version }, options);
  }

  async extend(key: Key, version: string, lock: Lock, { signal }: CallOptions): Promise<VersionStatus> {
    const bucket = this.#bucket;
    const { sdk, client } = bucket;
    const before = await this.statVersion(key, version, { signal });
    if (covers(before.lock, lock)) return before;
    const wanted = strictest(before.lock, lock);
    await naming(bucket, 'extend', key, signal, async () => {
      const { ObjectLockMode: Mode, ObjectLockRetainUntilDate: RetainUntilDate } = lockFields(wanted);
      const command = new sdk.PutObjectRetentionCommand({
        ...targetOf(bucket, key, version),
        Retention: { Mode, RetainUntilDate },
      });
      await client.send(command, { abortSignal: signal });
    });
    const after = await this.statVersion(key, version, { signal });
    if (covers(after.lock, lock)) return after;
    throw storageErrors.STORAGE_LOCK_SHORT({
      storage: bucket.location,
      key,
      wanted: new Date(lock.until).toISOString(),
      found: typeof after.lock === 'string' ? after.lock : new Date(after.lock.until).toISOString(),
    });
  }

  async layOnTop(
    key: Key,
    version: string,
    { lock, signal }: CallOptions & { readonly lock?: Lock },
  ): Promise<void> {
    const made = await naming(this.#bucket, 'layOnTop', key, signal, async () => {
      const head = await look(this.#bucket, { key, version }, signal);
      if (head === undefined) throw storageErrors.STORAGE_NOT_FOUND({ key, storage: this.#bucket.location });
      const { size } = statusFrom(key, head);
      return copyObject(this.#bucket, { key, version, size }, { key, lock }, { signal });
    });
    if (lock !== undefined && made !== undefined) await this.extend(key, made, lock, { signal });
  }

  /** What a version without a lock and one whose lock we may not see have in common is that nothing is told. */
  async #askForLock(key: Key, version: string, signal: AbortSignal): Promise<Lock | 'none' | 'unknown'> {
    const { sdk, client } = this.#bucket;
    try {
      const { Retention } = await client.send(
        new sdk.GetObjectRetentionCommand(targetOf(this.#bucket, key, version)),
        { abortSignal: signal },
      );
      return (
        lockIn({
          ObjectLockMode: Retention?.Mode,
          ObjectLockRetainUntilDate: Retention?.RetainUntilDate,
        }) ?? 'unknown'
      );
    } catch (error) {
      if (error instanceof Error && noLock.has(error.name)) return 'none';
      // AWS says so where the bucket as a whole has no locks.
      if (statusOf(error) === 400) return 'none';
      if (statusOf(error) === 403) return 'unknown';
      throw error;
    }
  }

  async #now(signal: AbortSignal): Promise<{ time: number }> {
    const { sdk, client, name } = this.#bucket;
    const answer = await client.send(new sdk.HeadBucketCommand({ Bucket: name }), { abortSignal: signal });
    return { time: timeOf(answer) };
  }
}

interface ListedVersion {
  readonly Key?: string | undefined;
  readonly VersionId?: string | undefined;
  readonly Size?: number | undefined;
  readonly LastModified?: Date | undefined;
  readonly IsLatest?: boolean | undefined;
}

/** undefined where we may not ask. */
async function known<Answer>(ask: () => Promise<Answer>): Promise<Answer | boolean | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Error && noLock.has(error.name)) return false;
    // A server that has never heard of it.
    if (statusOf(error) === 501) return false;
    if (statusOf(error) === 403) return undefined;
    throw error;
  }
}

function lockIn({
  ObjectLockMode,
  ObjectLockRetainUntilDate,
}: Pick<HeadObjectCommandOutput, 'ObjectLockMode' | 'ObjectLockRetainUntilDate'>): Lock | undefined {
  if (ObjectLockMode === undefined || ObjectLockRetainUntilDate === undefined) return undefined;
  const mode: LockMode = ObjectLockMode === 'COMPLIANCE' ? 'compliance' : 'governance';
  return { mode, until: ObjectLockRetainUntilDate.getTime() };
}

/** What is there may be longer, or stricter, than what is wanted; neither is given up for the other. */
function strictest(found: VersionStatus['lock'], wanted: Lock): Lock {
  if (typeof found === 'string') return wanted;
  const mode = found.mode === 'compliance' ? found.mode : wanted.mode;
  return { mode, until: Math.max(found.until, wanted.until) };
}

function latestFirst(left: ObjectVersion, right: ObjectVersion): number {
  const order = compareKeys(left.key, right.key);
  if (order !== 0) return order;
  if (left.latest !== right.latest) return left.latest ? -1 : 1;
  return right.modified - left.modified;
}
