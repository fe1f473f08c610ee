/** Reading a finished snapshot: in either kind of vault, as often as one likes. */
import type { RawPath } from '../base/raw-path.ts';
import type { FilePlace } from './capture.ts';
import type { Node } from './node.ts';
import type { SnapshotHeader } from './snapshot.ts';

export interface ReadOptions {
  readonly signal?: AbortSignal;
}

export interface SnapshotReader {
  readonly header: SnapshotHeader;

  /** All nodes in order (see compareRawPaths), in batches. Fails on a node that is out of order or unsafe. */
  nodes(options?: ReadOptions & { readonly component?: string }): AsyncIterable<readonly Node[]>;

  /** A node's logical content, or `length` bytes of it from `offset`; checked against its hash when it is whole. */
  content(
    node: Node,
    options?: ReadOptions & { readonly offset?: number; readonly length?: number },
  ): AsyncIterable<Uint8Array>;

  /** Opens where the content lies as plain bytes, for who copies faster than a stream; undefined when it doesn't. */
  locate(node: Node): LocatedFile | undefined;

  /** The policy file as it was, kept beside the data; undefined where there is none. */
  policy(options?: ReadOptions): Promise<Uint8Array | undefined>;

  close(): Promise<void>;
}

export interface LocatedFile extends FilePlace {
  release(): void;
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
