/** Folders of a server as wholes, and the links in them that are for people. */
import { storageErrors } from '../errors.ts';
import type { Key } from '../key.ts';
import type { CallOptions, Tree } from '../storage.ts';
import { type Channel, NO_SUCH_FILE, RequestFailure } from './channel.ts';
import type { Channels } from './channels.ts';
import { parentOf, syncFolder } from './remote-folder.ts';
import { namedSftpError, type SftpCall } from './sftp-errors.ts';

/** Entries of a folder that are removed at a time. */
const AT_A_TIME = 16;

export class RemoteTree implements Tree {
  readonly #storage: string;
  readonly #root: string;
  readonly #channels: Channels;

  constructor(storage: string, root: string, channels: Channels) {
    this.#storage = storage;
    this.#root = root;
    this.#channels = channels;
  }

  async move(from: Key, to: Key, { signal }: CallOptions): Promise<void> {
    await this.#using('move', from, signal, async (channel) => {
      const [source, target] = [this.#pathOf(from), this.#pathOf(to)];
      const storage = this.#storage;
      // Servers differ in what they do about a name that is taken, so that it is looked at first.
      if ((await channel.status(target, signal)) !== undefined)
        throw storageErrors.STORAGE_EXISTS({ storage, key: to });
      if (!(await channel.status(source, signal))?.isDirectory())
        throw storageErrors.STORAGE_NOT_FOUND({ storage, key: from });
      await channel.rename(source, target, signal);
      for (const folder of new Set([parentOf(source), parentOf(target)]))
        await syncFolder(channel, folder, signal);
    });
  }

  async remove(folder: Key, { signal }: CallOptions): Promise<void> {
    const path = this.#pathOf(folder);
    await this.#using('remove', folder, signal, async (channel) => {
      if (!(await channel.status(path, signal))?.isDirectory()) return;
      await this.#clear(path, signal);
      await syncFolder(channel, parentOf(path), signal);
    });
  }

  async point(name: Key, to: string | undefined, { signal }: CallOptions): Promise<void> {
    await this.#using('point', name, signal, async (channel) => {
      const path = this.#pathOf(name);
      if (to === undefined) await unlinkIfThere(channel, path, signal);
      else await this.#pointTo(channel, path, to, signal);
      await syncFolder(channel, parentOf(path), signal);
    });
  }

  async #pointTo(channel: Channel, path: string, to: string, signal: AbortSignal): Promise<void> {
    const beside = `${path}.new`;
    await unlinkIfThere(channel, beside, signal);
    await channel.symlink(beside, to, signal);
    if (channel.has('posix-rename')) return channel.replace(beside, path, signal);
    // In two steps there is a moment without any, which beats one that leads to what is gone.
    await unlinkIfThere(channel, path, signal);
    await channel.rename(beside, path, signal);
  }

  /** Removes a folder and what is in it, several entries at a time. */
  async #clear(path: string, signal: AbortSignal): Promise<void> {
    const names = await this.#channels.use(signal, (channel) => namesIn(channel, path, signal));
    const left = names.values();
    const lane = async () => {
      for (const { name, isFolder } of left) {
        const inner = `${path}/${name}`;
        if (isFolder) await this.#clear(inner, signal);
        else await this.#channels.use(signal, (channel) => unlinkIfThere(channel, inner, signal));
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_A_TIME, names.length) }, lane));
    await this.#channels.use(signal, (channel) => channel.removeFolder(path, signal));
  }

  async #using(
    operation: SftpCall['operation'],
    key: Key,
    signal: AbortSignal,
    work: (channel: Channel) => Promise<void>,
  ): Promise<void> {
    signal.throwIfAborted();
    try {
      await this.#channels.use(signal, work);
    } catch (error) {
      throw namedSftpError({ storage: this.#storage, operation, key }, error);
    }
  }

  #pathOf(key: Key): string {
    return `${this.#root}/${key}`;
  }
}

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

async function namesIn(channel: Channel, path: string, signal: AbortSignal): Promise<readonly Entry[]> {
  const handle = await channel.openFolder(path, signal);
  try {
    const names: Entry[] = [];
    for (;;) {
      const found = await channel.readFolder(handle, signal);
      if (found === undefined) return names;
      for (const { filename, attrs } of found)
        if (filename !== '.' && filename !== '..')
          names.push({ name: filename, isFolder: attrs.isDirectory() });
    }
  } finally {
    channel.letGo(handle);
  }
}

async function unlinkIfThere(channel: Channel, path: string, signal: AbortSignal): Promise<void> {
  try {
    await channel.unlink(path, signal);
  } catch (error) {
    if (!(error instanceof RequestFailure && error.status === NO_SUCH_FILE)) throw error;
  }
}
