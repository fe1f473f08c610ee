/** A repository's storage with its locks, where the policy wants such. */
import type { Clock } from '../../../base/clock.ts';
import { type Storage, storageErrors } from '../../../storage/storage.ts';
import type { LockSettings } from '../../locking/lock-dates.ts';
import { lockingPuts } from '../../locking/locking-puts.ts';
import { DateHints } from './date-hints.ts';
import { RepositoryLocks } from './repository-locks.ts';

export interface LocksRequest {
  readonly locking?: { readonly settings: LockSettings; readonly hints: string | undefined } | undefined;
  readonly clock: Clock;
  readonly random: (size: number) => Uint8Array;
}

/** STORAGE_LACKS where the medium knows no locks. */
export function openObjectLocks(
  storage: Storage,
  { locking: wanted, clock, random }: LocksRequest,
): { readonly locks: RepositoryLocks | undefined; readonly locked: Storage } {
  if (wanted === undefined) return { locks: undefined, locked: storage };
  const { location, locking } = storage;
  if (locking === undefined) throw storageErrors.STORAGE_LACKS({ storage: location, lacks: 'object locks' });
  const hints = new DateHints(wanted.hints);
  const locks = new RepositoryLocks(storage, locking, { settings: wanted.settings, hints, clock, random });
  return { locks, locked: lockingPuts(storage, locks) };
}
