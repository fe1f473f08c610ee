/** Removing what a plan lists, by descriptors: below the open folder that it was found in, and nowhere else. */
import { closeSync } from 'node:fs';
import { systemCode } from '../../../base/errors.ts';
import { openDirectoryAt, removeDirectoryAt, unlinkAt } from '../../../base/libc.ts';
import { nameOf, parentOf, type RawName, type RawPath } from '../../../base/raw-path.ts';
import type { Removal } from './surplus.ts';

/** Removes entries of one tree. The folders of the last one stay open, because the next is mostly in the same. */
export class Remover {
  readonly #top: number;
  readonly #topPath: RawPath;
  readonly #trail: { readonly name: RawName; readonly descriptor: number }[] = [];

  /** `descriptor` is the open folder at `path` */
  constructor(descriptor: number, path: RawPath) {
    this.#top = descriptor;
    this.#topPath = path;
  }

  /** What has gone already is fine. Throws the system's error for what can't be removed. */
  remove({ path, folder }: Removal): void {
    try {
      const directory = this.#folderOf(path);
      if (folder) removeDirectoryAt(directory, nameOf(path));
      else unlinkAt(directory, nameOf(path));
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
  }

  close(): void {
    this.#cutTo(0);
  }

  #folderOf(path: RawPath): number {
    const below = parentOf(path).slice(this.#topPath === '' ? 0 : this.#topPath.length + 1);
    const names = below === '' ? [] : (below.split('/') as RawName[]);
    let shared = 0;
    while (shared < names.length && this.#trail[shared]?.name === names[shared]) shared += 1;
    this.#cutTo(shared);
    for (const name of names.slice(shared)) {
      this.#trail.push({ name, descriptor: openDirectoryAt(this.#deepest(), name) });
    }
    return this.#deepest();
  }

  #deepest(): number {
    return this.#trail.at(-1)?.descriptor ?? this.#top;
  }

  #cutTo(length: number): void {
    for (const { descriptor } of this.#trail.splice(length)) closeSync(descriptor);
  }
}
