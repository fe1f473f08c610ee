/** The locks of others, and which of them nobody holds any more. */
import { isHikaeError } from '../../base/errors.ts';
import type { VaultLock, VaultLocks } from '../vault.ts';
import { type LockFile, parseLockFile } from './format/lock-file.ts';
import { keyOf } from './layout.ts';
import { isAbandoned, type LockParts } from './locks.ts';
import { type ListedObject, listIds, readUnpacked } from './objects.ts';

/** Whoever is alive refreshes its lock every five minutes; after thirty restic too takes it for gone. */
const STALE_AFTER = 30 * 60_000;

export function openLocks(parts: LockParts): VaultLocks {
  const { storage } = parts.repository;
  return {
    async list({ signal }) {
      const locks: VaultLock[] = [];
      for (const listed of await listIds(storage, 'locks', { signal })) {
        const lock = await viewOf(listed, parts, signal);
        if (lock !== undefined) locks.push(lock);
      }
      return locks;
    },
    remove: ({ id }, { signal }) => storage.remove(keyOf('locks', id), { signal }),
  };
}

/** Undefined for one that was released meanwhile. */
async function viewOf(
  { id, modified }: ListedObject,
  { repository, owner, clock }: LockParts,
  signal: AbortSignal,
): Promise<VaultLock | undefined> {
  const isOld = (time: number) => clock.now() - time > STALE_AFTER;
  let lock: LockFile;
  try {
    lock = await readUnpacked(repository, keyOf('locks', id), parseLockFile, { signal });
  } catch (error) {
    if (isHikaeError(error, 'STORAGE_NOT_FOUND')) return undefined;
    if (!isHikaeError(error, 'VAULT_OBJECT_DAMAGED')) throw error;
    return { id, time: modified, exclusive: true, stale: isOld(modified) };
  }
  const { time, exclusive, hostname: host, username: user, pid, hikae } = lock;
  // What is known of a process counts for more than the clock; of other machines only the clock tells.
  const isOurs = hikae?.machine === owner.machine;
  const stale = isOurs ? await isAbandoned(lock, owner, signal) : isOld(time);
  return { id, holder: { host, user, pid }, time, exclusive, stale };
}
