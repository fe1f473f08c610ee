/** Reading a snapshot of a plain vault. */
import { hash } from 'node:crypto';
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../base/errors.ts';
import { goQuote } from '../../base/go-quoting.ts';
import { openAt, tryLock } from '../../base/libc.ts';
import { nameOf, parentOf } from '../../base/raw-path.ts';
import type { Node } from '../../model/node.ts';
import { componentOf, type SnapshotEntry, type SnapshotHeader } from '../../model/snapshot.ts';
import type { LocatedFile, ReadOptions, SnapshotReader } from '../../model/snapshot-reader.ts';
import { vaultErrors } from '../errors.ts';
import { parseChecksumLine } from './checksums.ts';
import { below, CHECKSUMS, MANIFEST, OWN, POLICY } from './layout.ts';
import { Manifest } from './manifest.ts';
import { Tally, Unpackable } from './packing.ts';
import { readStored } from './stored-content.ts';
import { storedAs } from './stored-form.ts';
import { StoredTree } from './stored-tree.ts';

export class PlainSnapshotReader implements SnapshotReader {
  readonly header: SnapshotHeader;
  readonly #place: string;
  readonly #folder: string;
  readonly #manifest: string;
  readonly #tree: StoredTree;
  /** held while the snapshot is read, so that nobody removes it meanwhile */
  readonly #hold: number;

  private constructor(root: string, entry: SnapshotEntry) {
    const folder = join(root, entry.place);
    this.#place = entry.place;
    this.header = entry.header;
    this.#folder = folder;
    this.#manifest = join(folder, OWN, MANIFEST);
    this.#hold = openSync(this.#manifest, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      if (!tryLock(this.#hold, 'shared')) throw vaultErrors.SNAPSHOT_IN_USE({ place: entry.place });
      this.#tree = StoredTree.open(folder);
    } catch (error) {
      closeSync(this.#hold);
      throw error;
    }
  }

  static open(root: string, entry: SnapshotEntry): PlainSnapshotReader {
    return new PlainSnapshotReader(root, entry);
  }

  async *nodes(options: ReadOptions & { readonly component?: string } = {}): AsyncGenerator<readonly Node[]> {
    const manifest = Manifest.open(this.#manifest, this.#place);
    const { component } = options;
    try {
      for await (const batch of manifest.nodes(options.signal ?? never)) {
        yield component === undefined ? batch : batch.filter(({ path }) => componentOf(path) === component);
      }
    } finally {
      manifest.close();
    }
  }

  async *content(
    node: Node,
    options: ReadOptions & { readonly offset?: number; readonly length?: number } = {},
  ): AsyncGenerator<Uint8Array> {
    const { signal = never, offset = 0 } = options;
    const end = Math.min(node.size, offset + (options.length ?? node.size));
    const whole = offset === 0 && end === node.size;
    const file = this.#openStored(node);
    const tally = new Tally();
    try {
      for await (const part of readStored(file, node, { offset, end }, signal)) {
        tally.add(part);
        yield part;
      }
    } catch (error) {
      throw error instanceof Unpackable ? this.#damaged(node, error) : error;
    } finally {
      closeSync(file);
    }
    if (whole && tally.digest() !== node.sha256) throw this.#damaged(node);
  }

  #openStored(node: Node): number {
    const folder = this.#tree.folder(parentOf(node.path));
    if (folder === undefined) throw this.#damaged(node);
    try {
      return openAt(folder.descriptor, storedAs(node).name, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      const isMissing = ['ENOENT', 'ELOOP', 'ENXIO'].includes(systemCode(error) ?? '');
      throw isMissing ? this.#damaged(node, error) : error;
    }
  }

  locate(node: Node): LocatedFile | undefined {
    if (node.stored !== undefined) return undefined;
    const held = this.#tree.folder(parentOf(node.path))?.hold();
    if (held === undefined) return undefined;
    return { directory: held.descriptor, name: nameOf(node.path), release: () => held.release() };
  }

  async policy(): Promise<Uint8Array | undefined> {
    const path = below(OWN, POLICY);
    const policy = readIfThere(join(this.#folder, path));
    if (policy === undefined) return undefined;
    const listed = readFileSync(join(this.#folder, CHECKSUMS), 'latin1').split('\n').map(parseChecksumLine);
    const known = listed.findLast((line) => line?.path === path)?.sha256;
    if (known === hash('sha256', policy, 'hex')) return policy;
    throw vaultErrors.SNAPSHOT_CONTENT_DAMAGED({ path, place: this.#place });
  }

  async close(): Promise<void> {
    this.#tree.close();
    closeSync(this.#hold);
  }

  #damaged(node: Node, cause?: unknown) {
    const path = goQuote(node.path);
    return vaultErrors.SNAPSHOT_CONTENT_DAMAGED({ path, place: this.#place }, { cause });
  }
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

const never = new AbortController().signal;
