/** Reading a snapshot that lies elsewhere as objects. */
import { readFileSync } from 'node:fs';
import { isHikaeError } from '../../../base/errors.ts';
import { goQuote } from '../../../base/go-quoting.ts';
import type { Node } from '../../../model/node.ts';
import { componentOf, type SnapshotEntry, type SnapshotHeader } from '../../../model/snapshot.ts';
import type { ReadOptions, SnapshotReader } from '../../../model/snapshot-reader.ts';
import { type CallOptions, type Key, keyFrom, type Storage } from '../../../storage/storage.ts';
import { vaultErrors } from '../../errors.ts';
import { parseChecksumLine } from '../checksums.ts';
import { below, CHECKSUMS, OWN, POLICY, parsePlace } from '../layout.ts';
import { Manifest } from '../manifest.ts';
import { Tally, Unpackable } from '../packing.ts';
import { rangeOfPacked } from '../stored-content.ts';
import { storedAs } from '../stored-form.ts';
import { fetchTo, manifestIn, sha256Of } from './fetched.ts';
import { type HeldLock, lockForReading } from './locks.ts';
import { objectKeyOf } from './object-names.ts';
import { Spool } from './spool.ts';
import type { VaultParts } from './vault-parts.ts';

/** Opens a snapshot, which nobody removes until it is closed. */
export async function openReader(
  parts: VaultParts,
  entry: SnapshotEntry,
  { signal }: CallOptions,
): Promise<ObjectSnapshotReader> {
  const lock = parts.locksReading ? await lockForReading(parts, entry.place, signal) : noLock;
  try {
    // Looked at when the lock is there: whoever removes looks at the locks when the snapshot is withdrawn.
    const place = parsePlace(entry.place);
    const found = place && (await parts.placing.find(place.schedule, place.target, { signal }));
    const isThere = found?.some((one) => one.place.name === place?.name && one.state === 'published');
    if (isThere !== true)
      throw vaultErrors.SNAPSHOT_DAMAGED({ place: entry.place, reason: 'it is there no longer' });
    return new ObjectSnapshotReader(parts, entry, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

const noLock: Pick<HeldLock, 'release'> = { release: async () => undefined };

/** Nobody makes a policy file that is larger. */
const LARGEST_POLICY = 16 * 1024 * 1024;

export class ObjectSnapshotReader implements SnapshotReader {
  readonly header: SnapshotHeader;
  readonly #storage: Storage;
  readonly #place: string;
  readonly #folder: Key;
  readonly #lock: Pick<HeldLock, 'release'>;
  readonly #spool: Spool;
  #manifest: Promise<string> | undefined;

  constructor({ storage, spool }: VaultParts, entry: SnapshotEntry, lock: Pick<HeldLock, 'release'>) {
    this.header = entry.header;
    this.#storage = storage;
    this.#place = entry.place;
    this.#folder = keyFrom(entry.place);
    this.#lock = lock;
    this.#spool = new Spool(spool);
  }

  async *nodes(options: ReadOptions & { readonly component?: string } = {}): AsyncGenerator<readonly Node[]> {
    const { signal = never, component } = options;
    this.#manifest ??= fetchTo(this.#spool, this.#storage, [manifestIn(this.#folder)], { signal });
    const path = await this.#manifest.catch((error: unknown) => {
      this.#manifest = undefined;
      throw error;
    });
    const manifest = Manifest.open(path, this.#place);
    try {
      for await (const batch of manifest.nodes(signal))
        yield component === undefined ? batch : batch.filter(({ path }) => componentOf(path) === component);
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
    const tally = new Tally();
    try {
      for await (const part of this.#read(node, { offset, end }, signal)) {
        tally.add(part);
        yield part;
      }
    } catch (error) {
      const isMissing = isHikaeError(error, 'STORAGE_NOT_FOUND', 'STORAGE_TOO_SHORT');
      throw isMissing || error instanceof Unpackable ? this.#damaged(node, error) : error;
    }
    if (whole && tally.digest() !== node.sha256) throw this.#damaged(node);
  }

  #read(
    node: Node,
    range: { readonly offset: number; readonly end: number },
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array> {
    const key = objectKeyOf(this.#folder, storedAs(node).path);
    const { offset, end } = range;
    if (node.stored === undefined)
      return this.#storage.stream(key, { offset, length: Math.max(0, end - offset), signal });
    const packed = this.#storage.stream(key, { offset: 0, length: node.stored.size, signal });
    return rangeOfPacked(packed, node, range, signal);
  }

  locate(): undefined {
    return undefined;
  }

  async policy({ signal = never }: ReadOptions = {}): Promise<Uint8Array | undefined> {
    const path = below(OWN, POLICY);
    let policy: Uint8Array;
    try {
      const limits = { limit: LARGEST_POLICY, signal };
      policy = await this.#storage.read(objectKeyOf(this.#folder, path), limits);
    } catch (error) {
      if (isHikaeError(error, 'STORAGE_NOT_FOUND')) return undefined;
      throw error;
    }
    const checksums = [objectKeyOf(this.#folder, CHECKSUMS)];
    const lines = readFileSync(await fetchTo(this.#spool, this.#storage, checksums, { signal }), 'latin1');
    const listed = lines.split('\n').map(parseChecksumLine);
    const known = listed.findLast((line) => line?.path === path)?.sha256;
    if (known === sha256Of(policy)) return policy;
    throw vaultErrors.SNAPSHOT_CONTENT_DAMAGED({ path, place: this.#place });
  }

  async close(): Promise<void> {
    this.#spool.close();
    await this.#lock.release();
  }

  #damaged(node: Node, cause?: unknown) {
    const path = goQuote(node.path);
    return vaultErrors.SNAPSHOT_CONTENT_DAMAGED({ path, place: this.#place }, { cause });
  }
}

const never = new AbortController().signal;
