/** Objects as files of a folder on another machine, over SFTP as OpenSSH and every NAS speak it. */
import type { HikaeError } from '../../base/errors.ts';
import { piecesOf, sizeOf } from '../body.ts';
import { storageErrors } from '../errors.ts';
import { requireExpected } from '../expectation.ts';
import type { Key } from '../key.ts';
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
  Tree,
} from '../storage.ts';
import { briefly, type Channel, FAILURE, type Handle, NO_SUCH_FILE, RequestFailure } from './channel.ts';
import { Channels } from './channels.ts';
import { type ConnectionOptions, connect } from './connection.ts';
import { foldersOf, listFolder } from './listing.ts';
import { PartialFiles } from './partial-files.ts';
import { readPieces, writeAll } from './remote-file.ts';
import { isFolder, makeFolders, parentOf, syncFolder } from './remote-folder.ts';
import { RemoteTree } from './remote-tree.ts';
import { namedSftpError, type SftpCall } from './sftp-errors.ts';

export type { Login } from './connection.ts';

export interface SftpStorageOptions extends Omit<ConnectionOptions, 'storage'> {
  /** the folder, an absolute path on the server */
  readonly path: string;
  /** Makes the folder, and those above it, when there is none; else STORAGE_MISSING. */
  readonly create: boolean;
  /** chance, for names that no other process chooses */
  readonly random: (size: number) => Uint8Array;
}

/** Connects. Whether the folder is empty, and what that means, is for the caller to look at. */
export async function openSftpStorage(
  options: SftpStorageOptions,
  { signal }: CallOptions,
): Promise<Storage> {
  const { host, user, path, create, random } = options;
  const port = host.port === 22 ? '' : `:${host.port}`;
  const location = `sftp://${user}@${host.name}${port}${path}`;
  const channels = new Channels((ending) => connect({ ...options, storage: location }, ending));
  try {
    const capabilities = await channels.use(signal, async (channel) => {
      if (create) await makeFolders(channel, path, signal);
      else if (!(await isFolder(channel, path, signal)))
        throw storageErrors.STORAGE_MISSING({ storage: location });
      return capabilitiesOf(channel);
    });
    return new SftpStorage(location, path === '/' ? '' : path, channels, capabilities, random);
  } catch (error) {
    await channels.end();
    throw namedSftpError({ storage: location, operation: 'open', key: '' }, error);
  }
}

/** Requests of several objects that go on at a time make up for the way to the server. */
const PARALLEL = 8;

function capabilitiesOf(channel: Channel): Capabilities {
  return {
    // OpenSSH, which has this extension, renames by a link, and that fails over a name; of others nobody knows.
    writeOnce: channel.has('hardlink') ? 'atomic' : 'checked',
    links: channel.has('hardlink') ? 'shared' : 'none',
    parallel: PARALLEL,
  };
}

/** Free bytes below which a failure without a reason has this one: the protocol has no word for a full disk. */
const NOTHING_LEFT = 1_048_576;

class SftpStorage implements Storage {
  readonly location: string;
  readonly capabilities: Capabilities;
  readonly tree: Tree;
  readonly #root: string;
  readonly #channels: Channels;
  readonly #partial: PartialFiles;
  /** folders in which names changed that are not on the disk yet */
  readonly #unsynced = new Set<string>();

  constructor(
    location: string,
    root: string,
    channels: Channels,
    capabilities: Capabilities,
    random: SftpStorageOptions['random'],
  ) {
    this.location = location;
    this.capabilities = capabilities;
    this.#root = root;
    this.#channels = channels;
    this.#partial = new PartialFiles(root, random);
    this.tree = new RemoteTree(location, root, channels);
  }

  async put(key: Key, body: Body, { signal, durable = 'now', lock }: PutOptions): Promise<void> {
    refuseLock(this.location, { lock });
    await this.#using('put', key, signal, async (channel) => {
      const { path, handle } = await this.#partial.create(channel, signal);
      try {
        await this.#write(channel, handle, key, body, signal);
        await this.#give(channel, key, { signal, durable }, (to) => channel.rename(path, to, signal));
      } catch (error) {
        const named = await this.#namedIfFull(channel, key, error);
        await channel.unlink(path, briefly()).catch(() => undefined);
        throw named;
      }
    });
  }

  async read(key: Key, { limit, signal }: CallOptions & { limit: number }): Promise<Uint8Array> {
    return this.#using('read', key, signal, (channel) =>
      this.#withFile(channel, key, signal, (handle, size) => {
        if (size > limit) throw storageErrors.STORAGE_TOO_LARGE({ key, storage: this.location, limit });
        return this.#readExactly(channel, handle, key, { offset: 0, length: size }, signal);
      }),
    );
  }

  async readRange(key: Key, { offset, length, signal }: CallOptions & Range): Promise<Uint8Array> {
    return this.#using('readRange', key, signal, (channel) =>
      this.#withFile(channel, key, signal, (handle, size) => {
        // Looked at first: a made-up length must not cost its memory.
        if (offset + length > size) throw this.#tooShort(key, size, offset + length);
        return this.#readExactly(channel, handle, key, { offset, length }, signal);
      }),
    );
  }

  async *stream(
    key: Key,
    { offset = 0, length, signal }: CallOptions & Partial<Range>,
  ): AsyncGenerator<Uint8Array> {
    signal.throwIfAborted();
    try {
      const { channel, giveBack } = await this.#channels.lend(signal);
      try {
        const { handle, size } = await this.#open(channel, key, signal);
        try {
          const end = length === undefined ? Math.max(size, offset) : offset + length;
          if (end > size) throw this.#tooShort(key, size, end);
          let at = offset;
          for await (const piece of readPieces(channel, handle, { offset, length: end - offset }, signal)) {
            at += piece.length;
            yield piece;
          }
          if (at < end) throw this.#tooShort(key, at, end);
        } finally {
          channel.letGo(handle);
        }
      } finally {
        giveBack();
      }
    } catch (error) {
      throw namedSftpError(this.#call('stream', key), error);
    }
  }

  async stat(key: Key, { signal }: CallOptions): Promise<ObjectStatus | undefined> {
    return this.#using('stat', key, signal, async (channel) => {
      const status = await channel.status(this.#pathOf(key), signal);
      return status?.isFile() ? { key, size: status.size, modified: status.mtime * 1_000 } : undefined;
    });
  }

  async *list(folder: Key | '', { signal }: CallOptions): AsyncGenerator<readonly ObjectStatus[]> {
    signal.throwIfAborted();
    try {
      const path = folder === '' ? this.#root : this.#pathOf(folder);
      yield* listFolder(this.#channels, path === '' ? '/' : path, folder, signal);
    } catch (error) {
      throw namedSftpError(this.#call('list', folder), error);
    }
  }

  async remove(key: Key, { signal, durable = 'now' }: ChangeOptions): Promise<void> {
    await this.#using('remove', key, signal, async (channel) => {
      const path = this.#pathOf(key);
      try {
        await channel.unlink(path, signal);
      } catch (error) {
        if (error instanceof RequestFailure && error.status === NO_SUCH_FILE) return;
        throw error;
      }
      await this.#settle(channel, [parentOf(path)], { signal, durable });
    });
  }

  async folders(folder: Key | '', { signal }: CallOptions): Promise<readonly string[]> {
    signal.throwIfAborted();
    try {
      const path = folder === '' ? this.#root || '/' : this.#pathOf(folder);
      return await foldersOf(this.#channels, path, folder, signal);
    } catch (error) {
      throw namedSftpError(this.#call('folders', folder), error);
    }
  }

  async link(from: Key, to: Key, { signal, expect, durable = 'now', lock }: LinkOptions): Promise<void> {
    refuseLock(this.location, { lock });
    if (this.capabilities.links === 'none')
      throw storageErrors.STORAGE_LACKS({ storage: this.location, lacks: 'hard links' });
    if (expect !== undefined)
      requireExpected(await this.stat(from, { signal }), { storage: this.location, key: from }, expect);
    await this.#using('link', from, signal, (channel) =>
      this.#give(channel, to, { signal, durable }, (path) => channel.link(this.#pathOf(from), path, signal)),
    );
  }

  async sync({ signal }: CallOptions): Promise<void> {
    await this.#using('sync', '', signal, async (channel) => {
      for (const folder of [...this.#unsynced]) {
        // What changes there from here on needs another sync.
        this.#unsynced.delete(folder);
        try {
          await syncFolder(channel, folder, signal);
        } catch (error) {
          this.#unsynced.add(folder);
          throw error;
        }
      }
    });
  }

  async room({ signal }: CallOptions): Promise<Room> {
    return this.#using('room', '', signal, async (channel) => {
      if (!channel.has('statvfs')) return {};
      const { bytes, files } = await channel.freeSpace(this.#root || '/', signal);
      return { bytes, ...(files === undefined ? {} : { objects: files }) };
    });
  }

  async close(): Promise<void> {
    await this.#channels.end();
  }

  async #write(channel: Channel, handle: Handle, key: Key, body: Body, signal: AbortSignal): Promise<void> {
    let isClosed = false;
    try {
      const pieces = piecesOf(body, { storage: this.location, key }, { signal });
      await writeAll(channel, handle, pieces, signal);
      if (channel.has('fsync')) await channel.sync(handle, signal);
      const { size } = await channel.statusOf(handle, signal);
      if (size !== sizeOf(body)) throw new RequestFailure(`the server kept ${size} bytes of it`, FAILURE);
      isClosed = true;
      await channel.close(handle, signal);
    } finally {
      if (!isClosed) channel.letGo(handle);
    }
    signal.throwIfAborted();
  }

  /** Gives a key to what `act` puts at its place, and makes that durable now or leaves it to a sync. */
  async #give(
    channel: Channel,
    key: Key,
    { signal, durable }: Required<ChangeOptions>,
    act: (path: string) => Promise<void>,
  ): Promise<void> {
    const path = this.#pathOf(key);
    const changed = [parentOf(path)];
    const attempt = async () => {
      if (this.capabilities.writeOnce === 'checked') await this.#requireFree(channel, key, signal);
      await act(path);
    };
    try {
      await attempt().catch(async (error: unknown) => {
        if (!(error instanceof RequestFailure && error.status === NO_SUCH_FILE)) throw error;
        changed.push(...(await makeFolders(channel, parentOf(path), signal)));
        await attempt();
      });
    } catch (error) {
      // The protocol has no word for what exists.
      if (error instanceof RequestFailure && error.status === FAILURE)
        await this.#requireFree(channel, key, signal);
      throw error;
    }
    await this.#settle(channel, changed, { signal, durable });
  }

  async #settle(
    channel: Channel,
    changed: readonly string[],
    { signal, durable }: Required<ChangeOptions>,
  ): Promise<void> {
    for (const folder of changed) {
      if (durable === 'now') await syncFolder(channel, folder, signal);
      else this.#unsynced.add(folder);
    }
  }

  async #requireFree(channel: Channel, key: Key, signal: AbortSignal): Promise<void> {
    if ((await channel.status(this.#pathOf(key), signal)) !== undefined)
      throw storageErrors.STORAGE_EXISTS({ key, storage: this.location });
  }

  async #open(channel: Channel, key: Key, signal: AbortSignal): Promise<{ handle: Handle; size: number }> {
    const handle = await channel.open(this.#pathOf(key), 'r', signal);
    try {
      const status = await channel.statusOf(handle, signal);
      if (!status.isFile()) throw storageErrors.STORAGE_NOT_FOUND({ key, storage: this.location });
      return { handle, size: status.size };
    } catch (error) {
      channel.letGo(handle);
      throw error;
    }
  }

  async #withFile<Result>(
    channel: Channel,
    key: Key,
    signal: AbortSignal,
    work: (handle: Handle, size: number) => Promise<Result>,
  ): Promise<Result> {
    const { handle, size } = await this.#open(channel, key, signal);
    try {
      return await work(handle, size);
    } finally {
      channel.letGo(handle);
    }
  }

  async #readExactly(
    channel: Channel,
    handle: Handle,
    key: Key,
    { offset, length }: Range,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let done = 0;
    for await (const piece of readPieces(channel, handle, { offset, length }, signal)) {
      bytes.set(piece, done);
      done += piece.length;
    }
    if (done < length) throw this.#tooShort(key, offset + done, offset + length);
    return bytes;
  }

  /** Looked at while what was written still takes its room. */
  async #namedIfFull(channel: Channel, key: Key, error: unknown): Promise<unknown> {
    if (!(error instanceof RequestFailure && error.status === FAILURE && channel.has('statvfs')))
      return error;
    try {
      const { bytes, files } = await channel.freeSpace(this.#root || '/', briefly());
      if (bytes >= NOTHING_LEFT && files !== 0) return error;
      const details = { ...this.#call('put', key), reason: `${bytes} bytes are free` };
      return storageErrors.STORAGE_FULL(details, { cause: error });
    } catch {
      return error;
    }
  }

  async #using<Result>(
    operation: SftpCall['operation'],
    key: Key | '',
    signal: AbortSignal,
    work: (channel: Channel) => Promise<Result>,
  ): Promise<Result> {
    signal.throwIfAborted();
    try {
      return await this.#channels.use(signal, work);
    } catch (error) {
      throw namedSftpError(this.#call(operation, key), error);
    }
  }

  #call(operation: SftpCall['operation'], key: Key | ''): SftpCall {
    return { storage: this.location, operation, key };
  }

  #pathOf(key: Key): string {
    return `${this.#root}/${key}`;
  }

  #tooShort(key: Key, size: number, needed: number): HikaeError {
    return storageErrors.STORAGE_TOO_SHORT({ key, storage: this.location, size, needed });
  }
}
