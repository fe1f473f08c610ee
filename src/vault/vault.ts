/**
 * The face of the room: a vault holds snapshots. Both kinds (`plain`: dated trees, `restic`: a repository) keep
 * this contract, so that nobody outside ever asks which kind it is.
 */

import type { HikaeError } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import type { Capture } from '../model/capture.ts';
import type { Emit } from '../model/events.ts';
import type { Finding, VerifyLevel } from '../model/finding.ts';
import type { Proof } from '../model/proof.ts';
import type { SnapshotEntry, SnapshotHeader, UnreadableSnapshot } from '../model/snapshot.ts';
import type { SnapshotReader } from '../model/snapshot-reader.ts';
import type {
  LockForecast,
  ProtectionForecast,
  PruneOptions,
  PruneReport,
  RepairReport,
  UndeleteOptions,
  UndeleteReport,
  UpkeepOptions,
} from './upkeep.ts';
import type { ComponentDraft, FreeRoom, LockAllowance, WritableVault } from './writable-vault.ts';

export interface RepairOptions extends UpkeepOptions {
  /** another vault, to bring back from it what is missing */
  readonly from?: Vault;
}

export interface VaultIdentity {
  /** 32 hexadecimal digits, given when the vault was created */
  readonly id: string;
  readonly kind: 'plain' | 'restic';
  /** milliseconds since 1970 UTC */
  readonly created: number;
}

export interface SnapshotList {
  /** oldest first */
  readonly snapshots: readonly SnapshotEntry[];
  readonly unreadable: readonly UnreadableSnapshot[];
  /** how many another program has written, of whatever target; absent where none can be */
  readonly foreign?: number;
}

export interface OpenSnapshotOptions {
  readonly signal: AbortSignal;
  /** A folder whose list is damaged costs that folder, and not the reading of the snapshot, where the vault can do so. */
  readonly aroundDamage?: boolean;
}

export interface AcquireOptions {
  readonly wait: number;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** for a vault that locks; without one there is no bound */
  readonly allowance?: LockAllowance;
}

export interface Vault {
  readonly identity: VaultIdentity;
  /** where it is, as the user wrote it */
  readonly location: string;

  list(options: { target?: string; signal: AbortSignal }): Promise<SnapshotList>;
  /** What storing a capture would come to, against the newest snapshot of the target; writes nothing. */
  preview(
    target: string,
    draft: ComponentDraft,
    capture: Capture,
    options: { signal: AbortSignal },
  ): Promise<Preview>;
  open(entry: SnapshotEntry, options: OpenSnapshotOptions): Promise<SnapshotReader>;
  verify(entries: readonly SnapshotEntry[], options: VerifyOptions): Promise<VerifyResult>;

  /** Takes the vault for writing, alone; VAULT_LOCKED when another process still has it after `wait` milliseconds. */
  acquire(options: AcquireOptions): Promise<WritableVault>;
  /** Removes the data that no snapshot needs. Absent where removing a snapshot removes its data at once. */
  prune?(options: PruneOptions): Promise<PruneReport>;
  /** Asks the medium for everything that the snapshot needs; absent where it keeps no versions. */
  prove?(entry: SnapshotEntry, options: { emit: Emit; signal: AbortSignal }): Promise<Proof>;
  /** Lays on top again what was seen at a time and isn't now; absent where no versions are kept. */
  undelete?(options: UndeleteOptions): Promise<UndeleteReport>;
  /**
   * What locking the next snapshot of a target will come to, of which so many bytes are new, and so many nodes where that
   * is known; absent where nothing is locked.
   */
  forecastLocks?(
    target: string,
    newBytes: number,
    options: { newNodes?: number; signal: AbortSignal },
  ): Promise<LockForecast>;
  /** What protecting these places of one snapshot until then will come to; absent where nothing is locked. */
  forecastProtection?(
    entries: readonly SnapshotEntry[],
    until: number,
    options: { signal: AbortSignal },
  ): Promise<ProtectionForecast>;
  /** Mends what can be mended, from what is there and from another vault. Absent where nothing of the kind is built. */
  repair?(options: RepairOptions): Promise<RepairReport>;
  /** A part of content, or a list of nodes, by its SHA-256, where they are kept so; undefined when it isn't there and sound. */
  blob?(type: 'data' | 'tree', id: string, options: { signal: AbortSignal }): Promise<Uint8Array | undefined>;
  /** What the medium has left; undefined files where it doesn't count them. */
  room(options: { signal: AbortSignal }): Promise<FreeRoom>;
  /** the passwords of a vault that is encrypted */
  readonly keys?: VaultKeys;
  /** absent where a lock ends with the process that holds it */
  readonly locks?: VaultLocks;
  close(): Promise<void>;
}

/** Who has one of the passwords can read all of an encrypted vault. */
export interface VaultKeys {
  /** oldest first */
  list(options: { signal: AbortSignal }): Promise<KeyList>;
  /** Those that there were when the vault was opened, and what has been done to them through it since: nobody is asked. */
  known(): readonly VaultKey[];
  /** Adds a password, and proves that it opens the vault. */
  add(password: Secret, options: ChangeKeysOptions & { readonly recovery: boolean }): Promise<VaultKey>;
  /** Puts a password in the place of the one that the vault was opened with. */
  replace(password: Secret, options: ChangeKeysOptions): Promise<VaultKey>;
  /**
   * Removes the key whose id begins with these digits: VAULT_KEY_UNKNOWN, VAULT_KEY_AMBIGUOUS; and VAULT_KEY_IN_USE for
   * that which the vault was opened with, VAULT_KEY_LAST where no other would be left.
   */
  remove(id: string, options: ChangeKeysOptions): Promise<{ readonly id: string }>;
}

export interface ChangeKeysOptions {
  /** milliseconds that others who hold the vault are waited for */
  readonly wait: number;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

export interface KeyList {
  readonly keys: readonly VaultKey[];
  readonly unreadable: readonly { readonly id: string; readonly reason: HikaeError }[];
}

export interface VaultKey {
  readonly id: string;
  /** milliseconds since 1970 UTC */
  readonly created: number;
  readonly user: string;
  readonly host: string;
  /** the vault was opened with it */
  readonly inUse: boolean;
  /** its password belongs on paper, for the day when everything else is lost */
  readonly recovery: boolean;
}

/** The marks by which others say that they work with a vault. */
export interface VaultLocks {
  list(options: { signal: AbortSignal }): Promise<readonly VaultLock[]>;
  /** One that is gone already is no fault. */
  remove(lock: VaultLock, options: { signal: AbortSignal }): Promise<void>;
}

export interface VaultLock {
  readonly id: string;
  /** undefined where it can't be read */
  readonly holder?: { readonly host: string; readonly user?: string; readonly pid: number };
  /** when it was last refreshed, in milliseconds since 1970 UTC */
  readonly time: number;
  /** its holder wants to be alone with the vault */
  readonly exclusive: boolean;
  /** its holder is gone: the process is known to have ended, or should have refreshed it long ago */
  readonly stale: boolean;
}

export interface Preview {
  readonly nodes: number;
  readonly bytes: number;
  readonly unchanged: number;
  /** bytes of the files that are new or changed */
  readonly newBytes: number;
}

export interface VerifyOptions {
  readonly level: VerifyLevel;
  /** `sample` only: seconds to spend, and the seed that chooses */
  readonly sample?: { readonly seconds: number; readonly seed: number };
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

export interface VerifyResult {
  readonly findings: readonly Finding[];
  readonly checked: {
    readonly snapshots: number;
    readonly nodes: number;
    readonly files: number;
    readonly bytes: number;
  };
}

export { vaultErrors } from './errors.ts';
export { copySnapshot } from './snapshot-copy.ts';
export type {
  Amount,
  HeldAmount,
  LockForecast,
  PackRepairReport,
  ProtectionForecast,
  PruneOptions,
  PruneReport,
  RepairReport,
  TreeRepairReport,
  UndeleteOptions,
  UndeleteReport,
} from './upkeep.ts';
export type * from './writable-vault.ts';
export type { SnapshotEntry, SnapshotHeader, SnapshotReader };
