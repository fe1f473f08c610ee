/**
 * Tries again what may succeed a little later. Only errors of the storage that say so are worth it: what a body's own
 * source throws, or the signal's reason, passes at once.
 */
import { createHash } from 'node:crypto';
import { delay } from '../../base/abort.ts';
import { type HikaeError, isHikaeError } from '../../base/errors.ts';
import { piecesOf, sizeOf } from '../body.ts';
import { storageErrors } from '../errors.ts';
import { compareKeys, type Key } from '../key.ts';
import type {
  Body,
  CallOptions,
  ChangeOptions,
  Locking,
  ObjectStatus,
  ObjectVersion,
  PutOptions,
  Range,
  Storage,
  Tree,
} from '../storage.ts';

export interface RetryOptions {
  /** how often a call is made at most, the first time included */
  readonly attempts: number;
  /** milliseconds before the second attempt; they double each time, and chance takes away up to half of them */
  readonly pause: number;
  /** chance: at least 0, less than 1 */
  readonly random: () => number;
  readonly onRetry?: (error: HikaeError, attempt: number) => void;
}

export function retrying(storage: Storage, retry: RetryOptions): Storage {
  return {
    location: storage.location,
    capabilities: storage.capabilities,
    locking: storage.locking && retryingLocking(storage.locking, retry),
    put: (key, body, options) =>
      attempting(retry, options, async (earlier) => {
        try {
          // After an answer that was lost there may be one.
          await storage.put(key, body, earlier === undefined ? options : { ...options, isNew: false });
        } catch (error) {
          if (!mayBeOurs(error, earlier) || !(await holds(storage, key, body, options))) throw error;
          await ensureLocked(storage, key, options);
        }
      }),
    link: (from, to, options) =>
      attempting(retry, options, async (earlier) => {
        try {
          await storage.link(from, to, earlier === undefined ? options : { ...options, isNew: false });
        } catch (error) {
          if (!mayBeOurs(error, earlier)) throw error;
          const source = await storage.stat(from, options);
          const body = { size: source?.size ?? -1, open: () => storage.stream(from, options) };
          if (!(await holds(storage, to, body, options))) throw error;
          await ensureLocked(storage, to, options);
        }
      }),
    read: (key, options) => attempting(retry, options, () => storage.read(key, options)),
    readRange: (key, options) => attempting(retry, options, () => storage.readRange(key, options)),
    stat: (key, options) => attempting(retry, options, () => storage.stat(key, options)),
    remove: (key, options) => attempting(retry, options, () => storage.remove(key, options)),
    folders: (folder, options) => attempting(retry, options, () => storage.folders(folder, options)),
    ...(storage.tree && { tree: retryingTree(storage, storage.tree, retry) }),
    sync: (options) => attempting(retry, options, () => storage.sync(options)),
    room: (options) => attempting(retry, options, () => storage.room(options)),
    stream: (key, options) => resumingStream((range) => storage.stream(key, range), options, retry),
    list: (folder, options) => resumingList(() => storage.list(folder, options), options, retry),
    close: () => storage.close(),
  };
}

function retryingTree(storage: Storage, tree: Tree, retry: RetryOptions): Tree {
  return {
    move: (from, to, options) =>
      attempting(retry, options, async (earlier) => {
        try {
          await tree.move(from, to, options);
        } catch (error) {
          // What is where it should be, and no longer where it was, an earlier attempt has moved.
          if (earlier === undefined || !isHikaeError(error, 'STORAGE_EXISTS')) throw error;
          if (await hasFolder(storage, from, options)) throw error;
        }
      }),
    remove: (folder, options) => attempting(retry, options, () => tree.remove(folder, options)),
    point: (name, to, options) => attempting(retry, options, () => tree.point(name, to, options)),
  };
}

async function hasFolder(storage: Storage, folder: Key, options: CallOptions): Promise<boolean> {
  const slash = folder.lastIndexOf('/');
  const names = await storage.folders(folder.slice(0, Math.max(0, slash)) as Key | '', options);
  return names.includes(folder.slice(slash + 1));
}

function retryingLocking(locking: Locking, retry: RetryOptions): Locking {
  return {
    state: (options) => attempting(retry, options, () => locking.state(options)),
    versions: (folder, options) => relisting(() => locking.versions(folder, options), options, retry),
    statVersion: (key, version, options) =>
      attempting(retry, options, () => locking.statVersion(key, version, options)),
    streamVersion: (key, version, options) =>
      resumingStream((range) => locking.streamVersion(key, version, range), options, retry),
    extend: (key, version, lock, options) =>
      attempting(retry, options, () => locking.extend(key, version, lock, options)),
    layOnTop: (key, version, options) =>
      attempting(retry, options, () => locking.layOnTop(key, version, options)),
  };
}

/** The attempt whose answer was lost gave the lock together with the bytes; nobody has looked at it yet. */
async function ensureLocked({ locking }: Storage, key: Key, { lock, signal }: PutOptions): Promise<void> {
  if (lock === undefined || locking === undefined) return;
  for await (const batch of locking.versions(key, { signal })) {
    for (const { version, deleted } of batch)
      if (!deleted) await locking.extend(key, version, lock, { signal });
  }
}

/** Makes a call until it succeeds, fails for good, or has been made often enough; it learns how it failed before. */
export async function attempting<Result>(
  retry: RetryOptions,
  { signal }: CallOptions,
  call: (earlier: HikaeError | undefined) => Promise<Result>,
): Promise<Result> {
  let earlier: HikaeError | undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      return await call(earlier);
    } catch (error) {
      if (attempt >= retry.attempts || !isTransient(error)) throw error;
      earlier = error;
      await pauseAfter(attempt, error, retry, signal);
    }
  }
}

async function pauseAfter(
  attempt: number,
  error: HikaeError,
  { pause, random, onRetry }: RetryOptions,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  onRetry?.(error, attempt);
  await delay(pause * 2 ** (attempt - 1) * (1 - random() / 2), signal);
}

function isTransient(error: unknown): error is HikaeError {
  return isHikaeError(error) && error.code in storageErrors.specs && error.transient;
}

/** The answer to an earlier attempt may have been lost after it had succeeded: then what exists now is its work. */
function mayBeOurs(error: unknown, earlier: HikaeError | undefined): boolean {
  return earlier !== undefined && isHikaeError(error, 'STORAGE_EXISTS');
}

/** Whether exactly these bytes lie under the key. They are fetched only where the medium tells no hash of them. */
async function holds(storage: Storage, key: Key, body: Body, { signal }: ChangeOptions): Promise<boolean> {
  const found = await storage.stat(key, { signal });
  if (found?.size !== sizeOf(body)) return false;
  const ours = await hashOf(piecesOf(body, { storage: storage.location, key }, { signal }));
  return ours === (found.sha256 ?? (await hashOf(storage.stream(key, { signal }))));
}

async function hashOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}

/** Goes on where it was cut off; what has come through counts as success, so that each cut has all attempts. */
async function* resumingStream(
  stream: (options: CallOptions & Partial<Range>) => AsyncIterable<Uint8Array>,
  { offset = 0, length, signal }: CallOptions & Partial<Range>,
  retry: RetryOptions,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  for (let attempt = 1; ; attempt++) {
    const rest = { offset: offset + done, ...(length === undefined ? {} : { length: length - done }) };
    try {
      for await (const piece of stream({ ...rest, signal })) {
        done += piece.length;
        attempt = 1;
        yield piece;
      }
      return;
    } catch (error) {
      if (attempt >= retry.attempts || !isTransient(error)) throw error;
      await pauseAfter(attempt, error, retry, signal);
    }
  }
}

/** Lists anew and leaves out what was listed already: the order of the keys tells which that is. */
async function* resumingList(
  list: () => AsyncIterable<readonly ObjectStatus[]>,
  options: CallOptions,
  retry: RetryOptions,
): AsyncGenerator<readonly ObjectStatus[]> {
  let last: Key | undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      for await (const batch of list()) {
        const seen = last;
        const fresh = seen === undefined ? batch : batch.filter(({ key }) => compareKeys(key, seen) > 0);
        if (fresh.length === 0) continue;
        last = fresh.at(-1)?.key;
        attempt = 1;
        yield fresh;
      }
      return;
    } catch (error) {
      if (attempt >= retry.attempts || !isTransient(error)) throw error;
      await pauseAfter(attempt, error, retry, options.signal);
    }
  }
}

/** As `resumingList`; the versions of one key may be spread over two batches. */
async function* relisting(
  list: () => AsyncIterable<readonly ObjectVersion[]>,
  options: CallOptions,
  retry: RetryOptions,
): AsyncGenerator<readonly ObjectVersion[]> {
  const seen = new Set<string>();
  for (let attempt = 1; ; attempt++) {
    try {
      for await (const batch of list()) {
        const fresh = batch.filter(({ key, version }) => !seen.has(`${key} ${version}`));
        if (fresh.length === 0) continue;
        for (const { key, version } of fresh) seen.add(`${key} ${version}`);
        attempt = 1;
        yield fresh;
      }
      return;
    } catch (error) {
      if (attempt >= retry.attempts || !isTransient(error)) throw error;
      await pauseAfter(attempt, error, retry, options.signal);
    }
  }
}
