/**
 * The folders of the snapshot that is being written. A folder gets its owner, mode, attributes and times when the last
 * entry below it is there, because every entry that is added moves its time and may need its permission.
 */
import { changeMode, changeOwner, makeDirectoryAt, setTimes } from '../../base/libc.ts';
import type { OpenDirectory } from '../../base/open-directory.ts';
import { nameOf, parentOf, type RawPath } from '../../base/raw-path.ts';
import type { NodeMetadata, Xattr } from '../../model/node.ts';
import type { Keeps } from './file-jobs.ts';
import { setKeptXattrs, storedMode } from './stored-attributes.ts';

export class OutputFolder {
  readonly path: RawPath;
  readonly directory: OpenDirectory;
  readonly #parent: OutputFolder | undefined;
  readonly #finish: () => void;
  #open = 1;

  constructor(path: RawPath, directory: OpenDirectory, parent: OutputFolder | undefined, finish: () => void) {
    this.path = path;
    this.directory = directory;
    this.#parent = parent;
    this.#finish = finish;
    parent?.hold();
  }

  /** Something in it isn't there yet. */
  hold(): void {
    this.#open += 1;
  }

  release(): void {
    this.#open -= 1;
    if (this.#open > 0) return;
    this.#finish();
    this.directory.release();
    this.#parent?.release();
  }
}

export interface FolderAttributes {
  readonly metadata: NodeMetadata;
  readonly xattrs: readonly Xattr[];
}

export class OutputTree {
  readonly #keeps: Keeps;
  #givenUp = false;
  #open = 0;
  /** the folders from the snapshot's own down to the one that entries come in for */
  readonly #stack: OutputFolder[];

  constructor(root: OpenDirectory, keeps: Keeps) {
    this.#keeps = keeps;
    this.#stack = [new OutputFolder('' as RawPath, root.hold(), undefined, () => {})];
  }

  /** How many folders are not finished, each of which holds a descriptor. */
  get open(): number {
    return this.#open;
  }

  /** The folder that an entry of this path belongs into; those that lie behind it in order are complete. */
  folderFor(path: RawPath): OutputFolder {
    const parent = parentOf(path);
    let top = this.#top();
    while (top.path !== parent && this.#stack.length > 1) {
      this.#stack.pop();
      top.release();
      top = this.#top();
    }
    if (top.path !== parent) throw new TypeError(`the folder of ${path} was never written`);
    return top;
  }

  addFolder({ metadata, xattrs }: FolderAttributes): void {
    const parent = this.folderFor(metadata.path);
    const name = nameOf(metadata.path);
    makeDirectoryAt(parent.directory.descriptor, name, 0o700);
    const directory = parent.directory.child(name);
    this.#open += 1;
    const finish = () => {
      this.#open -= 1;
      if (this.#givenUp) return;
      const { descriptor } = directory;
      if (this.#keeps.owners) changeOwner(descriptor, metadata.uid, metadata.gid);
      setKeptXattrs(descriptor, xattrs, this.#keeps);
      changeMode(descriptor, storedMode(metadata.mode, 'dir', this.#keeps));
      setTimes(descriptor, metadata.mtime);
    };
    this.#stack.push(new OutputFolder(metadata.path, directory, parent, finish));
  }

  /** The component has failed: its folders stay as they are. */
  giveUp(): void {
    this.#givenUp = true;
  }

  /** No more entries will come. */
  close(): void {
    for (const folder of this.#stack.splice(0).reverse()) folder.release();
  }

  #top(): OutputFolder {
    return this.#stack.at(-1) as OutputFolder;
  }
}
