/** What operations work with; app puts the real ones together, tests may put others. */
import type { Clock } from '../base/clock.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Emit } from '../model/events.ts';
import type { ComponentKind } from '../model/snapshot.ts';
import type { Policy } from '../policy/policy.ts';
import type { Source } from '../source/source.ts';
import type { Vault } from '../vault/vault.ts';

export interface OpenedVault {
  /** its name in the policy, or its path where there is no policy */
  readonly name: string;
  readonly vault: Vault;
}

/** Bytes that a run locks anew in a vault: those that are usual, and those that nobody need be asked about. */
export interface UnusualLocks {
  readonly vault: string;
  readonly target: string;
  readonly usual: number;
  readonly most: number;
}

export interface Parts {
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** that of the commands which the policy names */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly host: string;
  /** the time zone that days are reckoned in */
  readonly zone: string;
  readonly version: string;
  /** loads the source when it is first asked for */
  readonly source: (kind: ComponentKind) => Promise<Source>;
  /**
   * Opens a vault of the policy, or at an absolute path; `create` makes it where there never was one. `anew` makes it also
   * where one was seen before: only a person may ask for that.
   */
  readonly openVault: (name: string, options: { create: boolean; anew?: boolean }) => Promise<OpenedVault>;
  /** the vaults of the policy that are of a kind which acts, nearest first */
  readonly vaults: readonly string[];
  /** absent where there is no policy: nothing is recorded then */
  readonly ledger?: Ledger;
  readonly policy?: Policy;
  /** asks a person whether far more than usual is to be locked; absent where there is nobody to ask */
  readonly confirmLocks?: (facts: UnusualLocks) => Promise<boolean>;
  /** how long a lock of a vault is waited for, in milliseconds */
  readonly lockWait: number;
}

/** Parts of an operation that can't be without a policy. */
export type PolicyParts = Parts & { readonly ledger: Ledger; readonly policy: Policy };

/** 32 hexadecimal digits for a run or a snapshot. */
export function newId(random: Parts['random']): string {
  return Buffer.from(random(16)).toString('hex');
}
