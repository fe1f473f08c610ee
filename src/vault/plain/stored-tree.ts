/** The stored files of one snapshot, reached through descriptors from its folder down. */
import { systemCode } from '../../base/errors.ts';
import { OpenDirectory } from '../../base/open-directory.ts';
import type { RawName, RawPath } from '../../base/raw-path.ts';

/**
 * Opens the folder that a path lies in. Paths come in a snapshot's order, so the folders of the last one are kept
 * open and mostly serve the next.
 */
export class StoredTree {
  readonly #root: OpenDirectory;
  readonly #names: RawName[] = [];
  readonly #folders: OpenDirectory[] = [];

  constructor(root: OpenDirectory) {
    this.#root = root;
  }

  static open(path: string): StoredTree {
    return new StoredTree(OpenDirectory.open(path as RawPath));
  }

  /** The folder at a path, held by this tree; undefined when it isn't there or is something else. */
  folder(path: RawPath): OpenDirectory | undefined {
    const names = path === '' ? [] : (path.split('/') as RawName[]);
    let shared = 0;
    while (shared < this.#names.length && this.#names[shared] === names[shared]) shared += 1;
    this.#closeTo(shared);
    for (const name of names.slice(shared)) {
      const folder = openIfFolder(this.#folders.at(-1) ?? this.#root, name);
      if (folder === undefined) return undefined;
      this.#names.push(name);
      this.#folders.push(folder);
    }
    return this.#folders.at(-1) ?? this.#root;
  }

  close(): void {
    this.#closeTo(0);
    this.#root.release();
  }

  #closeTo(depth: number): void {
    this.#names.length = depth;
    for (const folder of this.#folders.splice(depth)) folder.release();
  }
}

function openIfFolder(parent: OpenDirectory, name: RawName): OpenDirectory | undefined {
  try {
    return parent.child(name);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return undefined;
    throw error;
  }
}
