/** Of an object that is written once, and not named by its hash, the first version is the right one. */
import { isHikaeError } from '../../../../base/errors.ts';
import {
  byKey,
  type CallOptions,
  type Key,
  type Locking,
  type ObjectVersion,
} from '../../../../storage/storage.ts';

/** What was stored first under a key, whatever was done since. */
export async function oldestOf(
  locking: Locking,
  key: Key,
  options: CallOptions,
): Promise<ObjectVersion | undefined> {
  for await (const versions of byKey(locking.versions(key, options)))
    if (versions[0]?.key === key) return versions.findLast(({ deleted }) => !deleted);
  return undefined;
}

export interface OldestLock {
  /** milliseconds since 1970 UTC; 0 where there is no lock */
  readonly until: number;
  /** the server's time */
  readonly time: number;
}

/** `unknown` where nobody tells us. */
export async function lockOfOldest(
  locking: Locking,
  key: Key,
  options: CallOptions,
): Promise<OldestLock | 'unknown'> {
  try {
    const oldest = await oldestOf(locking, key, options);
    if (oldest === undefined) return { until: 0, time: 0 };
    const { lock, time } = await locking.statVersion(key, oldest.version, options);
    if (lock === 'unknown') return lock;
    return { until: lock === 'none' ? 0 : lock.until, time };
  } catch (error) {
    if (!isHikaeError(error, 'STORAGE_REFUSED')) throw error;
    return 'unknown';
  }
}
