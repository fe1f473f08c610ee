/** What everything that works with a plain vault elsewhere needs. */
import type { ObjectListing } from './listing.ts';
import type { TreeLocks } from './locking/tree-locks.ts';
import type { LockParts } from './locks.ts';
import type { Placing } from './placing.ts';

export interface VaultParts extends LockParts {
  readonly placing: Placing;
  readonly listing: ObjectListing;
  /** a folder of this machine for what is fetched and what has to be read before it is sent */
  readonly spool: string;
  /** false: reads without telling anybody */
  readonly locksReading: boolean;
  /** where the policy wants the objects locked */
  readonly locks: TreeLocks | undefined;
}
