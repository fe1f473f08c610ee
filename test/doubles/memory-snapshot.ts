/** A snapshot in memory: what a vault's reader offers, from a list of nodes and their contents. */
import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RawName, RawPath } from '../../src/base/raw-path.ts';
import type { Node } from '../../src/model/node.ts';
import {
  type ComponentFacts,
  componentOf,
  type Origin,
  type SnapshotHeader,
} from '../../src/model/snapshot.ts';
import type { LocatedFile, ReadOptions, SnapshotReader } from '../../src/model/snapshot-reader.ts';

const PART = 65_536;
const BATCH = 100;

export class MemorySnapshot implements SnapshotReader {
  readonly header: SnapshotHeader;
  readonly #nodes: readonly Node[];
  readonly #contents: Map<string, Buffer>;
  readonly #located = new Map<string, string>();
  #folder: string | undefined;
  /** places that were given out and not released */
  places = 0;

  /** Nodes in the order in which they are given; contents by path, of which further hard links need none. */
  constructor(
    nodes: readonly Node[],
    contents: ReadonlyMap<string, Buffer>,
    origin: Origin,
    facts?: ComponentFacts,
  ) {
    this.#nodes = nodes;
    this.#contents = new Map(contents);
    const files = nodes.filter(({ type }) => type === 'file');
    this.header = {
      id: '0'.repeat(32),
      target: 'test',
      host: 'test',
      time: 0,
      zone: 'UTC',
      schedule: 'daily',
      trigger: 'manual',
      hikae: '0',
      components: [
        {
          name: nodes[0] === undefined ? '' : componentOf(nodes[0].path),
          origin,
          complete: true,
          nodes: nodes.length,
          files: files.length,
          bytes: files.reduce((sum, { size }) => sum + size, 0),
          ...(facts === undefined ? {} : { facts }),
        },
      ],
      notes: 0,
      problems: 0,
      troubles: [],
    };
  }

  /** From now on contents lie in files of a folder, so that they can be located. */
  layOut(): this {
    this.#folder = mkdtempSync(join(tmpdir(), 'hikae-laid-out-'));
    for (const [path, content] of this.#contents) {
      const name = createHash('sha256').update(path).digest('hex');
      writeFileSync(join(this.#folder, name), content);
      this.#located.set(path, name);
    }
    return this;
  }

  /** Replaces a content without its hash, as a failing disk does. */
  damage(path: string, content: Buffer): void {
    this.#contents.set(path, content);
    const name = this.#located.get(path);
    if (this.#folder !== undefined && name !== undefined) writeFileSync(join(this.#folder, name), content);
  }

  async *nodes(options: ReadOptions & { readonly component?: string } = {}): AsyncGenerator<readonly Node[]> {
    for (let from = 0; from < this.#nodes.length; from += BATCH) {
      options.signal?.throwIfAborted();
      yield this.#nodes.slice(from, from + BATCH);
    }
  }

  async *content(
    node: Node,
    options: ReadOptions & { readonly offset?: number; readonly length?: number } = {},
  ): AsyncGenerator<Uint8Array> {
    const { offset = 0 } = options;
    const whole = this.#contentOf(node);
    const end = offset + (options.length ?? whole.length);
    for (let from = offset; from < end; from += PART) {
      options.signal?.throwIfAborted();
      yield whole.subarray(from, Math.min(from + PART, end));
    }
  }

  locate(node: Node): LocatedFile | undefined {
    const name = this.#located.get(node.hardlink ?? node.path);
    if (this.#folder === undefined || name === undefined) return undefined;
    const directory = openSync(this.#folder, 'r');
    this.places += 1;
    const release = () => {
      this.places -= 1;
      closeSync(directory);
    };
    return { directory, name: name as RawName, release };
  }

  async policy(): Promise<undefined> {
    return undefined;
  }

  async close(): Promise<void> {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true });
    this.#folder = undefined;
  }

  #contentOf(node: Node): Buffer {
    return this.#contents.get(node.hardlink ?? node.path) ?? Buffer.alloc(0);
  }
}

/** A node with all its fields, of which only the interesting ones need to be given. */
export function nodeOf(path: string, fields: Partial<Node> = {}): Node {
  return {
    path: path as RawPath,
    type: 'file',
    mode: fields.type === 'dir' ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    user: '',
    group: '',
    mtime: 1_700_000_000_123_456_789n,
    ctime: 0n,
    inode: 0n,
    device: 0n,
    links: 1,
    size: 0,
    rdev: 0n,
    xattrs: [],
    holes: [],
    ...fields,
  };
}

/** A file's node for a content. */
export function fileOf(path: string, content: Buffer, fields: Partial<Node> = {}): Node {
  const sha256 = createHash('sha256').update(content).digest('hex');
  return nodeOf(path, { size: content.length, sha256, ...fields });
}
