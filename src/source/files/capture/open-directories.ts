/** All directories that one capture has open, so that none outlives it. */
import { constants, openSync } from 'node:fs';
import { openDirectoryAt } from '../../../base/libc.ts';
import { OpenDirectory } from '../../../base/open-directory.ts';
import { forFileSystem, type RawName, type RawPath } from '../../../base/raw-path.ts';

/** Opens a directory to resolve names from without the right to list it. */
const O_PATH = 0o10000000;

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

  closeAll(): void {
    for (const directory of this.#open) directory.close();
  }

  #adopt(descriptor: number): OpenDirectory {
    const directory = new OpenDirectory(descriptor, () => this.#open.delete(directory));
    this.#open.add(directory);
    return directory;
  }
}
