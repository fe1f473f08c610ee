/** snapshots: what there is, in every vault. */
import type { HikaeError } from '../base/errors.ts';
import type { Outcome } from '../model/run.ts';
import type { SnapshotEntry } from '../model/snapshot.ts';
import { operationErrors } from './errors.ts';
import type { Parts } from './parts.ts';
import { inEachVault, vaultsToLookIn } from './reach.ts';
import type { LookOptions } from './select.ts';
import { type DamagedPlace, damageOf, tellUnreadable } from './unreadable.ts';

export interface SnapshotsRequest extends LookOptions {
  /** all when absent */
  readonly target?: string | undefined;
}

export interface VaultSnapshots {
  readonly vault: string;
  /** oldest first */
  readonly snapshots: readonly SnapshotEntry[];
  readonly unreadable: readonly DamagedPlace[];
  /** why the vault could not be looked into */
  readonly error?: HikaeError;
}

export interface SnapshotsResult {
  /** `partial` when a vault is out of reach: there may be more */
  readonly outcome: Outcome;
  readonly vaults: readonly VaultSnapshots[];
}

export async function listSnapshots(
  { target, vault: named, asOf = Number.POSITIVE_INFINITY }: SnapshotsRequest,
  parts: Parts,
): Promise<SnapshotsResult> {
  const { signal } = parts;
  const filter = target === undefined ? {} : { target };
  const reached = await inEachVault(vaultsToLookIn(named, parts), parts, async ({ name, vault }) => {
    const { snapshots, unreadable } = await vault.list({ ...filter, signal });
    tellUnreadable(name, unreadable, parts);
    return {
      snapshots: snapshots.filter(({ header }) => header.time <= asOf),
      unreadable: unreadable.map((one) => ({ place: one.place, error: damageOf(one) })),
    };
  });
  const vaults = reached.map((one) =>
    'error' in one
      ? { vault: one.vault, snapshots: [], unreadable: [], error: one.error }
      : { vault: one.vault, ...one.result },
  );
  requireKnown(target, vaults, parts);
  return { outcome: vaults.some(({ error }) => error !== undefined) ? 'partial' : 'succeeded', vaults };
}

/** A target that the policy no longer has may still have snapshots; one that nobody knows is a mistake in typing. */
function requireKnown(
  target: string | undefined,
  vaults: readonly VaultSnapshots[],
  { policy }: Parts,
): void {
  if (target === undefined || policy === undefined || target in policy.targets) return;
  if (vaults.some(({ snapshots, unreadable }) => snapshots.length + unreadable.length > 0)) return;
  throw operationErrors.TARGET_UNKNOWN({ target, known: Object.keys(policy.targets) });
}
