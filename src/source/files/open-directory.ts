/** Directories that a capture holds open: names are resolved from them, whatever happens to the path above. */
import { closeSync, constants, openSync, readdirSync } from 'node:fs';
import { openDirectoryAt, type Status, statusOf } from '../../base/libc.ts';
import { forFileSystem, type RawName, type RawPath } from '../../base/raw-path.ts';

/** Opens a directory to resolve names from without the right to list it. */
const O_PATH = 0o10000000;

/** An open directory. It is closed when everybody who held it has released it; who opens it holds it. */
export class OpenDirectory {
  readonly descriptor: number;
  readonly #directories: OpenDirectories;
  #holders = 1;

  constructor(descriptor: number, directories: OpenDirectories) {
    this.descriptor = descriptor;
    this.#directories = directories;
  }

  hold(): void {
    this.#holders += 1;
  }

  release(): void {
    this.#holders -= 1;
    if (this.#holders === 0) this.#directories.close(this);
  }

  status(): Status {
    return statusOf(this.descriptor);
  }

  /** The names in it, in no order. */
  list(): RawName[] {
    // The kernel's own link to the descriptor: there is no other way to list one from Node.js.
    return readdirSync(`/proc/self/fd/${this.descriptor}`, { encoding: 'latin1' }) as RawName[];
  }
}

/** All directories that one capture has open, so that none outlives it. */
export class OpenDirectories {
  readonly #open = new Set<OpenDirectory>();

  /** Opens the entry of a directory; never through a symlink. */
  openAt(directory: OpenDirectory, name: RawName): OpenDirectory {
    return this.#adopt(openDirectoryAt(directory.descriptor, name));
  }

  /** Opens by path, links followed: for what the user named himself. */
  openPath(path: RawPath): OpenDirectory {
    return this.#adopt(openSync(forFileSystem(path), constants.O_RDONLY | constants.O_DIRECTORY));
  }

  /** Opens by path, links followed, to look at it and at single names in it; it can't be listed. */
  openWay(path: RawPath): OpenDirectory {
    return this.#adopt(openSync(forFileSystem(path), O_PATH | constants.O_DIRECTORY));
  }

  close(directory: OpenDirectory): void {
    if (this.#open.delete(directory)) closeSync(directory.descriptor);
  }

  closeAll(): void {
    for (const directory of this.#open) this.close(directory);
  }

  #adopt(descriptor: number): OpenDirectory {
    const directory = new OpenDirectory(descriptor, this);
    this.#open.add(directory);
    return directory;
  }
}
