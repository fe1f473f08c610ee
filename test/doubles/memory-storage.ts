/**
 * A storage in memory that knows what a loss of power would leave: what was put off to a sync that had not come may be
 * there or not. Faults come from `faultyStorage`, which can be put around any storage.
 */
import { breathe } from '../../src/base/abort.ts';
import type { HikaeError } from '../../src/base/errors.ts';
import { piecesOf } from '../../src/storage/body.ts';
import { storageErrors } from '../../src/storage/errors.ts';
import { requireExpected } from '../../src/storage/expectation.ts';
import { compareKeys, compareTexts, type Key, keyFrom } from '../../src/storage/key.ts';
import { refuseLock } from '../../src/storage/locking.ts';
import type {
  Body,
  CallOptions,
  ChangeOptions,
  LinkOptions,
  ObjectStatus,
  PutOptions,
  Range,
  Storage,
  Tree,
} from '../../src/storage/storage.ts';

interface Stored {
  readonly bytes: Uint8Array;
  readonly modified: number;
}

const PIECE = 65_536;
const BATCH = 100;

export class MemoryStorage implements Storage {
  readonly location = 'memory:';
  readonly capabilities = { writeOnce: 'atomic', links: 'shared', parallel: 4 } as const;
  /** what is seen; a test damages an object by setting another here */
  readonly objects: Map<Key, Stored>;
  /** what was there, of every key that was changed since the last sync */
  readonly #unsynced = new Map<Key, Stored | undefined>();

  readonly tree?: Tree;
  /** names that lead to others, where the medium keeps folders */
  readonly pointers = new Map<Key, string>();

  /** With `folders` it is a medium that keeps such. */
  constructor(objects: ReadonlyMap<Key, Stored> = new Map(), { folders = false } = {}) {
    this.objects = new Map(objects);
    if (folders) this.tree = this.#treeOf();
  }

  /** The storage after a loss of power: of each change that no sync covered, `kept` decides. */
  afterCrash(kept: (key: Key) => boolean): MemoryStorage {
    const survived = new MemoryStorage(this.objects, { folders: this.tree !== undefined });
    for (const [key, before] of this.#unsynced) {
      if (kept(key)) continue;
      if (before === undefined) survived.objects.delete(key);
      else survived.objects.set(key, before);
    }
    return survived;
  }

  async put(key: Key, body: Body, { signal, durable = 'now', lock }: PutOptions): Promise<void> {
    refuseLock(this.location, { lock });
    await breathe(signal);
    this.#requireFree(key);
    const pieces: Uint8Array[] = [];
    for await (const piece of piecesOf(body, { storage: this.location, key }, { signal })) {
      pieces.push(Uint8Array.from(piece));
      await breathe(signal);
    }
    this.#requireFree(key);
    this.#change(key, { bytes: Buffer.concat(pieces), modified: Date.now() }, durable);
  }

  async read(key: Key, { limit, signal }: CallOptions & { limit: number }): Promise<Uint8Array> {
    await breathe(signal);
    const { bytes } = this.#get(key);
    if (bytes.length > limit) throw storageErrors.STORAGE_TOO_LARGE({ key, storage: this.location, limit });
    return Uint8Array.from(bytes);
  }

  async readRange(key: Key, { offset, length, signal }: CallOptions & Range): Promise<Uint8Array> {
    await breathe(signal);
    const { bytes } = this.#get(key);
    this.#requireSize(key, bytes.length, offset + length);
    return bytes.slice(offset, offset + length);
  }

  async *stream(
    key: Key,
    { offset = 0, length, signal }: CallOptions & Partial<Range>,
  ): AsyncGenerator<Uint8Array> {
    await breathe(signal);
    const { bytes } = this.#get(key);
    const end = length === undefined ? Math.max(bytes.length, offset) : offset + length;
    this.#requireSize(key, bytes.length, end);
    for (let at = offset; at < end; at += PIECE) {
      await breathe(signal);
      yield bytes.slice(at, Math.min(at + PIECE, end));
    }
  }

  async stat(key: Key, { signal }: CallOptions): Promise<ObjectStatus | undefined> {
    await breathe(signal);
    const stored = this.objects.get(key);
    return stored && { key, size: stored.bytes.length, modified: stored.modified };
  }

  async *list(folder: Key | '', { signal }: CallOptions): AsyncGenerator<readonly ObjectStatus[]> {
    await breathe(signal);
    const start = folder === '' ? '' : `${folder}/`;
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(start)).sort(compareKeys);
    for (let at = 0; at < keys.length; at += BATCH) {
      await breathe(signal);
      yield keys.slice(at, at + BATCH).flatMap((key) => {
        const stored = this.objects.get(key);
        return stored === undefined ? [] : [{ key, size: stored.bytes.length, modified: stored.modified }];
      });
    }
  }

  async remove(key: Key, { signal, durable = 'now' }: ChangeOptions): Promise<void> {
    await breathe(signal);
    if (this.objects.has(key)) this.#change(key, undefined, durable);
  }

  async link(from: Key, to: Key, { signal, expect, durable = 'now', lock }: LinkOptions): Promise<void> {
    refuseLock(this.location, { lock });
    await breathe(signal);
    requireExpected(await this.stat(from, { signal }), { storage: this.location, key: from }, expect);
    const stored = this.#get(from);
    this.#requireFree(to);
    this.#change(to, stored, durable);
  }

  async folders(folder: Key | '', { signal }: CallOptions): Promise<readonly string[]> {
    await breathe(signal);
    const start = folder === '' ? '' : `${folder}/`;
    const inside = [...this.objects.keys()].filter((key) => key.startsWith(start)).sort(compareKeys);
    const names = inside.flatMap((key) => key.slice(start.length).split('/').slice(0, -1).slice(0, 1));
    return [...new Set(names)].sort(compareTexts);
  }

  #treeOf(): Tree {
    const below = (folder: Key) => [...this.objects.keys()].filter((key) => key.startsWith(`${folder}/`));
    return {
      move: async (from, to, { signal }) => {
        await breathe(signal);
        const storage = this.location;
        if (below(to).length > 0) throw storageErrors.STORAGE_EXISTS({ key: to, storage });
        const keys = below(from);
        if (keys.length === 0) throw storageErrors.STORAGE_NOT_FOUND({ key: from, storage });
        for (const key of keys) {
          const moved = keyFrom(to + key.slice(from.length));
          this.#change(moved, this.objects.get(key), this.#unsynced.has(key) ? 'at-sync' : 'now');
          this.#change(key, undefined, 'now');
        }
      },
      remove: async (folder, { signal }) => {
        await breathe(signal);
        for (const key of below(folder)) this.#change(key, undefined, 'now');
      },
      point: async (name, to, { signal }) => {
        await breathe(signal);
        if (to === undefined) this.pointers.delete(name);
        else this.pointers.set(name, to);
      },
    };
  }

  async sync({ signal }: CallOptions): Promise<void> {
    await breathe(signal);
    this.#unsynced.clear();
  }

  async room({ signal }: CallOptions) {
    await breathe(signal);
    return {};
  }

  async close(): Promise<void> {}

  #change(key: Key, stored: Stored | undefined, durable: 'now' | 'at-sync'): void {
    if (durable === 'now') this.#unsynced.delete(key);
    else if (!this.#unsynced.has(key)) this.#unsynced.set(key, this.objects.get(key));
    if (stored === undefined) this.objects.delete(key);
    else this.objects.set(key, stored);
  }

  #get(key: Key): Stored {
    const stored = this.objects.get(key);
    if (stored === undefined) throw storageErrors.STORAGE_NOT_FOUND({ key, storage: this.location });
    return stored;
  }

  #requireFree(key: Key): void {
    if (this.objects.has(key)) throw storageErrors.STORAGE_EXISTS({ key, storage: this.location });
  }

  #requireSize(key: Key, size: number, needed: number): void {
    if (needed > size) throw this.#tooShort(key, size, needed);
  }

  #tooShort(key: Key, size: number, needed: number): HikaeError {
    return storageErrors.STORAGE_TOO_SHORT({ key, storage: this.location, size, needed });
  }
}
