/** What the ledger keeps, and what one can ask of it. Times are milliseconds since 1970 UTC. */
import type { HikaeError } from '../base/errors.ts';
import type { Emit, Failure } from '../model/events.ts';
import type { Finding, VerifyLevel } from '../model/finding.ts';
import type { Outcome, Verb } from '../model/run.ts';
import type { Schedule } from '../model/snapshot.ts';
import type { Trouble } from '../model/trouble.ts';

/** How many troubles of a run, and findings of a verification, are kept word for word; the rest is counted. */
export const KEPT_WORD_FOR_WORD = 1_000;

export interface RunStart {
  /** unique among all runs; the same that events carry */
  readonly id: string;
  readonly verb: Verb;
  readonly host: string;
  readonly targets: readonly string[];
}

export interface TargetResult {
  readonly verb: Verb;
  readonly target: string;
  /** by its name; absent in what earlier versions have recorded */
  readonly vault?: string;
  readonly outcome: Outcome;
  readonly seconds: number;
  readonly error?: Failure;
}

export interface RunRecord extends RunStart {
  readonly started: number;
  /** absent while it runs, and for ever when it was interrupted: nobody knows when */
  readonly finished?: number;
  /** absent while it runs */
  readonly outcome?: Outcome;
  readonly error?: Failure;
  readonly files: number;
  readonly bytes: number;
  readonly newBytes: number;
  readonly notes: number;
  readonly problems: number;
  readonly results: readonly TargetResult[];
}

export interface RunRecorder {
  /** Takes what the engines tell. Never throws, and writes only where a component or a target has ended. */
  readonly record: Emit;
  /** To be called once. It takes no signal, because a cancelled run has to be recorded as well. */
  finish(outcome: Outcome, error?: Failure): Promise<void>;
}

export interface VaultFact {
  /** its identity, not its name */
  readonly id: string;
  readonly name: string;
  readonly path: string;
}

export interface VaultSeen extends VaultFact {
  readonly firstSeen: number;
  readonly lastSeen: number;
}

/** A snapshot in a vault; `vault` is the vault's identity. */
export interface SnapshotFact {
  readonly vault: string;
  readonly place: string;
  readonly id: string;
  readonly target: string;
  readonly schedule: Schedule;
  readonly time: number;
  readonly complete: boolean;
}

export interface VerifyFact {
  readonly vault: string;
  /** the snapshot's id */
  readonly snapshot: string;
  readonly level: VerifyLevel;
  readonly outcome: Outcome;
  readonly findings: readonly Pick<Finding, 'kind' | 'path' | 'reason'>[];
}

export interface Verification extends Omit<VerifyFact, 'findings'> {
  readonly time: number;
  /** how many there were, of which `first` are kept */
  readonly findings: number;
  readonly first: VerifyFact['findings'];
}

/** What locking one snapshot of a target came to. */
export interface LockRecord {
  readonly time: number;
  readonly objects: number;
  readonly bytes: number;
  /** of which so many were put for it */
  readonly newObjects: number;
  readonly newBytes: number;
  readonly extended: number;
  readonly puts: number;
  readonly gets: number;
  readonly until: number;
}

interface ReadOptions {
  readonly signal: AbortSignal;
}

/**
 * The record of runs and facts. Nothing that a restore or a protection needs is kept here alone, so trouble with it is
 * told once (see OpenOptions.onTrouble) and answered as a lost ledger would: with nothing, or 0. The methods that
 * record what has already happened take no signal: a cancelled run must still say what it did.
 */
export interface Ledger {
  startRun(run: RunStart, options: ReadOptions): Promise<RunRecorder>;
  /** Gives runs without an end, whose process is gone, the outcome `interrupted`; returns those it gave it to. */
  markInterrupted(options: ReadOptions): Promise<readonly RunRecord[]>;
  /** newest first */
  recentRuns(limit: number, options: ReadOptions): Promise<readonly RunRecord[]>;
  /** the first troubles of a run, in the order they were told */
  troublesOf(run: string, options: ReadOptions): Promise<readonly Trouble[]>;

  /** Records that a vault was reached, now. */
  recordVault(vault: VaultFact): Promise<void>;
  /** What was last known of a vault, by its identity or by where it was. */
  vaultSeen(
    which: { readonly id: string } | { readonly path: string },
    options: ReadOptions,
  ): Promise<VaultSeen | undefined>;

  recordSnapshot(snapshot: SnapshotFact & { readonly bytes: number }): Promise<void>;
  /** The snapshot may be one that the ledger never heard of. */
  recordRemoval(snapshot: SnapshotFact): Promise<void>;
  /**
   * How many snapshots were added after the last removal. A forget that removed nothing ends no count, else three
   * manual runs today would leave tomorrow's forget with more to remove than it may.
   */
  snapshotsAddedSinceLastForget(
    vault: string,
    target: string,
    schedule: Schedule,
    options: ReadOptions,
  ): Promise<number>;

  recordVerify(verification: VerifyFact): Promise<void>;
  /** The last verification of a snapshot at each level, newest first. */
  lastVerify(vault: string, snapshot: string, options: ReadOptions): Promise<readonly Verification[]>;

  /** What locking the last snapshots of a target came to, by the place of the vault; newest first. */
  lastLocks(
    vault: string,
    target: string,
    limit: number,
    options: ReadOptions,
  ): Promise<readonly LockRecord[]>;

  /** A person has said that the page of this recovery key lies elsewhere; `vault` is the vault's identity. */
  recordKit(kit: { readonly vault: string; readonly key: string }): Promise<void>;
  /** The recovery keys of a vault of which somebody has said so. */
  kitsConfirmed(vault: string, options: ReadOptions): Promise<readonly string[]>;

  close(): void;
}

/** A ledger, and what opening it brought to light. */
export interface OpenedLedger {
  readonly ledger: Ledger;
  readonly interrupted: readonly RunRecord[];
  /** where a damaged file was put before a new one was begun */
  readonly setAside?: string;
}

export type OnTrouble = (trouble: HikaeError) => void;
