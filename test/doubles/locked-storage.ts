/**
 * A storage in memory that keeps versions and locks as a bucket with Object Lock does: nothing that was put is ever changed,
 * what is put or removed lies on top, and a version goes only when its lock is over. Its clock is a number that a test sets.
 */
import { createHash } from 'node:crypto';
import { breathe } from '../../src/base/abort.ts';
import { piecesOf } from '../../src/storage/body.ts';
import { storageErrors } from '../../src/storage/errors.ts';
import { requireExpected } from '../../src/storage/expectation.ts';
import { compareKeys, compareTexts, type Key } from '../../src/storage/key.ts';
import {
  type Body,
  type CallOptions,
  type ChangeOptions,
  covers,
  type LinkOptions,
  type Lock,
  type Locking,
  type ObjectStatus,
  type ObjectVersion,
  type PutOptions,
  type Range,
  type Storage,
  type VersionStatus,
} from '../../src/storage/storage.ts';

interface Version {
  readonly version: string;
  /** undefined of a mark that says "deleted" */
  readonly bytes: Uint8Array | undefined;
  readonly modified: number;
  lock: Lock | undefined;
}

export class LockedStorage implements Storage {
  readonly location = 'memory-with-locks:';
  readonly capabilities = { writeOnce: 'atomic', links: 'copied', parallel: 4 } as const;
  /** milliseconds since 1970 UTC */
  time: number;
  /** what who asks may not see of locks */
  seesLocks = true;
  /** the latest first */
  readonly #objects = new Map<Key, Version[]>();
  #count = 0;

  constructor(time: number) {
    this.time = time;
  }

  /** Another that holds the same, and goes its own way from here. */
  copy(): LockedStorage {
    const other = new LockedStorage(this.time);
    for (const [key, versions] of this.#objects) {
      const copies = versions.map((version) => ({ ...version }));
      other.#objects.set(key, copies);
    }
    other.#count = this.#count;
    return other;
  }

  async put(key: Key, body: Body, { signal, lock }: PutOptions): Promise<void> {
    await breathe(signal);
    if (this.#seen(key) !== undefined) throw storageErrors.STORAGE_EXISTS({ key, storage: this.location });
    const pieces: Uint8Array[] = [];
    for await (const piece of piecesOf(body, { storage: this.location, key }, { signal }))
      pieces.push(Uint8Array.from(piece));
    this.overwrite(key, Buffer.concat(pieces), lock);
  }

  /** Lays a version on top of whatever is there, as everybody with the right to put can. */
  overwrite(key: Key, bytes: Uint8Array, lock?: Lock): void {
    this.#add(key, bytes, lock);
  }

  async read(key: Key, { limit, signal }: CallOptions & { limit: number }): Promise<Uint8Array> {
    await breathe(signal);
    const bytes = this.#get(key);
    if (bytes.length > limit) throw storageErrors.STORAGE_TOO_LARGE({ key, storage: this.location, limit });
    return Uint8Array.from(bytes);
  }

  async readRange(key: Key, { offset, length, signal }: CallOptions & Range): Promise<Uint8Array> {
    await breathe(signal);
    return this.#cut(key, this.#get(key), offset, length);
  }

  async *stream(key: Key, { offset = 0, length, signal }: CallOptions & Partial<Range>) {
    await breathe(signal);
    const bytes = this.#get(key);
    yield this.#cut(key, bytes, offset, length ?? bytes.length - offset);
  }

  async stat(key: Key, { signal }: CallOptions): Promise<ObjectStatus | undefined> {
    await breathe(signal);
    const seen = this.#seen(key);
    return seen && { key, size: seen.bytes.length, modified: seen.modified, sha256: hashOf(seen.bytes) };
  }

  async *list(folder: Key | '', { signal }: CallOptions): AsyncGenerator<readonly ObjectStatus[]> {
    await breathe(signal);
    yield this.#below(folder).flatMap((key) => {
      const seen = this.#seen(key);
      return seen === undefined ? [] : [{ key, size: seen.bytes.length, modified: seen.modified }];
    });
  }

  async remove(key: Key, { signal }: ChangeOptions): Promise<void> {
    await breathe(signal);
    if (this.#seen(key) !== undefined) this.#add(key, undefined, undefined);
  }

  async link(from: Key, to: Key, { signal, expect, lock }: LinkOptions): Promise<void> {
    requireExpected(await this.stat(from, { signal }), { storage: this.location, key: from }, expect);
    if (this.#seen(to) !== undefined) throw storageErrors.STORAGE_EXISTS({ key: to, storage: this.location });
    this.overwrite(to, this.#get(from), lock);
  }

  async folders(folder: Key | '', { signal }: CallOptions): Promise<readonly string[]> {
    await breathe(signal);
    const start = folder === '' ? 0 : folder.length + 1;
    const names = this.#below(folder).flatMap((key) => key.slice(start).split('/').slice(0, -1).slice(0, 1));
    return [...new Set(names)].sort(compareTexts);
  }

  async sync(): Promise<void> {}

  async room() {
    return {};
  }

  async close(): Promise<void> {}

  readonly locking: Locking = {
    state: async ({ signal }) => {
      await breathe(signal);
      return { versioned: true, lockable: true, time: this.time };
    },
    versions: (folder, options) => this.#versions(folder, options),
    statVersion: async (key, version, { signal }) => {
      await breathe(signal);
      return this.#statusOf(key, this.#version(key, version));
    },
    streamVersion: (key, version, options) => this.#streamVersion(key, version, options),
    extend: async (key, version, lock, { signal }) => {
      await breathe(signal);
      const found = this.#version(key, version);
      const { mode, until } = found.lock ?? lock;
      if (!covers(found.lock ?? 'none', lock))
        found.lock = { mode: mode === 'compliance' ? mode : lock.mode, until: Math.max(until, lock.until) };
      return this.#statusOf(key, found);
    },
    layOnTop: async (key, version, { signal, lock }) => {
      await breathe(signal);
      this.#add(key, this.#version(key, version).bytes, lock);
    },
  };

  /** Removes a version for good, as the rules of a bucket do; STORAGE_REFUSED while it is locked. */
  destroy(key: Key, version: string): void {
    const { lock } = this.#version(key, version);
    if (lock !== undefined && lock.until > this.time)
      throw storageErrors.STORAGE_REFUSED({ ...this.#call('destroy', key), reason: 'it is locked' });
    this.#objects.set(
      key,
      this.#all(key).filter((one) => one.version !== version),
    );
  }

  async *#versions(folder: Key | '', { signal }: CallOptions): AsyncGenerator<readonly ObjectVersion[]> {
    await breathe(signal);
    const keys = this.#objects.has(folder as Key) ? [folder as Key] : this.#below(folder);
    yield keys.flatMap((key) =>
      this.#all(key).map(({ version, bytes, modified }, at) => ({
        key,
        version,
        modified,
        size: bytes?.length ?? 0,
        latest: at === 0,
        deleted: bytes === undefined,
      })),
    );
  }

  async *#streamVersion(key: Key, version: string, options: CallOptions & Partial<Range>) {
    const { offset = 0, length, signal } = options;
    await breathe(signal);
    const { bytes = new Uint8Array() } = this.#version(key, version);
    yield this.#cut(key, bytes, offset, length ?? bytes.length - offset);
  }

  #statusOf(key: Key, { version, bytes = new Uint8Array(), modified, lock }: Version) {
    const told: VersionStatus['lock'] = this.seesLocks ? (lock ?? 'none') : 'unknown';
    const sha256 = hashOf(bytes);
    return { key, version, modified, size: bytes.length, sha256, lock: told, time: this.time, request: '-' };
  }

  #add(key: Key, bytes: Uint8Array | undefined, lock: Lock | undefined): void {
    this.#count += 1;
    const made = { version: `v${this.#count}`, bytes, modified: this.time, lock };
    this.#objects.set(key, [made, ...this.#all(key)]);
  }

  #all(key: Key): readonly Version[] {
    return this.#objects.get(key) ?? [];
  }

  #version(key: Key, version: string): Version {
    const found = this.#all(key).find((one) => one.version === version);
    if (found === undefined) throw storageErrors.STORAGE_NOT_FOUND({ key, storage: this.location });
    return found;
  }

  #seen(key: Key): (Version & { readonly bytes: Uint8Array }) | undefined {
    const [latest] = this.#all(key);
    return latest?.bytes === undefined ? undefined : { ...latest, bytes: latest.bytes };
  }

  #get(key: Key): Uint8Array {
    const seen = this.#seen(key);
    if (seen === undefined) throw storageErrors.STORAGE_NOT_FOUND({ key, storage: this.location });
    return seen.bytes;
  }

  #cut(key: Key, bytes: Uint8Array, offset: number, length: number): Uint8Array {
    const needed = offset + length;
    if (needed > bytes.length)
      throw storageErrors.STORAGE_TOO_SHORT({ key, storage: this.location, size: bytes.length, needed });
    return bytes.slice(offset, needed);
  }

  #below(folder: Key | ''): Key[] {
    const start = folder === '' ? '' : `${folder}/`;
    return [...this.#objects.keys()].filter((key) => key.startsWith(start)).sort(compareKeys);
  }

  #call(operation: string, key: Key) {
    return { storage: this.location, operation, key };
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
