/** An open repository: its key, its config and what its indexes say. What vaults do is built on it. */
import type { HikaeError } from '../../base/errors.ts';
import { isHikaeError } from '../../base/errors.ts';
import { inOrder } from '../../base/lanes.ts';
import type { Secret } from '../../base/secret.ts';
import { Kernels } from '../../kernels/kernels.ts';
import type { Storage } from '../../storage/storage.ts';
import { vaultErrors } from '../errors.ts';
import { BlobIndex } from './blob-index.ts';
import type { RepositoryCache } from './cache/repository-cache.ts';
import { repositoryErrors } from './errors.ts';
import { idOf } from './format/blob.ts';
import { encodeConfig, NewerVersion, parseConfig, type RepositoryConfig } from './format/config.ts';
import { parseIndexFile } from './format/index-file.ts';
import { encodeKeyFile, newMasterKey, parseKeyFile, type ScryptCost } from './format/key-file.ts';
import { randomPolynomial } from './format/polynomial.ts';
import { type MasterKey, type RandomBytes, Sealer } from './format/sealing.ts';
import { MOST_KEYS, readKeyFiles, type StoredKey, unlock } from './key-files.ts';
import { CONFIG, keyOf } from './layout.ts';
import type { RepositoryLocks } from './locking/repository-locks.ts';
import { type ListedObject, listIds, parsing, READ_AHEAD, readUnpacked, type Signalled } from './objects.ts';

const MOST_CONFIG = 64 * 1024;
/** How often the index is listed anew when what was listed is gone. */
const MOST_TURNS = 5;

export interface Repository {
  readonly storage: Storage;
  readonly config: RepositoryConfig;
  readonly key: MasterKey;
  readonly sealer: Sealer;
  /** the key file that it was opened with */
  keyId: string;
  /** the key files that there were then, of many those that have been there the longest */
  readonly keyFiles: readonly StoredKey[];
  /** when its first key was made, in milliseconds since 1970 UTC */
  readonly created: number;
  /** what was read before, where that is quicker to be had; who judges what lies in the storage goes without */
  readonly cache?: RepositoryCache | undefined;
  /** where its objects are locked */
  readonly locks?: RepositoryLocks | undefined;
  /** the blobs that it has; see loadIndex */
  index: LoadedIndex;
}

export interface LoadedIndex {
  readonly blobs: BlobIndex;
  /** the index files that it was made from */
  readonly files: ReadonlySet<string>;
  /** index files that can't be read: what only they name is out of reach */
  readonly damaged: readonly HikaeError[];
}

export interface OpenOptions extends Signalled {
  readonly password: Secret;
  readonly random: RandomBytes;
}

/** undefined where there is no repository. */
export async function openRepository(
  storage: Storage,
  { password, random, signal }: OpenOptions,
): Promise<Repository | undefined> {
  const [files, sealed] = await Promise.all([
    readKeyFiles(storage, { most: MOST_KEYS, signal }),
    readIfThere(storage, signal),
  ]);
  if (sealed === undefined) {
    if (files.keys.length + files.unreadable.length === 0) return undefined;
    // A repository that lost its config, or one that was never finished: not ours to make anew.
    throw repositoryErrors.VAULT_OBJECT_DAMAGED({
      object: CONFIG,
      path: storage.location,
      reason: 'it is missing',
    });
  }
  const { key, id: keyId } = await unlock(storage, files, { password, signal });
  const created = Math.min(...files.keys.map(({ file }) => file.created));
  const sealer = new Sealer(key, { kernels: new Kernels(0), random });
  const config = readConfig(storage, sealed, sealer);
  return { storage, config, key, sealer, keyId, keyFiles: files.keys, created, index: emptyIndex() };
}

export interface CreateOptions extends OpenOptions {
  readonly cost: ScryptCost;
  /** milliseconds since 1970 UTC */
  readonly now: number;
  readonly username: string;
  readonly hostname: string;
}

/** Makes a repository in a storage that holds nothing, hidden versions included: VAULT_FOREIGN if it does. */
export async function createRepository(storage: Storage, options: CreateOptions): Promise<Repository> {
  const { password, random, signal, cost, now, username, hostname } = options;
  if (!(await isEmpty(storage, { signal }))) throw vaultErrors.VAULT_FOREIGN({ path: storage.location });
  const key = newMasterKey(random);
  const created = new Date(now).toISOString();
  const owner = { created, username, hostname };
  const file = await encodeKeyFile(key, { password: password.reveal(), cost, ...owner }, random);
  const config: RepositoryConfig = {
    version: 2,
    id: Buffer.from(random(32)).toString('hex'),
    polynomial: randomPolynomial(random),
  };
  const sealer = new Sealer(key, { kernels: new Kernels(0), random });
  const keyId = idOf(file);
  // In this order: without a key the config is nothing.
  await storage.put(keyOf('keys', keyId), file, { signal });
  await storage.put(CONFIG, sealer.seal(encodeConfig(config)), { signal });
  const keyFiles = [{ id: keyId, file: parseKeyFile(file) }];
  return { storage, config, key, sealer, keyId, keyFiles, created: now, index: emptyIndex() };
}

/** What was deleted where versions are kept is still there, and would be taken for a part of the new one when it is brought back. */
async function isEmpty(storage: Storage, options: Signalled): Promise<boolean> {
  for await (const batch of storage.list('', options)) if (batch.length > 0) return false;
  if (storage.locking === undefined) return true;
  try {
    for await (const batch of storage.locking.versions('', options)) if (batch.length > 0) return false;
  } catch (error) {
    // Whoever may not ask sees no more than there is to see.
    if (!isHikaeError(error, 'STORAGE_REFUSED')) throw error;
  }
  return true;
}

/** Brings the index up to what the repository has now. */
export async function loadIndex(repository: Repository, options: Signalled): Promise<LoadedIndex> {
  for (let turn = 1; ; turn++) {
    try {
      return await loadPresent(repository, options);
    } catch (error) {
      // Somebody who prunes has just replaced it.
      if (turn === MOST_TURNS || !isHikaeError(error, 'STORAGE_NOT_FOUND')) throw error;
    }
  }
}

async function loadPresent(repository: Repository, { signal }: Signalled): Promise<LoadedIndex> {
  const { storage, index: known } = repository;
  const present = await listIds(storage, 'index', { signal });
  const isSame = known.files.size === present.length && present.every(({ id }) => known.files.has(id));
  if (isSame && known.damaged.length === 0) return known;
  const ids = new Set(present.map(({ id }) => id));
  const isLarger = known.files.size > 0 && [...known.files].every((id) => ids.has(id));
  // What is read for the first time gets as much room as it needs. And an index that is gone may have been replaced by one that
  // says less: then it is all read again.
  const start = isLarger && known.damaged.length === 0 ? known : emptyIndex(present);
  const files = new Set(start.files);
  const damaged: HikaeError[] = [];
  const wanted = present.filter(({ id }) => !files.has(id));
  for await (const { id, file } of readIndexFiles(repository, wanted, parseIndexFile, { signal })) {
    if (isHikaeError(file)) damaged.push(file);
    else for (const pack of file.packs) start.blobs.addPack(pack.id, pack.blobs);
    files.add(id);
  }
  repository.index = { blobs: start.blobs, files, damaged };
  return repository.index;
}

/** What `parse` makes of index files, in the order in which they are listed; of one that is damaged, how that was told. */
export async function* readIndexFiles<File>(
  repository: Repository,
  listed: readonly ListedObject[],
  parse: (json: string) => File,
  { signal }: Signalled,
): AsyncGenerator<{ readonly id: string; readonly file: File | HikaeError }> {
  const read = async ({ id }: ListedObject, either: AbortSignal) => {
    const key = keyOf('index', id);
    try {
      return { id, file: await readUnpacked(repository, key, parse, { signal: either }) };
    } catch (error) {
      if (!isHikaeError(error, 'VAULT_OBJECT_DAMAGED')) throw error;
      return { id, file: error };
    }
  };
  yield* inOrder(listed, { lanes: READ_AHEAD, signal }, read);
}

/** The same repository with nothing known of it but what its storage says from now on. */
export function pastCache(repository: Repository): Repository {
  return { ...repository, cache: undefined, index: emptyIndex() };
}

function emptyIndex(files: readonly { readonly size: number }[] = []): LoadedIndex {
  return { blobs: new BlobIndex(expectedBlobs(files)), files: new Set(), damaged: [] };
}

/** Some 120 bytes of an index file are about one blob, packed to a half. */
export function expectedBlobs(files: readonly { readonly size: number }[]): number {
  return Math.ceil(files.reduce((sum, { size }) => sum + size, 0) / 60);
}

async function readIfThere(storage: Storage, signal: AbortSignal): Promise<Uint8Array | undefined> {
  try {
    return await storage.read(CONFIG, { signal, limit: MOST_CONFIG });
  } catch (error) {
    if (isHikaeError(error, 'STORAGE_NOT_FOUND', 'STORAGE_MISSING')) return undefined;
    throw error;
  }
}

function readConfig(storage: Storage, sealed: Uint8Array, sealer: Sealer): RepositoryConfig {
  try {
    return parsing(storage, CONFIG, () => parseConfig(sealer.open(sealed)));
  } catch (error) {
    if (!(error instanceof NewerVersion)) throw error;
    throw vaultErrors.VAULT_NEWER({ path: storage.location, version: error.version });
  }
}
