/** The lines of an earlier snapshot, or of what an interrupted run left, along which a writer goes. */
import { constants, openSync } from 'node:fs';
import { compareRawPaths, type RawPath } from '../../base/raw-path.ts';
import { isTrailer } from './header-line.ts';
import { Lines } from './lines.ts';
import { hasPath, parseNode, pathOfLine } from './node-line.ts';

export interface LineSource {
  /** the file that they are in, and whether a header stands before them */
  readonly path: string;
  readonly headed: boolean;
  /** they were published, and so are checked as a whole; if not, each is parsed before it serves */
  readonly published: boolean;
  /** paths whose stored content is known to be damaged */
  readonly damaged: ReadonlySet<RawPath>;
}

/** Walks along with the writer: paths are asked for in a snapshot's order. */
export class EarlierLines {
  readonly published: boolean;
  readonly #damaged: ReadonlySet<RawPath>;
  readonly #lines: Lines;
  #line: string | undefined;
  /** of the line, once it was asked for */
  #path: RawPath | undefined;

  constructor({ path, headed, published, damaged }: LineSource) {
    this.published = published;
    this.#damaged = damaged;
    this.#lines = new Lines(openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW));
    if (headed) this.#lines.next();
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

  close(): void {
    this.#lines.close();
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
