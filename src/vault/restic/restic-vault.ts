/** The vault kind `restic`: an encrypted repository in restic's format. */
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Secret } from '../../base/secret.ts';
import type { Storage } from '../../storage/storage.ts';
import { vaultErrors } from '../errors.ts';
import type { LockSettings } from '../locking/lock-dates.ts';
import { isMountPoint } from '../plain/mounts.ts';
import type { Vault } from '../vault.ts';
import { BlobDamaged, BlobReader } from './blob-reader.ts';
import { RepositoryCache } from './cache/repository-cache.ts';
import { repositoryErrors } from './errors.ts';
import type { BlobType } from './format/blob.ts';
import { type ScryptCost, usualCost } from './format/key-file.ts';
import { openKeys } from './keys.ts';
import { SnapshotListing } from './listing.ts';
import { openLocks } from './lock-removal.ts';
import { forecasting } from './locking/forecast.ts';
import { openObjectLocks } from './locking/open-locks.ts';
import type { RepositoryLocks } from './locking/repository-locks.ts';
import { versioned } from './locking/versioned.ts';
import { type LockOwner, lockForReading, type ReadingLock } from './locks.ts';
import { previewComponent } from './preview.ts';
import { pruneRepository } from './prune/prune.ts';
import { repairRepository } from './repair/repair.ts';
import { createRepository, loadIndex, openRepository, pastCache, type Repository } from './repository.ts';
import { ResticSnapshotReader } from './snapshot-reader.ts';
import { verifyRepository } from './verify.ts';
import { acquireRepository } from './writing.ts';

export interface ResticVaultOptions {
  readonly password: Secret;
  /** Makes the repository if there is none; without this, VAULT_NOT_FOUND. */
  readonly create?: { readonly now: number };
  /** of new keys */
  readonly cost?: ScryptCost;
  /** it has been seen at this place before: an empty one is then no reason to make it anew */
  readonly seen: boolean;
  /** where the bucket's objects are to be locked; `hints` is the file that remembers their dates */
  readonly locking?: { readonly settings: LockSettings; readonly hints: string | undefined } | undefined;
  /** keeps what was read of repositories, this one and others; without one everything is asked of the storage */
  readonly cache?: { readonly folder: string; readonly onTrouble: (reason: string) => void } | undefined;
  readonly reading: ReadingLock;
  readonly owner: LockOwner;
  readonly clock: Clock;
  readonly random: (size: number) => Uint8Array;
  readonly threads: number;
  /** the host's time zone, which restic writes times in */
  readonly zone: string;
  readonly signal: AbortSignal;
}

/** VAULT_NOT_MOUNTED when a mount point that must be above the vault is none. */
export function requireMounted(path: string, mount: string | undefined): void {
  if (mount !== undefined && !isMountPoint(mount)) throw vaultErrors.VAULT_NOT_MOUNTED({ mount, path });
}

/** Opens the repository in a storage, which is closed with the vault. */
export async function openResticVault(storage: Storage, options: ResticVaultOptions): Promise<Vault> {
  const { locks, locked } = openObjectLocks(storage, options);
  const opened = await openOrCreate(locked, locks, options);
  const repository = { ...opened, locks, cache: openCache(opened, options) };
  const { owner, clock, random, threads, zone, reading, cost = usualCost } = options;
  const common = { owner, clock, random, threads, zone };
  const parts = { ...common, ...readingParts(repository) };
  const { blobs, listing } = parts;
  // For judging what lies there, and for removing by that judgement.
  const past = repository.cache === undefined ? parts : { ...common, ...readingParts(pastCache(repository)) };
  const { config, created } = repository;
  return {
    identity: { id: config.id.slice(0, 32), kind: 'restic', created },
    location: storage.location,
    list: (listOptions) => listing.list(listOptions),
    preview: (target, draft, capture, { signal }) => previewComponent(parts, target, draft, capture, signal),
    async open(entry, { signal, aroundDamage = false }) {
      const snapshot = await listing.at(entry.place, { signal });
      const release = await lockForReading(parts, reading, signal);
      return new ResticSnapshotReader({ repository, blobs, snapshot, threads, aroundDamage, release });
    },
    verify: (entries, verifyOptions) => verifyRepository(past, entries, verifyOptions),
    async acquire(acquireOptions) {
      if (config.version === 1) throw repositoryErrors.VAULT_FORMAT_OLD({ path: storage.location });
      return acquireRepository(parts, acquireOptions);
    },
    prune: (pruneOptions) => pruneRepository(past, pruneOptions),
    ...(storage.locking && versioned(past, storage.locking)),
    ...(locks && forecasting(parts, locks)),
    repair: (repairOptions) => repairRepository(past, repairOptions),
    async blob(type, id, { signal }) {
      if (repository.index.files.size === 0) await loadIndex(repository, { signal });
      return readIfSound(blobs, type, id, signal);
    },
    async room({ signal }) {
      const { bytes = Number.MAX_SAFE_INTEGER } = await storage.room({ signal });
      return { bytes };
    },
    keys: openKeys({ ...parts, cost }),
    locks: openLocks(parts),
    close: () => storage.close(),
  };
}

function readingParts(repository: Repository) {
  const blobs = new BlobReader(repository);
  return { repository, blobs, listing: new SnapshotListing(repository, blobs) };
}

/** In a folder of its own for each repository, whatever leads to it. */
function openCache(
  { config }: Repository,
  { cache, clock, random }: ResticVaultOptions,
): RepositoryCache | undefined {
  if (cache === undefined) return undefined;
  const { folder, onTrouble } = cache;
  return new RepositoryCache({ folder: join(folder, config.id), clock, random, onTrouble });
}

async function readIfSound(
  blobs: BlobReader,
  type: BlobType,
  id: string,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  try {
    return await blobs.read(type, id, { signal });
  } catch (error) {
    if (!(error instanceof BlobDamaged)) throw error;
    return undefined;
  }
}

async function openOrCreate(
  storage: Storage,
  locks: RepositoryLocks | undefined,
  options: ResticVaultOptions,
): Promise<Repository> {
  const { create, seen, password, random, signal, owner, cost = usualCost } = options;
  const found = await openRepository(storage, { password, random, signal });
  if (found !== undefined) return found;
  const path = storage.location;
  if (create === undefined)
    throw seen ? vaultErrors.VAULT_GONE({ path }) : vaultErrors.VAULT_NOT_FOUND({ path });
  await locks?.now({ signal });
  const { now } = create;
  const { hostname, username } = owner;
  return createRepository(storage, { password, random, signal, cost, now, hostname, username });
}
