/**
 * A directory that is held open while names are resolved in it. Several users share one descriptor, which is
 * closed when the last of them lets go: a job in another thread may outlive the walk that started it.
 */
import { closeSync, constants, openSync, readdirSync } from 'node:fs';
import { openDirectoryAt } from './libc.ts';
import { forFileSystem, type RawName, type RawPath } from './raw-path.ts';

export class OpenDirectory {
  readonly descriptor: number;
  #users = 1;

  private constructor(descriptor: number) {
    this.descriptor = descriptor;
  }

  /** Opens a path as the user gave it, following symlinks on the way and at its end. */
  static open(path: RawPath): OpenDirectory {
    return new OpenDirectory(openSync(forFileSystem(path), constants.O_RDONLY | constants.O_DIRECTORY));
  }

  /** Opens an entry of this directory; ELOOP or ENOTDIR when it is a symlink. */
  child(name: RawName): OpenDirectory {
    return new OpenDirectory(openDirectoryAt(this.descriptor, name));
  }

  retain(): this {
    this.#users += 1;
    return this;
  }

  release(): void {
    this.#users -= 1;
    if (this.#users === 0) closeSync(this.descriptor);
  }

  /** The names in it, in the order of their bytes. */
  names(): RawName[] {
    return (readdirSync(`/proc/self/fd/${this.descriptor}`, { encoding: 'latin1' }) as RawName[]).sort(
      byBytes,
    );
  }
}

function byBytes(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
