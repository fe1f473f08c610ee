/** What vaults do for themselves, beside holding snapshots: removing data that nobody needs, and mending what is damaged. */
import type { Emit } from '../model/events.ts';

export interface UpkeepOptions {
  /** finds out what would be done, and changes nothing */
  readonly dryRun: boolean;
  /** how long a lock is waited for, in milliseconds */
  readonly wait: number;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

export interface PruneOptions extends UpkeepOptions {
  /** how long data that nobody needs stays once it is marked, in milliseconds */
  readonly grace: number;
}

export interface Amount {
  readonly packs: number;
  readonly bytes: number;
}

/** What a prune does, or would do; data lies in packs. */
export interface PruneReport {
  /** they stay as they are */
  readonly kept: Amount;
  /** of what is kept, bytes that nobody needs */
  readonly unneededBytes: number;
  /** marked by an earlier run, and needed after all */
  readonly recovered: Amount;
  /** needed in part, or small: what is needed of them is copied into other packs */
  readonly copied: Amount & { readonly neededBytes: number };
  /** nobody needs them any more: they are marked, and a later run removes them */
  readonly marked: Amount;
  /** marked by an earlier run, and not to be removed yet */
  readonly waiting: Amount;
  readonly removed: Amount;
  /** blobs that snapshots need and the vault does not have */
  readonly lost: number;
}
