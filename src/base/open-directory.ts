/**
 * A directory that is held open while names are resolved in it, whatever happens to the path above. Several users share
 * one descriptor, which is closed when the last of them lets go: a job in another thread may outlive the walk that
 * started it.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { listDirectory, openDirectoryAt, type Status, statusOf } from './libc.ts';
import { forFileSystem, type RawName, type RawPath } from './raw-path.ts';

export class OpenDirectory {
  readonly descriptor: number;
  readonly #whenClosed: (directory: OpenDirectory) => void;
  #users = 1;

  /** Takes over an open descriptor; who makes it is its first user. */
  constructor(descriptor: number, whenClosed: (directory: OpenDirectory) => void = () => undefined) {
    this.descriptor = descriptor;
    this.#whenClosed = whenClosed;
  }

  /** Opens a path as the user gave it, following symlinks on the way and at its end. */
  static open(path: RawPath): OpenDirectory {
    return new OpenDirectory(openSync(forFileSystem(path), constants.O_RDONLY | constants.O_DIRECTORY));
  }

  /** Opens an entry of this directory; ELOOP or ENOTDIR when it is a symlink. */
  child(name: RawName): OpenDirectory {
    return new OpenDirectory(openDirectoryAt(this.descriptor, name));
  }

  hold(): this {
    this.#users += 1;
    return this;
  }

  release(): void {
    this.#users -= 1;
    if (this.#users === 0) this.#close();
  }

  /** Closes it whoever still holds it; to let go of it afterwards is harmless. */
  close(): void {
    if (this.#users <= 0) return;
    this.#users = 0;
    this.#close();
  }

  status(): Status {
    return statusOf(this.descriptor);
  }

  /** The names in it, in no order. */
  names(): RawName[] {
    return listDirectory(this.descriptor);
  }

  #close(): void {
    closeSync(this.descriptor);
    this.#whenClosed(this);
  }
}
