/**
 * What a source hands to a vault: nodes in the order of the snapshot, and their content by reference, so that
 * a vault may pass a place on to its workers instead of pulling bytes through the main thread.
 */
import type { RawName, RawPath } from '../base/raw-path.ts';
import type { Hole, NodeMetadata, Xattr } from './node.ts';
import type { ComponentFacts } from './snapshot.ts';

/** A file by the directory it lies in: an open descriptor and a name in it. No link on the way can lead astray. */
export interface FilePlace {
  readonly directory: number;
  readonly name: RawName;
}

export type Content =
  | {
      readonly kind: 'file';
      readonly place: FilePlace;
      /** where the same file is now, when its place is empty: a mail folder renames under the reader */
      moved(): FilePlace | undefined;
      /** to be called once when the content is read or not wanted; closes what the source holds open for it */
      release(): void;
    }
  | {
      readonly kind: 'stream';
      /** It is text, or something else that packing makes much smaller; whether and how it is packed, the vault decides. */
      readonly compressible: boolean;
      /**
       * The content, once, in parts that are not written to again. It throws when its end isn't a good one, and then the
       * component has failed.
       */
      open(signal: AbortSignal): AsyncIterable<Uint8Array>;
      /** How it is cut where it lies, for who keeps it cut as well; undefined where it lies whole. */
      parts?(): ContentParts | undefined;
    };

/** A content in parts, each known by its SHA-256 in hexadecimal. */
export interface ContentParts {
  /** in order; the same may come again */
  readonly ids: readonly string[];
  /** Reads one of them. What is not what its id says is damaged, and never given. */
  readonly read: (id: string, signal: AbortSignal) => Promise<Uint8Array>;
}

/** A node as a source sees it. Its path is relative to the component: `''` is the component's own root. */
export interface CapturedNode {
  readonly metadata: NodeMetadata;
  readonly target?: RawPath;
  /** the content's hash, where it is known beforehand: what is read must match it */
  readonly sha256?: string;
  /** set for a file of a snapshot: it is what is listed, whatever is told of the place where its content lies */
  readonly kept?: KeptFile;
  /** reads the extended attributes; asked only where they may have changed */
  xattrs(): readonly Xattr[];
  readonly content?: Content;
}

/** What a snapshot knows of a file that a live file system would only tell while it is read. */
export interface KeptFile {
  /** the first path of the hard-link group that it belongs to, or its own; relative as its own is */
  readonly first: RawPath;
  readonly holes: readonly Hole[];
}

/** One pass over live data, in manifest order, in batches. Ends with an error when the component has failed. */
export interface Capture {
  nodes(): AsyncIterable<readonly CapturedNode[]>;
  /**
   * What was found out on the way; asked when all nodes and their content have been read. It fails when they turn out
   * not to be what they should, and so has the component.
   */
  facts?(): ComponentFacts | Promise<ComponentFacts>;
  close(): Promise<void>;
}
