/** What vaults do for themselves, beside holding snapshots: removing data that nobody needs, and mending what is damaged. */
import type { Emit } from '../model/events.ts';
import type { Finding } from '../model/finding.ts';

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

/** What the medium keeps until a date: together what goes on one day. */
export interface HeldAmount extends Amount {
  /** milliseconds since 1970 UTC when the last of it may go; absent where the medium doesn't tell */
  readonly until?: number;
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
  /** nobody needs them, and the medium has them locked: the earliest first */
  readonly held: readonly HeldAmount[];
  readonly removed: Amount;
  /** what is removed is hidden; its room is free when the medium's own rules take hidden versions away */
  readonly hides: boolean;
  /** blobs that snapshots need and the vault does not have */
  readonly lost: number;
}

export interface UndeleteOptions {
  /** milliseconds since 1970 UTC, by the medium's clock */
  readonly time: number;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

export interface UndeleteReport {
  /** the objects that are laid on top again, by their keys */
  readonly objects: readonly string[];
  readonly bytes: number;
  /** objects that were there, and of which no version is right */
  readonly lost: readonly string[];
}

/** What locking a snapshot will come to, by what is remembered of the locks. Times in milliseconds since 1970 UTC. */
export interface LockForecast {
  /** everything that the snapshot will need */
  readonly objects: number;
  readonly bytes: number;
  /** bytes that are stored anew: of files that are new or changed, which compression may make less of, or of all */
  readonly newBytes: number;
  /** locks that are made longer */
  readonly extended: number;
  readonly requests: { readonly puts: number; readonly gets: number };
  /** until when the snapshot is promised to stay, and until when what is new is locked */
  readonly until: number;
  readonly newUntil: number;
}

/** What protecting a snapshot until a date comes to where objects are locked, in every place where it lies. */
export interface ProtectionForecast {
  /** everything that it needs */
  readonly objects: number;
  readonly bytes: number;
  /** of this, what is locked for a shorter time */
  readonly extended: number;
  readonly extendedBytes: number;
  readonly requests: { readonly puts: number; readonly gets: number };
  /** until when all of it is locked already, in milliseconds since 1970 UTC; absent where nobody tells */
  readonly lockedUntil?: number;
}

export type RepairReport = PackRepairReport | TreeRepairReport;

/** What a repair of dated trees does, or would do. Entries are files by their names in snapshots, folders and symlinks. */
export interface TreeRepairReport {
  readonly checked: { readonly snapshots: number; readonly files: number; readonly bytes: number };
  readonly restored: EntryAmount;
  /** of these, by a content that came from the other vault */
  readonly fetched: EntryAmount;
  /** places of snapshots whose manifest or list of hashes is right again */
  readonly records: readonly string[];
  /** what stays damaged */
  readonly findings: readonly Finding[];
}

export interface EntryAmount {
  readonly entries: number;
  readonly bytes: number;
}

/** What a repair of packs does, or would do. */
export interface PackRepairReport {
  /** what was read back */
  readonly read: Amount;
  /** index files that can't be read: others take their place */
  readonly indexes: number;
  /** packs that no index names as in use, and are named again */
  readonly found: number;
  /** packs that indexes name and that are gone */
  readonly gone: number;
  /** packs in which something is damaged; what is sound in them and needed goes into new ones */
  readonly damaged: Amount;
  readonly saved: BlobAmount;
  /** brought back from the other vault by their hash */
  readonly fetched: BlobAmount;
  /** snapshots that the other vault has as well, and which are stored from there once more for what is missing still */
  readonly storedAgain: readonly string[];
  /** what stays damaged; in a dry run also what storing snapshots again may mend */
  readonly findings: readonly Finding[];
}

export interface BlobAmount {
  readonly blobs: number;
  readonly bytes: number;
}
