/** Where a file lies until it is complete: `.partial/upload-<random>`, on the same file system as its final name. */
import { PARTIAL } from '../key.ts';
import { type Channel, type Handle, NO_SUCH_FILE, RequestFailure } from './channel.ts';
import { makeFolders } from './remote-folder.ts';

const PREFIX = 'upload-';

/** Milliseconds after which nobody writes to it any more: a file that is being written is younger. */
const ABANDONED = 86_400_000;

export interface PartialFile {
  readonly path: string;
  readonly handle: Handle;
}

export class PartialFiles {
  readonly #folder: string;
  readonly #random: (size: number) => Uint8Array;
  #isCleared = false;

  constructor(root: string, random: (size: number) => Uint8Array) {
    this.#folder = `${root}/${PARTIAL}`;
    this.#random = random;
  }

  async create(channel: Channel, signal: AbortSignal): Promise<PartialFile> {
    const path = `${this.#folder}/${PREFIX}${Buffer.from(this.#random(16)).toString('hex')}`;
    const handle = await this.#open(channel, path, signal);
    if (!this.#isCleared) {
      this.#isCleared = true;
      // There are no locks over SFTP; age is all that can be gone by, and by no other clock than the server's.
      const { mtime } = await channel.statusOf(handle, signal);
      await this.#removeAbandoned(channel, mtime * 1_000 - ABANDONED, signal);
    }
    return { path, handle };
  }

  async #open(channel: Channel, path: string, signal: AbortSignal): Promise<Handle> {
    try {
      return await channel.open(path, 'wx', signal);
    } catch (error) {
      if (!(error instanceof RequestFailure && error.status === NO_SUCH_FILE)) throw error;
      await makeFolders(channel, this.#folder, signal);
      return channel.open(path, 'wx', signal);
    }
  }

  async #removeAbandoned(channel: Channel, before: number, signal: AbortSignal): Promise<void> {
    const handle = await channel.openFolder(this.#folder, signal);
    try {
      for (;;) {
        const entries = await channel.readFolder(handle, signal);
        if (entries === undefined) return;
        for (const { filename, attrs } of entries) {
          if (!filename.startsWith(PREFIX) || !attrs.isFile() || attrs.mtime * 1_000 > before) continue;
          await channel.unlink(`${this.#folder}/${filename}`, signal).catch((error: unknown) => {
            // Another may clear away at the same time.
            if (!(error instanceof RequestFailure && error.status === NO_SUCH_FILE)) throw error;
          });
        }
      }
    } finally {
      channel.letGo(handle);
    }
  }
}
