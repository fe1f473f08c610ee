/** A component of a finished snapshot as a capture, so that storing it elsewhere is storing it like anything else. */
import { systemCode } from '../base/errors.ts';
import { goQuote } from '../base/go-quoting.ts';
import type { RawPath } from '../base/raw-path.ts';
import type { Capture, CapturedNode, Content } from '../model/capture.ts';
import type { Node } from '../model/node.ts';
import type { ComponentKind } from '../model/snapshot.ts';
import type { LocatedFile, SnapshotReader } from '../model/snapshot-reader.ts';
import { vaultErrors } from './errors.ts';

export interface ComponentInSnapshot {
  readonly component: string;
  /** where the snapshot lies in its vault, for errors */
  readonly place: string;
}

/** Whoever opened the reader closes it: a capture is closed after each component. */
export function captureComponent(
  reader: SnapshotReader,
  { component, place }: ComponentInSnapshot,
  signal: AbortSignal,
): Capture {
  const summary = reader.header.components.find(({ name }) => name === component);
  const contents = new Contents(reader, place, isPackedBest(summary?.origin.kind));
  const facts = summary?.facts;
  return {
    async *nodes() {
      for await (const batch of reader.nodes({ component, signal })) {
        yield batch.map((node) => captured(node, component, contents));
      }
    },
    ...(facts === undefined ? {} : { facts: () => facts }),
    async close() {},
  };
}

/** Dumps are text; what else is worth packing, its own vault has packed. */
function isPackedBest(kind: ComponentKind | undefined): boolean {
  return kind === 'postgres' || kind === 'mysql';
}

function captured(node: Node, component: string, contents: Contents): CapturedNode {
  // How it is stored there is no matter of the one that it is stored in next.
  const { sha256, target, hardlink = node.path, xattrs, holes, stored: _, inParts: __, ...metadata } = node;
  const within = (path: RawPath) => path.slice(component.length + 1) as RawPath;
  const one = { metadata: { ...metadata, path: within(node.path) }, xattrs: () => xattrs };
  if (node.type !== 'file') return { ...one, ...(target === undefined ? {} : { target }) };
  return {
    ...one,
    ...(sha256 === undefined ? {} : { sha256 }),
    kept: { first: within(hardlink), holes },
    content: contents.of(node),
  };
}

/** Where a reader's contents are to be had: as files on this machine, or as streams. */
class Contents {
  readonly #reader: SnapshotReader;
  readonly #place: string;
  readonly #packs: boolean;
  /** unknown before the first file is asked for */
  #areLocated: boolean | undefined;

  constructor(reader: SnapshotReader, place: string, packs: boolean) {
    this.#reader = reader;
    this.#place = place;
    this.#packs = packs;
  }

  of(node: Node): Content {
    if (node.stored !== undefined) return this.#stream(node, true);
    this.#areLocated ??= this.#looksLocated(node);
    return this.#areLocated ? this.#located(node) : this.#stream(node, this.#packs);
  }

  #looksLocated(node: Node): boolean {
    const located = this.#reader.locate(node);
    located?.release();
    return located !== undefined;
  }

  #stream(node: Node, compressible: boolean): Content {
    const [reader, place] = [this.#reader, this.#place];
    return {
      kind: 'stream',
      compressible,
      parts: () => reader.readableParts?.(node),
      async *open(signal) {
        try {
          yield* reader.content(node, { signal });
        } catch (error) {
          // The disk of the vault that is read, and not of the one that is written to.
          if (systemCode(error) === undefined) throw error;
          throw vaultErrors.SNAPSHOT_CONTENT_DAMAGED({ path: goQuote(node.path), place }, { cause: error });
        }
      },
    };
  }

  /** Located only when it is asked for: of an unchanged file nobody needs the place. */
  #located(node: Node): Content {
    const reader = this.#reader;
    let located: LocatedFile | undefined;
    return {
      kind: 'file',
      get place() {
        located ??= reader.locate(node);
        // A name that can't exist: who opens it finds that the file has vanished.
        return located ?? { directory: -1, name: '' as RawPath };
      },
      moved: () => undefined,
      release: () => located?.release(),
    };
  }
}
