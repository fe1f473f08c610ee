/** unlock: removes the locks that nobody holds any more. */
import type { HikaeError } from '../base/errors.ts';
import type { Outcome } from '../model/run.ts';
import type { VaultLock } from '../vault/vault.ts';
import type { Parts } from './parts.ts';
import { inEachVault, vaultsToLookIn } from './reach.ts';

export interface UnlockRequest {
  /** all of the policy when absent */
  readonly vault?: string | undefined;
  /** also those whose holders may be at work */
  readonly all: boolean;
}

export interface UnlockedVault {
  readonly vault: string;
  readonly removed: readonly VaultLock[];
  readonly held: readonly VaultLock[];
  /** why the vault could not be looked into */
  readonly error?: HikaeError;
}

export interface UnlockResult {
  /** `partial` when a vault is out of reach */
  readonly outcome: Outcome;
  readonly vaults: readonly UnlockedVault[];
}

/** A vault whose locks end with their processes has none that could be left. */
export async function unlock({ vault: named, all }: UnlockRequest, parts: Parts): Promise<UnlockResult> {
  const { signal } = parts;
  const reached = await inEachVault(vaultsToLookIn(named, parts), parts, async ({ vault: { locks } }) => {
    const removed: VaultLock[] = [];
    const held: VaultLock[] = [];
    for (const lock of (await locks?.list({ signal })) ?? []) {
      if (lock.stale || all) {
        await locks?.remove(lock, { signal });
        removed.push(lock);
      } else {
        held.push(lock);
      }
    }
    return { removed, held };
  });
  const vaults = reached.map((one) =>
    'error' in one
      ? { vault: one.vault, removed: [], held: [], error: one.error }
      : { vault: one.vault, ...one.result },
  );
  return { outcome: vaults.some(({ error }) => error !== undefined) ? 'partial' : 'succeeded', vaults };
}
