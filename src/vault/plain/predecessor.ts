/** An earlier snapshot, or what an interrupted run left, to take unchanged data from. */
import { constants, openSync } from 'node:fs';
import type { OpenDirectory } from '../../base/open-directory.ts';
import { compareRawPaths, type RawPath } from '../../base/raw-path.ts';
import { isTrailer } from './header-line.ts';
import { Lines } from './lines.ts';
import { hasPath, parseNode, pathOfLine } from './node-line.ts';
import { StoredTree } from './stored-tree.ts';

export interface PredecessorSource {
  /** absolute path of the snapshot's folder */
  readonly folder: string;
  /** the file with its nodes, in that folder, and whether a header stands before them */
  readonly nodes: string;
  readonly headed: boolean;
  /** it was published, so that its stored files are as its nodes say; if not, each is hashed before it is shared */
  readonly published: boolean;
  /** paths whose stored content is known to be damaged */
  readonly damaged: ReadonlySet<RawPath>;
}

/** Walks along with the writer: paths are asked for in a snapshot's order. */
export class Predecessor {
  readonly published: boolean;
  readonly #damaged: ReadonlySet<RawPath>;
  readonly #lines: Lines;
  readonly #tree: StoredTree;
  #line: string | undefined;
  /** of the line, once it was asked for */
  #path: RawPath | undefined;

  constructor(source: PredecessorSource) {
    this.published = source.published;
    this.#damaged = source.damaged;
    this.#lines = new Lines(
      openSync(`${source.folder}/${source.nodes}`, constants.O_RDONLY | constants.O_NOFOLLOW),
    );
    this.#tree = StoredTree.open(source.folder);
    if (source.headed) this.#lines.next();
    this.#advance();
  }

  /** The node's line, unless it has none here or its stored content is damaged. */
  find(path: RawPath): string | undefined {
    let order = this.#compareTo(path);
    while (order < 0) {
      this.#advance();
      order = this.#compareTo(path);
    }
    return order === 0 && !this.#damaged.has(path) ? this.#line : undefined;
  }

  /** The folder that its stored files of a path lie in, held until the next is asked for. */
  folder(path: RawPath): OpenDirectory | undefined {
    return this.#tree.folder(path);
  }

  close(): void {
    this.#lines.close();
    this.#tree.close();
  }

  /** Below 0 when the line comes before a path, 0 when it is the path's own, above 0 behind it and at the end. */
  #compareTo(path: RawPath): number {
    const line = this.#line;
    if (line === undefined) return 1;
    // So it mostly is, and that shows without taking the path out of the line.
    if (hasPath(line, path)) return 0;
    this.#path ??= pathOfLine(line);
    return compareRawPaths(this.#path, path);
  }

  #advance(): void {
    this.#path = undefined;
    const line = this.#lines.next();
    this.#line = line === undefined || isTrailer(line) || !this.#isSound(line) ? undefined : line;
  }

  /** A list that was never finished is checked by nothing else; a published one was, as a whole. */
  #isSound(line: string): boolean {
    if (this.published) return true;
    try {
      parseNode(line);
      return true;
    } catch (error) {
      // After a crash the list may end in bytes that never reached the disk: it serves up to there.
      if (!(error instanceof SyntaxError)) throw error;
      return false;
    }
  }
}
