/**
 * Builds trees from nodes that come depth first. A folder is stored when all that it holds is known, which for a file can be
 * later than for what follows it; so every node has a slot, and the last one that is filled closes the folder.
 */
import type { EarlierTree } from './earlier-tree.ts';
import { encodeTree } from './format/tree.ts';

export interface FolderOptions {
  /** the folder's text as a node, given the id of its tree */
  readonly textWith: (subtree: string) => string;
  /** the same folder in each of the earlier snapshots, the best first */
  readonly earlier: readonly (EarlierTree | undefined)[];
  /** its text in the first of them */
  readonly earlierText: string | undefined;
}

/** The place of a node in its folder. */
export interface Slot {
  readonly folder: Folder;
  readonly at: number;
}

/** The text of a node, and whether the first of the earlier trees has it just so. */
export interface FilledNode {
  readonly text: string;
  readonly same: boolean;
}

export class Folder {
  readonly options: FolderOptions;
  /** where it stands in the folder around it; undefined for the outermost */
  readonly slot: Slot | undefined;
  readonly texts: (string | undefined)[] = [];
  waiting = 0;
  closed = false;
  /** no node so far differs from the earlier tree */
  same = true;

  constructor(options: FolderOptions, slot: Slot | undefined) {
    this.options = options;
    this.slot = slot;
  }
}

export class TreeBuilder {
  readonly #store: (tree: Buffer) => string;
  #result: string | undefined;

  /** `store` gives the id of a tree that it stores. */
  constructor(store: (tree: Buffer) => string) {
    this.#store = store;
  }

  /** The text of the outermost folder's node, when everything in it is known. */
  get result(): string | undefined {
    return this.#result;
  }

  open(options: FolderOptions, parent: Folder | undefined): Folder {
    return new Folder(options, parent === undefined ? undefined : this.announce(parent));
  }

  /** The next slot of a folder, to be filled later. */
  announce(folder: Folder): Slot {
    folder.waiting += 1;
    return { folder, at: folder.texts.push(undefined) - 1 };
  }

  /** Without a node the slot stays empty: what it was for is not in the snapshot. */
  fill({ folder, at }: Slot, node: FilledNode | undefined): void {
    folder.texts[at] = node?.text;
    if (node?.same !== true) folder.same = false;
    folder.waiting -= 1;
    this.#finishIfDone(folder);
  }

  /** Nothing more will be announced in it. */
  close(folder: Folder): void {
    folder.closed = true;
    this.#finishIfDone(folder);
  }

  #finishIfDone(folder: Folder): void {
    if (!folder.closed || folder.waiting > 0) return;
    const texts = folder.texts.filter((text) => text !== undefined);
    const {
      textWith,
      earlierText,
      earlier: [earlier],
    } = folder.options;
    const subtree =
      folder.same && earlier?.consistsOf(texts.length, bytesIn(texts)) === true
        ? earlier.id
        : this.#store(encodeTree(texts));
    folder.texts.length = 0;
    const text = textWith(subtree);
    if (folder.slot === undefined) this.#result = text;
    else this.fill(folder.slot, { text, same: text === earlierText });
  }
}

function bytesIn(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}
