/** An open repository: its key, its config and what its indexes say. What vaults do is built on it. */
import type { HikaeError } from '../../base/errors.ts';
import { isHikaeError } from '../../base/errors.ts';
import type { Secret } from '../../base/secret.ts';
import { Kernels } from '../../kernels/kernels.ts';
import type { Storage } from '../../storage/storage.ts';
import { vaultErrors } from '../errors.ts';
import { BlobIndex } from './blob-index.ts';
import { repositoryErrors } from './errors.ts';
import { idOf } from './format/blob.ts';
import { encodeConfig, NewerVersion, parseConfig, type RepositoryConfig } from './format/config.ts';
import { parseIndexFile } from './format/index-file.ts';
import {
  encodeKeyFile,
  type KeyFile,
  newMasterKey,
  parseKeyFile,
  type ScryptCost,
  unlockKeyFile,
} from './format/key-file.ts';
import { randomPolynomial } from './format/polynomial.ts';
import { type MasterKey, type RandomBytes, Sealer } from './format/sealing.ts';
import { CONFIG, keyOf } from './layout.ts';
import { listIds, parsing, readHashed, readUnpacked, type Signalled } from './objects.ts';

/** More keys than this are not tried: each takes half a second. */
const MOST_KEYS = 64;
const MOST_CONFIG = 64 * 1024;
/** How often the index is listed anew when what was listed is gone. */
const MOST_TURNS = 5;

export interface Repository {
  readonly storage: Storage;
  readonly config: RepositoryConfig;
  readonly key: MasterKey;
  readonly sealer: Sealer;
  /** when its first key was made, in milliseconds since 1970 UTC */
  readonly created: number;
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
  const ids = await listIds(storage, 'keys', { signal });
  const sealed = await readIfThere(storage, signal);
  if (sealed === undefined) {
    if (ids.length === 0) return undefined;
    // A repository that lost its config, or one that was never finished: not ours to make anew.
    throw repositoryErrors.VAULT_OBJECT_DAMAGED({
      object: CONFIG,
      path: storage.location,
      reason: 'it is missing',
    });
  }
  const { key, created } = await unlock(
    storage,
    ids.map(({ id }) => id),
    { password, signal },
  );
  const sealer = new Sealer(key, { kernels: new Kernels(0), random });
  const config = readConfig(storage, sealed, sealer);
  return { storage, config, key, sealer, created, index: emptyIndex() };
}

export interface CreateOptions extends OpenOptions {
  readonly cost: ScryptCost;
  /** milliseconds since 1970 UTC */
  readonly now: number;
  readonly username: string;
  readonly hostname: string;
}

/** Makes a repository in a storage that holds nothing: VAULT_FOREIGN if it does. */
export async function createRepository(storage: Storage, options: CreateOptions): Promise<Repository> {
  const { password, random, signal, cost, now, username, hostname } = options;
  for await (const batch of storage.list('', { signal })) {
    if (batch.length > 0) throw vaultErrors.VAULT_FOREIGN({ path: storage.location });
  }
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
  // In this order: without a key the config is nothing.
  await storage.put(keyOf('keys', idOf(file)), file, { signal });
  await storage.put(CONFIG, sealer.seal(encodeConfig(config)), { signal });
  return { storage, config, key, sealer, created: now, index: emptyIndex() };
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
  const isLarger = [...known.files].every((file) => present.some(({ id }) => id === file));
  // An index that is gone may have been replaced by one that says less: then it is all read again.
  const start = isLarger && known.damaged.length === 0 ? known : emptyIndex(present);
  const files = new Set(start.files);
  const damaged: HikaeError[] = [];
  for (const { id } of present) {
    if (files.has(id)) continue;
    try {
      const { packs } = await readUnpacked(repository, keyOf('index', id), parseIndexFile, { signal });
      for (const pack of packs) start.blobs.addPack(pack.id, pack.blobs);
    } catch (error) {
      if (!isHikaeError(error, 'VAULT_OBJECT_DAMAGED')) throw error;
      damaged.push(error);
    }
    files.add(id);
  }
  repository.index = { blobs: start.blobs, files, damaged };
  return repository.index;
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

/** Tries the password on every key. A key file that is damaged is no reason not to try the others. */
async function unlock(
  storage: Storage,
  ids: readonly string[],
  { password, signal }: { password: Secret; signal: AbortSignal },
): Promise<{ key: MasterKey; created: number }> {
  let usable = 0;
  let key: MasterKey | undefined;
  let created = Number.POSITIVE_INFINITY;
  let reason = 'there is none';
  for (const id of ids.slice(0, MOST_KEYS)) {
    try {
      const file = await readKeyFile(storage, id, signal);
      created = Math.min(created, file.created);
      usable += 1;
      key ??= await parsingLater(storage, id, () => unlockKeyFile(file, password.reveal()));
      signal.throwIfAborted();
    } catch (error) {
      if (!isHikaeError(error, 'VAULT_OBJECT_DAMAGED')) throw error;
      reason = error.message;
    }
  }
  if (key !== undefined) return { key, created };
  if (usable === 0) throw repositoryErrors.VAULT_NO_KEY({ path: storage.location, reason });
  throw repositoryErrors.VAULT_WRONG_PASSWORD({ path: storage.location });
}

async function readKeyFile(storage: Storage, id: string, signal: AbortSignal): Promise<KeyFile> {
  const bytes = await readHashed(storage, keyOf('keys', id), { signal });
  return parsing(storage, keyOf('keys', id), () => parseKeyFile(bytes));
}

async function parsingLater<Result>(
  storage: Storage,
  id: string,
  parse: () => Promise<Result>,
): Promise<Result> {
  try {
    return await parse();
  } catch (error) {
    return parsing(storage, keyOf('keys', id), () => {
      throw error;
    });
  }
}
