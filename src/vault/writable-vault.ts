/** What may be done to a vault by the one who has it for writing. */
import type { Capture } from '../model/capture.ts';
import type { Emit } from '../model/events.ts';
import type {
  ComponentSummary,
  Origin,
  Schedule,
  SnapshotDraft,
  SnapshotEntry,
  SnapshotHeader,
} from '../model/snapshot.ts';
import type { Trouble, TroubleSink } from '../model/trouble.ts';

/** A vault that nobody else writes to until it is released. */
export interface WritableVault {
  /** The newest snapshot of a target but for safety ones: whose data the next one will share, and whose size it will have. */
  predecessor(target: string, options: { signal: AbortSignal }): Promise<SnapshotEntry | undefined>;
  /** Starts a snapshot, which nobody sees before it is published. */
  begin(draft: SnapshotDraft, options: WriteOptions): Promise<SnapshotWriter>;
  /** Makes a snapshot of `schedule` out of an existing one, sharing its data: a weekly from that day's daily. */
  derive(entry: SnapshotEntry, schedule: Schedule, options: WriteOptions): Promise<SnapshotEntry>;
  /** Removes a snapshot: from the moment this begins it is no longer listed, whatever happens then. */
  remove(entry: SnapshotEntry, options: { signal: AbortSignal }): Promise<void>;
  /** Nobody may remove it before `until` (milliseconds since 1970 UTC); undefined lifts that. */
  protect(
    entry: SnapshotEntry,
    until: number | undefined,
    options: { emit?: Emit; signal: AbortSignal },
  ): Promise<void>;
  release(): Promise<void>;
}

/** How much a run may put under locks that nobody can lift before somebody is asked. */
export interface LockAllowance {
  /** bytes */
  readonly most: number;
  /** Called once, before more than that is put; what it throws ends the run. */
  exceeded(): Promise<void>;
}

export interface WriteOptions {
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** the policy file as it was, kept beside the data */
  readonly policy?: Uint8Array;
  /** what was found when the data was captured, where this only stores it once more */
  readonly inherited?: Inherited;
  /** what will be added, by estimate: VAULT_NO_ROOM when the medium can't take it */
  readonly expects?: Room;
  /** Reads every file, also one whose attributes are those of an earlier snapshot; what has the same content is shared. */
  readonly force?: boolean;
}

export type Inherited = Pick<SnapshotHeader, 'notes' | 'problems' | 'troubles'>;

export interface Room {
  readonly bytes: number;
  /** files and folders, where a medium counts these */
  readonly files: number;
}

export type FreeRoom = Pick<Room, 'bytes'> & Partial<Pick<Room, 'files'>>;

export interface ComponentDraft {
  readonly name: string;
  readonly origin: Origin;
}

/** Components are written one after the other, in the order of their names' bytes. */
export interface SnapshotWriter {
  /**
   * Stores one component; `open` starts its capture, and tells notes and problems to what it is given. When it ends with
   * an error nothing of the component remains and the error is passed on; the same component may then be tried again.
   * When it is cancelled nothing more is changed: what was stored stays for `abandon` to decide about.
   */
  component(draft: ComponentDraft, open: OpenCapture): Promise<StoredComponent>;
  /** Records that a component is missing: the snapshot is incomplete. */
  absent(draft: ComponentDraft): void;
  /** Makes the snapshot durable and then visible, in this order. */
  publish(): Promise<SnapshotEntry>;
  /**
   * Ends without a snapshot. What was stored soundly stays beside the snapshots, for the next run to reuse, unless
   * `discard` says to remove it: after a full disk, or where nothing was stored.
   */
  abandon(options: { discard: boolean }): Promise<void>;
}

export type OpenCapture = (troubles: TroubleSink) => Promise<Capture>;

export interface StoredComponent {
  readonly summary: ComponentSummary;
  /** bytes that the vault grew by */
  readonly newBytes: number;
  /** nodes of every type that are as they were, and whose data, if any, is shared with an earlier snapshot */
  readonly unchanged: number;
  readonly troubles: TroubleCount;
}

/** Notes and problems: how many, and the first of them. */
export interface TroubleCount {
  readonly notes: number;
  readonly problems: number;
  readonly first: readonly Trouble[];
}
