/** The vault kind `plain` where there is no disk of ours: dated trees of objects, over SFTP or in a bucket of S3. */
import type { Clock } from '../../../base/clock.ts';
import { type Storage, storageErrors } from '../../../storage/storage.ts';
import { vaultErrors } from '../../errors.ts';
import type { LockSettings } from '../../locking/lock-dates.ts';
import { lockingPuts } from '../../locking/locking-puts.ts';
import type { Vault, VaultIdentity } from '../../vault.ts';
import { ObjectListing } from './listing.ts';
import { forecasting } from './locking/forecast.ts';
import { TreeLocks } from './locking/tree-locks.ts';
import { versioned } from './locking/versioned.ts';
import { type LockHolder, openLocks } from './locks.ts';
import { placeByMark } from './place-by-mark.ts';
import { placeByName } from './place-by-name.ts';
import { previewComponent } from './preview.ts';
import { openReader } from './snapshot-reader.ts';
import { createVaultObject, readVaultObject } from './vault-object.ts';
import { verifySnapshots } from './verify.ts';
import { acquireVault } from './writing.ts';

export interface ObjectVaultOptions {
  /** Makes the vault if there is none; without this, VAULT_NOT_FOUND. */
  readonly create?: { readonly id: string; readonly now: number };
  /** it has been seen at this place before: an empty one is then no reason to make it anew */
  readonly seen: boolean;
  /** false: reads without telling anybody */
  readonly locksReading: boolean;
  /** where the bucket's objects are to be locked */
  readonly locking?: LockSettings | undefined;
  readonly holder: LockHolder;
  readonly clock: Clock;
  readonly random: (size: number) => Uint8Array;
  /** a folder of this machine for what is fetched and what has to be read before it is sent */
  readonly spool: string;
  readonly signal: AbortSignal;
}

/** Opens the vault in a storage, which is closed with the vault. */
export async function openObjectVault(medium: Storage, options: ObjectVaultOptions): Promise<Vault> {
  const { locks, locked: storage } = openTreeLocks(medium, options);
  const identity = await openOrCreate(storage, locks, options);
  const { holder, clock, random, spool, locksReading } = options;
  const placing = storage.tree === undefined ? placeByMark(storage) : placeByName(storage, storage.tree);
  const listing = new ObjectListing({ storage, placing, locks });
  const parts = { storage, placing, listing, holder, clock, random, spool, locksReading, locks };
  return {
    identity,
    location: storage.location,
    list: (listOptions) => listing.snapshots(listOptions),
    preview: (target, draft, capture, previewOptions) =>
      previewComponent(parts, target, draft, capture, previewOptions),
    open: (entry, openOptions) => openReader(parts, entry, openOptions),
    verify: (entries, verifyOptions) => verifySnapshots(parts, entries, verifyOptions),
    acquire: (acquireOptions) => acquireVault(parts, acquireOptions),
    ...(storage.locking && versioned(parts, storage.locking)),
    ...(locks && forecasting(listing, locks)),
    locks: openLocks(parts),
    async room(roomOptions) {
      const { bytes = Number.MAX_SAFE_INTEGER, objects } = await storage.room(roomOptions);
      return { bytes, ...(objects === undefined ? {} : { files: objects }) };
    },
    close: () => storage.close(),
  };
}

/** STORAGE_LACKS where the medium knows no locks. */
function openTreeLocks(
  storage: Storage,
  { locking: settings, clock, spool }: ObjectVaultOptions,
): { readonly locks: TreeLocks | undefined; readonly locked: Storage } {
  if (settings === undefined) return { locks: undefined, locked: storage };
  const { location, locking } = storage;
  if (locking === undefined) throw storageErrors.STORAGE_LACKS({ storage: location, lacks: 'object locks' });
  const locks = new TreeLocks(storage, locking, { settings, clock, spool });
  return { locks, locked: lockingPuts(storage, locks) };
}

async function openOrCreate(
  storage: Storage,
  locks: TreeLocks | undefined,
  { create, seen, signal }: ObjectVaultOptions,
): Promise<VaultIdentity> {
  const found = await readVaultObject(storage, { signal });
  if (found !== undefined) return found;
  const path = storage.location;
  if (create === undefined)
    throw seen ? vaultErrors.VAULT_GONE({ path }) : vaultErrors.VAULT_NOT_FOUND({ path });
  await locks?.now({ signal });
  return createVaultObject(storage, { id: create.id, created: create.now }, { signal });
}
