/** Reading a manifest: the header alone, or all nodes with everything about their order checked. */
import { createHash, type Hash } from 'node:crypto';
import { constants, openSync } from 'node:fs';
import { breathe } from '../../base/abort.ts';
import { goQuote } from '../../base/go-quoting.ts';
import { compareRawPaths, type RawPath } from '../../base/raw-path.ts';
import type { Node } from '../../model/node.ts';
import { componentOf, type SnapshotHeader } from '../../model/snapshot.ts';
import { vaultErrors } from '../errors.ts';
import { isTrailer, parseHeader, parseTrailer } from './header-line.ts';
import { Lines } from './lines.ts';
import { parseNode } from './node-line.ts';

const BATCH = 256;
/** No file system nests deeper, and no memory should be spent on a manifest that claims so. */
const DEEPEST = 4096;

/** An open manifest. `place` names its snapshot in errors. */
export class Manifest {
  readonly header: SnapshotHeader;
  readonly place: string;
  readonly #lines: Lines;
  readonly #hash: Hash;

  private constructor(place: string, lines: Lines, hash: Hash) {
    this.place = place;
    this.#lines = lines;
    this.#hash = hash;
    this.header = this.#strictly(() => {
      const line = lines.next();
      if (line === undefined) throw new SyntaxError('the manifest has no header');
      return parseHeader(line, place);
    });
  }

  static open(path: string, place: string): Manifest {
    const hash = createHash('sha256');
    const lines = new Lines(openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW), hash);
    try {
      return new Manifest(place, lines, hash);
    } catch (error) {
      lines.close();
      throw error;
    }
  }

  /** All nodes to the end; the last batch comes only if the trailer's count and hash are right. */
  async *nodes(signal: AbortSignal): AsyncGenerator<readonly Node[]> {
    const order = new NodeOrder(this.header);
    let count = 0;
    let batch: Node[] = [];
    while (true) {
      const node = this.#strictly(() => this.#nextNode(order, count));
      if (node === undefined) break;
      count += 1;
      batch.push(node);
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
      await breathe(signal);
    }
    yield batch;
  }

  close(): void {
    this.#lines.close();
  }

  #nextNode(order: NodeOrder, count: number): Node | undefined {
    const text = this.#lines.next();
    if (text === undefined) throw new SyntaxError('the manifest ends without its trailer');
    if (!isTrailer(text)) {
      const node = parseNode(text);
      order.check(node);
      return node;
    }
    const trailer = parseTrailer(text);
    if (trailer.nodes !== count)
      throw new SyntaxError(`the trailer counts ${trailer.nodes} nodes, there are ${count}`);
    this.#lines.hashBeforeLast();
    if (trailer.sha256 !== this.#hash.copy().digest('hex'))
      throw new SyntaxError('the manifest does not match its hash');
    if (this.#lines.next() !== undefined) throw new SyntaxError('something follows the trailer');
    return undefined;
  }

  #strictly<Result>(read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      const { place } = this;
      if (error instanceof UnsafePath)
        throw vaultErrors.SNAPSHOT_UNSAFE({ place, reason: error.message }, { cause: error });
      if (!(error instanceof SyntaxError)) throw error;
      throw vaultErrors.SNAPSHOT_DAMAGED({ place, reason: error.message }, { cause: error });
    }
  }
}

/** Checks that paths are safe, in order, and each below a directory that came before it. */
class NodeOrder {
  readonly #components: ReadonlySet<string>;
  /** the directories that the last node lies in, and itself when it is one */
  readonly #open: RawPath[] = [];
  #last: RawPath | undefined;

  constructor(header: SnapshotHeader) {
    this.#components = new Set(header.components.filter(({ complete }) => complete).map(({ name }) => name));
  }

  check({ path, type, hardlink }: Node): void {
    for (const one of [path, hardlink ?? path]) if (!isSafePath(one)) throw new UnsafePath(goQuote(one));
    const problem = this.#problemOf(path, hardlink);
    if (problem !== undefined) throw new SyntaxError(`${problem}: ${goQuote(path)}`);
    this.#last = path;
    if (type === 'dir') this.#open.push(path);
  }

  #problemOf(path: RawPath, hardlink: RawPath | undefined): string | undefined {
    if (this.#last !== undefined && compareRawPaths(this.#last, path) >= 0) return 'a path out of order';
    if (hardlink !== undefined) {
      if (compareRawPaths(hardlink, path) >= 0) return 'a hard link to a later path';
      if (componentOf(hardlink) !== componentOf(path)) return 'a hard link to another component';
    }
    const slash = path.lastIndexOf('/');
    if (slash < 0) {
      this.#open.length = 0;
      return this.#components.has(componentOf(path)) ? undefined : 'a path outside the components';
    }
    const parent = path.slice(0, slash);
    while (this.#open.length > 0 && this.#open.at(-1) !== parent) this.#open.pop();
    if (this.#open.length === 0) return 'a path whose folder is not in the snapshot';
    return this.#open.length > DEEPEST ? 'a path that is too deep' : undefined;
  }
}

/** A path that would lead out of the snapshot: nothing that damage alone brings about. */
class UnsafePath extends Error {}

/** No empty part, no `.` or `..`, nothing absolute: joined to a folder it stays in that folder. */
export function isSafePath(path: RawPath): boolean {
  return !unsafePart.test(path);
}

/** A part that is empty, `.` or `..`. */
const unsafePart = /(?:^|\/)\.{0,2}(?:\/|$)/;
