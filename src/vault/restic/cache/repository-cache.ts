/**
 * What was read of repositories that lie elsewhere, kept on this machine so that the next run need not ask for it. Every file
 * is named by a hash and compared with it when it is used, so that nothing here can be out of date, and it may all be deleted
 * at any time. It says what an object is, and never whether there is one. No failure in here is a failure of the run.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../../../base/clock.ts';
import { systemCode } from '../../../base/errors.ts';
import type { RandomBytes } from '../format/sealing.ts';
import { BESIDE, filesBelow, oldestBeyond } from './bounds.ts';

/**
 * Bytes in the folder, of all repositories together. Packed, a folder or file in a tree takes some 100 bytes and an index 50
 * for each blob, so it holds what ten million files need.
 */
const MOST = 2 * 1024 ** 3;
const PIECE = 1024 * 1024;

/** The first three as they lie in the repository, under its names; `blobs` are hikae's own small files, sealed, by their blobs' ids. */
export type CachedKind = 'index' | 'snapshots' | 'packs' | 'blobs';

export interface CacheOptions {
  /** of this repository: its id below the folder that all of them share */
  readonly folder: string;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** told once, of what keeps it from being used as it should be */
  readonly onTrouble: (reason: string) => void;
  /** bytes; for tests */
  readonly most?: number;
}

export class RepositoryCache {
  readonly #options: CacheOptions;
  readonly #most: number;
  readonly #used = new Set<string>();
  readonly #checkedPacks = new Set<string>();
  /** of all that is in the folder, when it was last looked at, and what was added since */
  #size: number | undefined;
  #takes = true;
  #told = false;

  constructor(options: CacheOptions) {
    this.#options = options;
    this.#most = options.most ?? MOST;
  }

  /** Whether it would keep so many bytes: no single object pushes out the rest. */
  takes(bytes: number): boolean {
    return this.#takes && bytes <= this.#most / 4;
  }

  /** What `open` makes of the bytes. When it throws a SyntaxError they are not what the name says, and go. */
  find<Result>(kind: CachedKind, id: string, open: (bytes: Buffer) => Result): Result | undefined {
    const path = this.#pathOf(kind, id);
    return this.#reading(path, () => {
      const bytes = readFileSync(path);
      this.#use(path);
      return open(bytes);
    });
  }

  /** A part of a pack, which is compared with its name as a whole before its first part is given out. */
  findRange(
    pack: string,
    { offset, length }: { readonly offset: number; readonly length: number },
  ): Uint8Array | undefined {
    const path = this.#pathOf('packs', pack);
    return this.#reading(path, () => {
      const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
      try {
        if (!this.#checkedPacks.has(pack) && hashOf(file) !== pack) throw new SyntaxError('another hash');
        this.#checkedPacks.add(pack);
        this.#use(path);
        const bytes = new Uint8Array(length);
        if (readSync(file, bytes, 0, length, offset) < length) throw new SyntaxError('cut off');
        return bytes;
      } finally {
        closeSync(file);
      }
    });
  }

  /** Keeps bytes that are known to be what the name says. */
  add(kind: CachedKind, id: string, bytes: Uint8Array): void {
    if (!this.takes(bytes.length)) return;
    const file = this.#begin(kind, id);
    try {
      file?.add(bytes);
      file?.keep();
    } finally {
      file?.end();
    }
  }

  /** Keeps a pack as it comes. False when it is not what its name says, is longer than `most` bytes, or can't be kept. */
  async addPack(pack: string, pieces: AsyncIterable<Uint8Array>, most: number): Promise<boolean> {
    const file = this.#begin('packs', pack);
    if (file === undefined) return false;
    const hash = createHash('sha256');
    try {
      for await (const piece of pieces) {
        hash.update(piece);
        if (file.add(piece) > most || !this.#takes) return false;
      }
      if (hash.digest('hex') !== pack) return false;
      return file.keep();
    } finally {
      file.end();
    }
  }

  /** Written beside; what was not kept when it ends is as if it had never been. Nothing is synced: a wrong one is noticed. */
  #begin(kind: CachedKind, id: string) {
    const path = this.#pathOf(kind, id);
    const beside = join(dirname(path), `${BESIDE}${Buffer.from(this.#options.random(8)).toString('hex')}`);
    const file = this.#writing(() => {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      return openSync(beside, 'wx', 0o600);
    });
    if (file === undefined) return undefined;
    let size = 0;
    let kept = false;
    return {
      add: (bytes: Uint8Array): number => {
        this.#writing(() => {
          for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
        });
        size += bytes.length;
        return size;
      },
      keep: (): boolean => {
        if (!this.#takes) return false;
        this.#writing(() => {
          renameSync(beside, path);
          kept = true;
          this.#use(path);
          if (kind === 'packs') this.#checkedPacks.add(id);
          this.#bound(size);
        });
        return kept;
      },
      end: (): void => {
        this.#writing(() => {
          closeSync(file);
          if (!kept) rmSync(beside, { force: true });
        });
      },
    };
  }

  /** Makes room by what was used longest ago, whichever repository it is of. */
  #bound(added: number): void {
    if (this.#size !== undefined && this.#size + added <= this.#most) {
      this.#size += added;
      return;
    }
    const files = filesBelow(dirname(this.#options.folder));
    this.#size = files.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size } of oldestBeyond(files, this.#most)) {
      rmSync(path, { force: true });
      this.#size -= size;
    }
  }

  /** The time of a file says when it was last used. */
  #use(path: string): void {
    if (this.#used.has(path)) return;
    this.#used.add(path);
    const now = this.#options.clock.now() / 1000;
    this.#writing(() => utimesSync(path, now, now));
  }

  #pathOf(kind: CachedKind, id: string): string {
    return join(this.#options.folder, kind, id);
  }

  #reading<Result>(path: string, read: () => Result): Result | undefined {
    try {
      return read();
    } catch (error) {
      if (error instanceof SyntaxError) {
        this.#writing(() => rmSync(path, { force: true }));
        return undefined;
      }
      const code = systemCode(error);
      if (code === undefined) throw error;
      if (code !== 'ENOENT') this.#tell(error);
      return undefined;
    }
  }

  /** The disk is full, say: what is here serves on, and nothing is added any more. */
  #writing<Result>(write: () => Result): Result | undefined {
    try {
      return write();
    } catch (error) {
      const code = systemCode(error);
      if (code === undefined) throw error;
      // Somebody has just deleted the folder, which he may.
      if (code === 'ENOENT') return undefined;
      this.#takes = false;
      this.#tell(error);
      return undefined;
    }
  }

  #tell(error: unknown): void {
    if (this.#told) return;
    this.#told = true;
    this.#options.onTrouble(error instanceof Error ? error.message : String(error));
  }
}

function hashOf(file: number): string {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(PIECE, fstatSync(file).size + 1));
  for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer))
    hash.update(buffer.subarray(0, read));
  return hash.digest('hex');
}
