/** Objects of a repository that are read and written whole: unpacked files, each under the SHA-256 of its bytes. */

import type { HikaeError } from '../../base/errors.ts';
import { isHikaeError } from '../../base/errors.ts';
import type { Key, Lock, Storage } from '../../storage/storage.ts';
import type { RepositoryCache } from './cache/repository-cache.ts';
import { repositoryErrors } from './errors.ts';
import { idOf } from './format/blob.ts';
import type { Sealer } from './format/sealing.ts';
import { decodeUnpacked, encodeUnpacked, MOST_UNPACKED } from './format/unpacked.ts';
import { type Folder, idIn, keyOf, packKey } from './layout.ts';

export interface Signalled {
  readonly signal: AbortSignal;
}

/** Of many small files so many are asked for at a time: each is a round trip, and each is held in memory until its turn. */
export const READ_AHEAD = 8;

export interface ListedObject {
  readonly id: string;
  readonly size: number;
  /** by the medium's clock */
  readonly modified: number;
}

/** The ids of what lies in a folder, sorted. Other names and other places are none of the format's. */
export async function listIds(
  storage: Storage,
  folder: Folder | 'data',
  { signal }: Signalled,
): Promise<ListedObject[]> {
  const found: ListedObject[] = [];
  const placeOf = folder === 'data' ? packKey : (id: string) => keyOf(folder, id);
  for await (const batch of storage.list(folder as Key, { signal })) {
    for (const { key, size, modified } of batch) {
      const id = idIn(key);
      if (id !== undefined && key === placeOf(id)) found.push({ id, size, modified });
    }
  }
  return found;
}

/** Bytes of an object that is named by their hash; VAULT_OBJECT_DAMAGED when they have another. */
export async function readHashed(storage: Storage, key: Key, { signal }: Signalled): Promise<Uint8Array> {
  const bytes = await reading(storage, key, () => storage.read(key, { signal, limit: MOST_UNPACKED }));
  if (idOf(bytes) !== idIn(key)) throw damaged(storage, key, 'its name is not its hash');
  return bytes;
}

interface UnpackedPlace {
  readonly storage: Storage;
  readonly sealer: Sealer;
  readonly cache?: RepositoryCache | undefined;
}

/** The JSON of an unpacked file, made into what `parse` makes of it. */
export async function readUnpacked<Result>(
  place: UnpackedPlace,
  key: Key,
  parse: (json: string) => Result,
  options: Signalled,
): Promise<Result> {
  const bytes = await readCached(place, key, options);
  return parsing(place.storage, key, () => parse(decodeUnpacked(place.sealer.open(bytes))));
}

async function readCached(
  { storage, cache }: UnpackedPlace,
  key: Key,
  options: Signalled,
): Promise<Uint8Array> {
  const [folder = '', id = ''] = key.split('/');
  if (cache === undefined || !isCached(folder)) return readHashed(storage, key, options);
  const found = cache.find(folder, id, (bytes) => {
    if (idOf(bytes) !== id) throw new SyntaxError('its name is not its hash');
    return bytes;
  });
  if (found !== undefined) return found;
  const bytes = await readHashed(storage, key, options);
  cache.add(folder, id, bytes);
  return bytes;
}

/** Locks come and go, and keys are read before it is known which repository it is. */
function isCached(folder: string): folder is 'index' | 'snapshots' {
  return folder === 'index' || folder === 'snapshots';
}

/** Stores JSON as an unpacked file and gives its id. */
export async function writeUnpacked(
  { storage, sealer, cache, version }: UnpackedPlace & { readonly version: 1 | 2 },
  folder: Folder,
  json: string,
  { signal, lock }: Signalled & { readonly lock?: Lock },
): Promise<string> {
  const sealed = sealer.seal(encodeUnpacked(json, version));
  const id = idOf(sealed);
  // By chance in its nonce no two have the same name.
  await storage.put(keyOf(folder, id), sealed, { signal, lock, isNew: true, sha256: id });
  if (isCached(folder)) cache?.add(folder, id, sealed);
  return id;
}

/** What the format can't be found in is damage, named by the object. */
export function parsing<Result>(storage: Storage, key: Key, parse: () => Result): Result {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw damaged(storage, key, error.message, error);
  }
}

/**
 * An object that is too long or too short is damaged, and so is one that the medium can't give while it gives others, such as
 * one that somebody has encrypted with a key of his own. What the medium has to say otherwise stays what it is.
 */
async function reading<Result>(storage: Storage, key: Key, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    if (!isHikaeError(error, 'STORAGE_TOO_LARGE', 'STORAGE_TOO_SHORT', 'STORAGE_FAILED')) throw error;
    throw damaged(storage, key, error.message, error);
  }
}

function damaged(storage: Storage, key: Key, reason: string, cause?: unknown): HikaeError {
  return repositoryErrors.VAULT_OBJECT_DAMAGED({ object: key, path: storage.location, reason }, { cause });
}
