/**
 * What the objects of dated trees were when they were stored, by the manifests: a thief can lay other bytes on top of any
 * object, and only a manifest says which of them are the right ones. Of a manifest itself the oldest version counts.
 */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { isHikaeError } from '../../../../base/errors.ts';
import type { Node } from '../../../../model/node.ts';
import {
  type CallOptions,
  type Key,
  keyFrom,
  type Locking,
  type ObjectVersion,
  rightVersion,
} from '../../../../storage/storage.ts';
import { vaultErrors } from '../../../errors.ts';
import { parsePlace, placeText } from '../../layout.ts';
import { Manifest } from '../../manifest.ts';
import { storedAs } from '../../stored-form.ts';
import { manifestIn } from '../fetched.ts';
import { objectKeyOf } from '../object-names.ts';
import { Spool } from '../spool.ts';
import { oldestOf } from './oldest.ts';

export type Hashes = ReadonlyMap<Key, string>;

export class TreeHashes {
  readonly #locking: Locking;
  readonly #spool: string;
  readonly #places = new Map<string, Promise<Hashes>>();

  /** `spool` is a folder of this machine, for manifests while they are read. */
  constructor(locking: Locking, spool: string) {
    this.#locking = locking;
    this.#spool = spool;
  }

  /** SHA-256 of what was stored under a key; undefined of what no manifest tells of. */
  async of(key: Key, options: CallOptions): Promise<string | undefined> {
    const place = placeIn(key);
    if (place === undefined || key === manifestIn(place)) return undefined;
    try {
      return (await this.all(place, options)).get(key);
    } catch (error) {
      if (!isDamage(error)) throw error;
      return undefined;
    }
  }

  /** Of all that a snapshot's manifest tells of; SNAPSHOT_DAMAGED without one that can be read. */
  async all(place: Key, options: CallOptions): Promise<Hashes> {
    let hashes = this.#places.get(place);
    if (hashes === undefined) {
      hashes = this.#read(place, options);
      this.#places.set(place, hashes);
      // Who asks again after a failure may succeed.
      hashes.catch((error: unknown) => isDamage(error) || this.#places.delete(place));
    }
    return hashes;
  }

  /** Of several versions of one key, the latest first, the right one. */
  async choose(versions: readonly ObjectVersion[], options: CallOptions): Promise<ObjectVersion | undefined> {
    const [first, second] = versions.filter(({ deleted }) => !deleted);
    if (first === undefined || second === undefined) return first;
    return rightVersion(this.#locking, versions, { ...options, sha256: await this.of(first.key, options) });
  }

  async #read(place: Key, options: CallOptions): Promise<Hashes> {
    const manifest = await oldestOf(this.#locking, manifestIn(place), options);
    if (manifest === undefined) throw vaultErrors.SNAPSHOT_DAMAGED({ place, reason: 'it has no manifest' });
    const spool = new Spool(this.#spool);
    try {
      const path = spool.next();
      const { key, version } = manifest;
      await pipeline(
        this.#locking.streamVersion(key, version, options),
        createWriteStream(path, { flags: 'wx' }),
      );
      return await hashesIn(path, place, options);
    } finally {
      spool.close();
    }
  }
}

/** By the manifest in a file of this machine, which is read once it is asked for. */
export function hashesOfFile(path: string, place: Key): Pick<TreeHashes, 'of'> {
  let hashes: Promise<Hashes> | undefined;
  return {
    async of(key, options) {
      hashes ??= hashesIn(path, place, options);
      return (await hashes).get(key);
    },
  };
}

async function hashesIn(path: string, place: Key, { signal }: CallOptions): Promise<Hashes> {
  const hashes = new Map<Key, string>();
  const manifest = Manifest.open(path, place);
  try {
    for await (const batch of manifest.nodes(signal)) for (const node of batch) add(hashes, place, node);
    return hashes;
  } finally {
    manifest.close();
  }
}

function add(hashes: Map<Key, string>, place: Key, node: Node): void {
  if (node.type !== 'file') return;
  const { path, sha256 } = storedAs(node);
  if (sha256 !== undefined) hashes.set(objectKeyOf(place, path), sha256);
}

function isDamage(error: unknown): boolean {
  return isHikaeError(error, 'SNAPSHOT_DAMAGED', 'SNAPSHOT_UNSAFE', 'VAULT_NEWER');
}

/** The folder of the snapshot that an object belongs to. */
function placeIn(key: Key): Key | undefined {
  const place = parsePlace(key.split('/', 3).join('/'));
  return place && keyFrom(placeText(place));
}
