/** One SFTP session within a connection: the requests that are used, as promises that always end. */
import type { FileEntryWithStats, SFTPWrapper, Stats } from 'ssh2';

/** What the server said no to, by the status codes of version 3 of the protocol; undefined when it gave no answer. */
export class RequestFailure extends Error {
  override readonly name = 'RequestFailure';
  readonly status: number | undefined;

  constructor(message: string, status: number | undefined, options?: { cause?: unknown }) {
    super(message, options);
    this.status = status;
  }
}

export const NO_SUCH_FILE = 2;
export const PERMISSION_DENIED = 3;
export const FAILURE = 4;
const EOF = 1;

/** Milliseconds without an answer after which the server counts as gone. A disk that wakes up or syncs may take a minute. */
const PATIENCE = 300_000;

/** Milliseconds to clear something away in. */
const CLEARING = 3_000;

export type Handle = Buffer;

type Callback<Result> = (error: Error | null | undefined, result?: Result) => void;

export interface FreeSpace {
  readonly bytes: number;
  /** undefined where the file system counts none */
  readonly files: number | undefined;
}

export class Channel {
  readonly #sftp: SFTPWrapper;
  /** requests that belong together and are under way here */
  users = 0;
  #isOpen = true;

  constructor(sftp: SFTPWrapper) {
    this.#sftp = sftp;
    for (const event of ['close', 'end', 'error'] as const) {
      sftp.on(event, () => {
        this.#isOpen = false;
      });
    }
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether the server announced one of OpenSSH's extensions. */
  has(extension: 'hardlink' | 'fsync' | 'statvfs' | 'posix-rename'): boolean {
    // Not part of the typed interface; asking for a missing one throws.
    const { _extensions: extensions } = this.#sftp as unknown as { _extensions: Record<string, string> };
    return extensions[`${extension}@openssh.com`] !== undefined;
  }

  open(path: string, flags: 'r' | 'wx', signal: AbortSignal): Promise<Handle> {
    return this.#ask(
      signal,
      (sftp, done: Callback<Handle>) => sftp.open(path, flags, { mode: 0o600 }, done),
      // Nobody waits for it any more: it must not stay open on the server.
      (handle) => this.letGo(handle),
    );
  }

  openFolder(path: string, signal: AbortSignal): Promise<Handle> {
    return this.#ask(
      signal,
      (sftp, done: Callback<Handle>) => sftp.opendir(path, done),
      (handle) => this.letGo(handle),
    );
  }

  /** For what was written: a file system behind the server's may only now tell that it failed. */
  async close(handle: Handle, signal: AbortSignal): Promise<void> {
    await this.#ask(signal, (sftp, done) => sftp.close(handle, done));
  }

  /** For everything else: nobody waits for the answer, which may never come. */
  letGo(handle: Handle): void {
    if (this.#isOpen) this.#sftp.close(handle, () => undefined);
  }

  /** Bytes read, fewer than asked for only at the end of the file. */
  async read(handle: Handle, into: Buffer, position: number, signal: AbortSignal): Promise<number> {
    let count = 0;
    while (count < into.length) {
      const rest = { from: count, length: into.length - count, at: position + count };
      try {
        count += await this.#ask(signal, (sftp, done: Callback<number>) =>
          sftp.read(handle, into, rest.from, rest.length, rest.at, done),
        );
      } catch (error) {
        if (error instanceof RequestFailure && error.status === EOF) break;
        throw error;
      }
    }
    return count;
  }

  async write(handle: Handle, bytes: Buffer, position: number, signal: AbortSignal): Promise<void> {
    await this.#ask(signal, (sftp, done) => sftp.write(handle, bytes, 0, bytes.length, position, done));
  }

  async sync(handle: Handle, signal: AbortSignal): Promise<void> {
    await this.#ask(signal, (sftp, done) => sftp.ext_openssh_fsync(handle, done));
  }

  /** Of a file itself, not of what a link leads to; undefined when there is none. */
  async status(path: string, signal: AbortSignal): Promise<Stats | undefined> {
    try {
      return await this.#ask(signal, (sftp, done: Callback<Stats>) => sftp.lstat(path, done));
    } catch (error) {
      if (error instanceof RequestFailure && error.status === NO_SUCH_FILE) return undefined;
      throw error;
    }
  }

  statusOf(handle: Handle, signal: AbortSignal): Promise<Stats> {
    return this.#ask(signal, (sftp, done: Callback<Stats>) => sftp.fstat(handle, done));
  }

  /** What the link at a path, if it is one, leads to. */
  followed(path: string, signal: AbortSignal): Promise<Stats> {
    return this.#ask(signal, (sftp, done: Callback<Stats>) => sftp.stat(path, done));
  }

  /** The next entries of an open folder; undefined after the last. */
  async readFolder(handle: Handle, signal: AbortSignal): Promise<readonly FileEntryWithStats[] | undefined> {
    try {
      return await this.#ask(signal, (sftp, done: Callback<FileEntryWithStats[]>) =>
        sftp.readdir(handle, done as Parameters<SFTPWrapper['readdir']>[1]),
      );
    } catch (error) {
      if (error instanceof RequestFailure && error.status === EOF) return undefined;
      throw error;
    }
  }

  /** Fails when the new name exists, as far as the server keeps to the protocol. */
  async rename(from: string, to: string, signal: AbortSignal): Promise<void> {
    await this.#ask(signal, (sftp, done) => sftp.rename(from, to, done));
  }

  /** The same over a name that exists, in one step; only where the server has `posix-rename`. */
  async replace(from: string, to: string, signal: AbortSignal): Promise<void> {
    await this.#ask(signal, (sftp, done) => sftp.ext_openssh_rename(from, to, done));
  }

  async symlink(path: string, to: string, signal: AbortSignal): Promise<void> {
    await this.#ask(signal, (sftp, done) => sftp.symlink(to, path, done));
  }

  async removeFolder(path: string, signal: AbortSignal): Promise<void> {
    await this.#ask(signal, (sftp, done) => sftp.rmdir(path, done));
  }

  async link(from: string, to: string, signal: AbortSignal): Promise<void> {
    await this.#ask(signal, (sftp, done) => sftp.ext_openssh_hardlink(from, to, done));
  }

  async unlink(path: string, signal: AbortSignal): Promise<void> {
    await this.#ask(signal, (sftp, done) => sftp.unlink(path, done));
  }

  async makeFolder(path: string, signal: AbortSignal): Promise<void> {
    await this.#ask(signal, (sftp, done) => sftp.mkdir(path, { mode: 0o700 }, done));
  }

  async freeSpace(path: string, signal: AbortSignal): Promise<FreeSpace> {
    const told = await this.#ask(
      signal,
      (sftp, done: Callback<Record<'f_bavail' | 'f_frsize' | 'f_files' | 'f_favail', unknown>>) =>
        sftp.ext_openssh_statvfs(path, done),
    );
    return {
      bytes: Number(told.f_bavail) * Number(told.f_frsize),
      files: Number(told.f_files) === 0 ? undefined : Number(told.f_favail),
    };
  }

  end(): void {
    this.#isOpen = false;
    this.#sftp.end();
  }

  /** Sends a request; what is answered after the signal goes to `late`. */
  #ask<Result>(
    signal: AbortSignal,
    send: (sftp: SFTPWrapper, done: Callback<Result>) => void,
    late: (result: Result) => void = () => undefined,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      // ssh2 forgets what is sent on a channel that has ended, and never answers.
      if (!this.#isOpen) throw new RequestFailure('the connection has ended', undefined);
      let isOver = false;
      const end = (settle: () => void) => {
        isOver = true;
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
        settle();
      };
      const stop = () => end(() => reject(signal.reason));
      const timer = setTimeout(() => {
        this.end();
        end(() => reject(new RequestFailure(`no answer for ${PATIENCE / 1_000} s`, undefined)));
      }, PATIENCE);
      signal.addEventListener('abort', stop, { once: true });
      send(this.#sftp, (error, result) => {
        if (isOver) {
          if (error === undefined || error === null) late(result as Result);
        } else if (error === undefined || error === null) end(() => resolve(result as Result));
        else end(() => reject(failureOf(error)));
      });
    });
  }
}

function failureOf(error: Error & { code?: unknown }): RequestFailure {
  const status = typeof error.code === 'number' ? error.code : undefined;
  return new RequestFailure(error.message, status, { cause: error });
}

/** For what has to be cleared away even after the signal, if the server still answers. */
export function briefly(): AbortSignal {
  return AbortSignal.timeout(CLEARING);
}
