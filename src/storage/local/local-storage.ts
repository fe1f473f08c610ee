/** Objects as files of a folder on this machine: the key is the path. */
import { closeSync, constants } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { unlessAborted } from '../../base/abort.ts';
import { type HikaeError, systemCode } from '../../base/errors.ts';
import { linkAt, openAt, type Status, statusAt, statusOf, unlinkAt } from '../../base/libc.ts';
import { OpenDirectory } from '../../base/open-directory.ts';
import { forFileSystem, rawFromText } from '../../base/raw-path.ts';
import { piecesOf } from '../body.ts';
import { storageErrors } from '../errors.ts';
import { requireExpected } from '../expectation.ts';
import { compareTexts, type Key } from '../key.ts';
import { refuseLock } from '../locking.ts';
import type {
  Body,
  CallOptions,
  Capabilities,
  ChangeOptions,
  LinkOptions,
  ObjectStatus,
  PutOptions,
  Range,
  Room,
  Storage,
} from '../storage.ts';
import { type DiskCall, namedDiskError, namingDiskErrors } from './disk-errors.ts';
import { capabilitiesOf, renameToFree, roomOf } from './file-system.ts';
import { foldersIn, listObjects, statusOfFile } from './listing.ts';
import { mergeLists } from './merge-lists.ts';
import { type OpenFile, openFileAt, readAt, syncFile, writeAll } from './open-file.ts';
import { openPartialFolder, type PartialFolder } from './partial-folder.ts';
import { findPlace, makePlace, type Place, syncFolders } from './places.ts';
import { WaitingObjects } from './waiting-objects.ts';

export interface LocalStorageOptions {
  /** Makes the folder, and those above it, when there is none; else STORAGE_MISSING. */
  readonly create: boolean;
  /** chance, for names that no other process chooses */
  readonly random: (size: number) => Uint8Array;
}

/** Opens the folder at an absolute path. Whether it is empty, and what that means, is for the caller to look at. */
export async function openLocalStorage(path: string, options: LocalStorageOptions): Promise<Storage> {
  const raw = rawFromText(path);
  return namingDiskErrors({ storage: path, operation: 'open', key: '' }, async () => {
    if (options.create) await mkdir(forFileSystem(raw), { recursive: true, mode: 0o700 });
    try {
      return new LocalStorage(path, OpenDirectory.open(raw), options);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
      throw storageErrors.STORAGE_MISSING({ storage: path }, { cause: error });
    }
  });
}

/** A piece of a stream. */
const PIECE = 262_144;

class LocalStorage implements Storage {
  readonly location: string;
  readonly capabilities: Capabilities;
  readonly #root: OpenDirectory;
  readonly #random: LocalStorageOptions['random'];
  readonly #waiting: WaitingObjects;
  readonly #closing = new AbortController();
  #partial: Promise<PartialFolder> | undefined;

  constructor(location: string, root: OpenDirectory, options: LocalStorageOptions) {
    this.location = location;
    this.capabilities = capabilitiesOf(root);
    this.#root = root;
    this.#random = options.random;
    this.#waiting = new WaitingObjects(root);
  }

  async put(key: Key, body: Body, { signal, durable = 'now', lock }: PutOptions): Promise<void> {
    refuseLock(this.location, { lock });
    if ((await this.stat(key, { signal })) !== undefined) throw this.#exists(key);
    await this.#naming('put', key, async () => {
      const { folder, nextName } = await this.#openPartial(signal);
      const partial: Place = { folder, name: nextName() };
      try {
        const status = await this.#write(partial, key, body, { signal, durable });
        signal.throwIfAborted();
        this.#requireNoneWaiting(key);
        if (durable === 'at-sync') this.#waiting.add(partial, statusOfFile(key, status));
        else await this.#give(key, durable, (place) => renameToFree(partial, place));
      } catch (error) {
        unlinkIfThere(partial);
        throw error;
      }
    });
  }

  async read(key: Key, { limit, signal }: CallOptions & { limit: number }): Promise<Uint8Array> {
    return this.#naming('read', key, () =>
      this.#withFile(key, signal, async ({ descriptor, size }) => {
        if (size > limit) throw storageErrors.STORAGE_TOO_LARGE({ key, storage: this.location, limit });
        return this.#readExactly(key, descriptor, { offset: 0, length: size }, signal);
      }),
    );
  }

  async readRange(key: Key, { offset, length, signal }: CallOptions & Range): Promise<Uint8Array> {
    return this.#naming('readRange', key, () =>
      this.#withFile(key, signal, async ({ descriptor, size }) => {
        // Looked at first: a made-up length must not cost its memory.
        if (offset + length > size) throw this.#tooShort(key, size, offset + length);
        return this.#readExactly(key, descriptor, { offset, length }, signal);
      }),
    );
  }

  async *stream(
    key: Key,
    { offset = 0, length, signal }: CallOptions & Partial<Range>,
  ): AsyncGenerator<Uint8Array> {
    signal.throwIfAborted();
    const file = await this.#naming('stream', key, async () => this.#open(key));
    try {
      const end = length === undefined ? Math.max(file.size, offset) : offset + length;
      if (end > file.size) throw this.#tooShort(key, file.size, end);
      for (let at = offset; at < end; at += PIECE) {
        const range = { offset: at, length: Math.min(PIECE, end - at) };
        yield await this.#naming('stream', key, () => this.#readExactly(key, file.descriptor, range, signal));
      }
    } finally {
      file.close();
    }
  }

  async stat(key: Key, { signal }: CallOptions): Promise<ObjectStatus | undefined> {
    signal.throwIfAborted();
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) return waiting.status;
    return this.#naming('stat', key, async () => {
      const status = this.#lookUp(key, ({ folder, name }) => statusAt(folder.descriptor, name));
      return status?.type === 'file' ? statusOfFile(key, status) : undefined;
    });
  }

  async *list(folder: Key | '', { signal }: CallOptions): AsyncGenerator<readonly ObjectStatus[]> {
    signal.throwIfAborted();
    try {
      yield* mergeLists(this.#waiting.below(folder), listObjects(this.#root, folder, signal));
    } catch (error) {
      throw namedDiskError(this.#call('list', folder), error);
    }
  }

  async remove(key: Key, { signal, durable = 'now' }: ChangeOptions): Promise<void> {
    await this.#naming('remove', key, async () => {
      signal.throwIfAborted();
      const waiting = this.#waiting.take(key);
      if (waiting !== undefined) unlinkIfThere(waiting);
      const folder = this.#lookUp(key, (place) => {
        unlinkAt(place.folder.descriptor, place.name);
        return place.folder.hold();
      });
      if (folder === undefined) return;
      try {
        await this.#settle([folder], durable);
      } finally {
        folder.release();
      }
    });
  }

  async folders(folder: Key | '', { signal }: CallOptions): Promise<readonly string[]> {
    signal.throwIfAborted();
    return this.#naming('folders', folder, async () => {
      const start = folder === '' ? 0 : folder.length + 1;
      const waiting = [...this.#waiting.below(folder)].flatMap(({ key }) =>
        key.slice(start).split('/').slice(0, -1).slice(0, 1),
      );
      return [...new Set([...foldersIn(this.#root, folder), ...waiting])].sort(compareTexts);
    });
  }

  async link(from: Key, to: Key, { signal, expect, durable = 'now', lock }: LinkOptions): Promise<void> {
    refuseLock(this.location, { lock });
    if (this.capabilities.links === 'none') throw this.#lacksLinks();
    if (expect !== undefined)
      requireExpected(await this.stat(from, { signal }), { storage: this.location, key: from }, expect);
    // A name for bytes that are not on the disk yet would outlive them.
    if (this.#waiting.get(from) !== undefined) await this.sync({ signal });
    await this.#naming('link', from, async () => {
      signal.throwIfAborted();
      this.#requireNoneWaiting(to);
      const source = findPlace(this.#root, from);
      try {
        await this.#give(to, durable, ({ folder, name }) =>
          linkAt(source.folder.descriptor, source.name, folder.descriptor, name),
        );
      } finally {
        source.folder.release();
      }
    });
  }

  async sync({ signal }: CallOptions): Promise<void> {
    // The sync that follows the renaming covers new folders too.
    const publish = (partial: Place, key: Key) =>
      this.#withPlace(
        key,
        (place) => renameToFree(partial, place),
        () => {},
      );
    await this.#naming('sync', '', () => this.#waiting.sync(publish, signal));
  }

  async room({ signal }: CallOptions): Promise<Room> {
    signal.throwIfAborted();
    return this.#naming('room', '', async () => roomOf(this.#root));
  }

  async close(): Promise<void> {
    this.#closing.abort(new TypeError(`the storage ${this.location} is closed`));
    const partial = await this.#partial?.catch(() => undefined);
    try {
      await namingDiskErrors(this.#call('close', ''), async () => partial?.close());
    } finally {
      this.#root.release();
    }
  }

  /** Names the disk's errors, and holds the root until the work is done, even when somebody closes meanwhile. */
  async #naming<Result>(
    operation: DiskCall['operation'],
    key: Key | '',
    work: () => Promise<Result>,
  ): Promise<Result> {
    this.#closing.signal.throwIfAborted();
    this.#root.hold();
    try {
      return await namingDiskErrors(this.#call(operation, key), work);
    } finally {
      this.#root.release();
    }
  }

  #call(operation: DiskCall['operation'], key: Key | ''): DiskCall {
    return { storage: this.location, operation, key };
  }

  async #openPartial(signal: AbortSignal): Promise<PartialFolder> {
    // Several may wait for it, so that it is not for one of them to stop it.
    this.#partial ??= openPartialFolder(this.#root, this.#random, this.#closing.signal);
    try {
      return await unlessAborted(this.#partial, signal);
    } catch (error) {
      if (!signal.aborted) this.#partial = undefined;
      throw error;
    }
  }

  async #write(
    { folder, name }: Place,
    key: Key,
    body: Body,
    { signal, durable }: Required<ChangeOptions>,
  ): Promise<Status> {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
    const descriptor = openAt(folder.descriptor, name, flags, 0o600);
    try {
      for await (const piece of piecesOf(body, { storage: this.location, key }, { signal })) {
        await writeAll(descriptor, piece, signal);
      }
      if (durable === 'now') await syncFile(descriptor);
      return statusOf(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  /** Gives a key to what `act` puts at its place, and makes that durable now or leaves it to a sync. */
  async #give(key: Key, durable: 'now' | 'at-sync', act: (place: Place) => void): Promise<void> {
    const changed: OpenDirectory[] = [];
    try {
      this.#withPlace(key, act, (folder) => changed.push(folder.hold()));
      await this.#settle(changed, durable);
    } finally {
      for (const folder of changed) folder.release();
    }
  }

  #withPlace(key: Key, act: (place: Place) => void, changed: (folder: OpenDirectory) => void): void {
    const place = makePlace(this.#root, key, changed);
    try {
      act(place);
      changed(place.folder);
    } catch (error) {
      throw systemCode(error) === 'EEXIST' ? this.#exists(key, error) : error;
    } finally {
      place.folder.release();
    }
  }

  async #settle(changed: readonly OpenDirectory[], durable: 'now' | 'at-sync'): Promise<void> {
    if (durable === 'now') await syncFolders(changed);
    else this.#waiting.noteChange();
  }

  /** What is at a key's place; undefined when there is no such place, or nothing in it. */
  #lookUp<Result>(key: Key, look: (place: Place) => Result): Result | undefined {
    try {
      const place = findPlace(this.#root, key);
      try {
        return look(place);
      } finally {
        place.folder.release();
      }
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined;
      throw error;
    }
  }

  #open(key: Key): OpenFile {
    const waiting = this.#waiting.get(key)?.place;
    if (waiting !== undefined) return openFileAt(waiting.folder.descriptor, waiting.name);
    const { folder, name } = findPlace(this.#root, key);
    try {
      return openFileAt(folder.descriptor, name);
    } finally {
      folder.release();
    }
  }

  async #withFile<Result>(
    key: Key,
    signal: AbortSignal,
    work: (file: OpenFile) => Promise<Result>,
  ): Promise<Result> {
    signal.throwIfAborted();
    const file = this.#open(key);
    try {
      return await work(file);
    } finally {
      file.close();
    }
  }

  async #readExactly(key: Key, descriptor: number, range: Range, signal: AbortSignal): Promise<Uint8Array> {
    const bytes = await readAt(descriptor, range, signal);
    if (bytes.length < range.length)
      throw this.#tooShort(key, range.offset + bytes.length, range.offset + range.length);
    return bytes;
  }

  #requireNoneWaiting(key: Key): void {
    if (this.#waiting.get(key) !== undefined) throw this.#exists(key);
  }

  #exists(key: Key, cause?: unknown): HikaeError {
    return storageErrors.STORAGE_EXISTS({ key, storage: this.location }, { cause });
  }

  #tooShort(key: Key, size: number, needed: number): HikaeError {
    return storageErrors.STORAGE_TOO_SHORT({ key, storage: this.location, size, needed });
  }

  #lacksLinks(): HikaeError {
    return storageErrors.STORAGE_LACKS({ storage: this.location, lacks: 'hard links' });
  }
}

function unlinkIfThere({ folder, name }: Place): void {
  try {
    unlinkAt(folder.descriptor, name);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}
