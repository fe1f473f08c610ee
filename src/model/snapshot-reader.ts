/** Reading a finished snapshot: in either kind of vault, as often as one likes. */
import type { RawPath } from '../base/raw-path.ts';
import type { ContentParts, FilePlace } from './capture.ts';
import type { Node } from './node.ts';
import type { SnapshotHeader } from './snapshot.ts';

export interface ReadOptions {
  readonly signal?: AbortSignal;
}

export interface SnapshotReader {
  readonly header: SnapshotHeader;

  /**
   * The folders whose lists can't be read, with the reason, as far as `nodes` has come by them: it gives them as if they were
   * empty. Absent, or empty, for who did not ask to go around damage: to him `nodes` fails.
   */
  readonly damagedFolders?: ReadonlyMap<RawPath, string>;

  /** All nodes in order (see compareRawPaths), in batches. Fails on a node that is out of order or unsafe. */
  nodes(options?: ReadOptions & { readonly component?: string }): AsyncIterable<readonly Node[]>;

  /** A node's logical content, or `length` bytes of it from `offset`; checked against its hash when it is whole. */
  content(
    node: Node,
    options?: ReadOptions & { readonly offset?: number; readonly length?: number },
  ): AsyncIterable<Uint8Array>;

  /**
   * Of a node that was given out: what its content consists of, in order, in the vault's own words. In one vault the same
   * words are the same content, and others another. Absent where a content is known by its hash alone.
   */
  parts?(node: Node): readonly string[] | undefined;

  /** Opens where the content lies as plain bytes, for who copies faster than a stream; undefined when it doesn't. */
  locate(node: Node): LocatedFile | undefined;

  /** The same parts, to be read one by one. */
  readableParts?(node: Node): ContentParts | undefined;

  /** The policy file as it was, kept beside the data; undefined where there is none. */
  policy(options?: ReadOptions): Promise<Uint8Array | undefined>;

  /** For who wants many contents, in whatever order they are had fastest. Absent where `content` is as fast. */
  deliver?(receiver: Receiver, options: { readonly signal: AbortSignal }): Delivery;

  close(): Promise<void>;
}

export interface LocatedFile extends FilePlace {
  release(): void;
}

/** Contents that were ordered, and come in any order and in pieces. */
export interface Delivery {
  /**
   * Orders a node's content. Resolves when more may be ordered, which may be long before it comes; undefined where that is at
   * once. Rejects, or throws, when the vault can't be read any more.
   */
  order(node: Node): Promise<void> | undefined;
  /** Resolves when everything that was ordered before has been received. Without this the last pieces never come. */
  hurry(): Promise<void>;
  /** What was ordered and has not come never comes. */
  close(): Promise<void>;
}

export interface Receiver {
  /** Takes pieces. The next ones come when it has resolved, or a few at the same time. */
  receive(parcel: Parcel): Promise<void>;
  /** Told once of a node whose content, or the rest of it, can't be had this way; `content` tells why. */
  undeliverable(node: Node): void;
}

/** Bytes that now are the receiver's, and what they belong to. */
export interface Parcel {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly pieces: readonly Piece[];
}

/** Sound bytes of a node's content: `length` of a parcel's from `start` on, which belong at `offset`. */
export interface Piece {
  readonly node: Node;
  readonly offset: number;
  readonly start: number;
  readonly length: number;
}

/** Looks one node up by its path; undefined when there is none. */
export async function findNode(
  reader: SnapshotReader,
  path: RawPath,
  options: ReadOptions = {},
): Promise<Node | undefined> {
  for await (const batch of reader.nodes(options)) {
    const found = batch.find((node) => node.path === path);
    if (found !== undefined) return found;
  }
  return undefined;
}
