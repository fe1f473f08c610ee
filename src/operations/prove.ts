/** prove: the storage is asked until when everything that a snapshot needs is locked. */
import type { HikaeError } from '../base/errors.ts';
import type { Proof } from '../model/proof.ts';
import type { Outcome } from '../model/run.ts';
import type { SnapshotEntry } from '../model/snapshot.ts';
import type { Vault } from '../vault/vault.ts';
import { operationErrors } from './errors.ts';
import type { Parts } from './parts.ts';
import { inEachVault } from './reach.ts';
import { type SnapshotSpec, selectSnapshot } from './select.ts';

export interface ProveRequest {
  /** the newest of every target when absent */
  readonly spec?: SnapshotSpec | undefined;
  /** those of the policy that are locked when absent */
  readonly vault?: string | undefined;
}

export interface ProvenVault {
  readonly vault: string;
  readonly proofs: readonly Proof[];
  /** why the vault could not be asked */
  readonly error?: HikaeError;
}

export interface ProveResult {
  /** `partial` when a vault is out of reach */
  readonly outcome: Outcome;
  readonly vaults: readonly ProvenVault[];
}

export async function prove({ spec, vault: named }: ProveRequest, parts: Parts): Promise<ProveResult> {
  const { signal, policy, clock } = parts;
  const names = named === undefined ? parts.vaults.filter((name) => policy?.vaults[name]?.lock) : [named];
  if (names.length === 0) throw operationErrors.NOTHING_LOCKED({});
  const reached = await inEachVault(names, parts, async ({ vault, name }) => {
    if (vault.prove === undefined) throw operationErrors.VAULT_WITHOUT_LOCKS({ vault: name });
    const { snapshots } = await vault.list({ signal });
    const chosen = choose(snapshots, spec, { vault: name, now: clock.now() });
    return proveAll(vault, chosen, parts);
  });
  const vaults = reached.map((one) =>
    'error' in one
      ? { vault: one.vault, proofs: [], error: one.error }
      : { vault: one.vault, proofs: one.result },
  );
  return { outcome: vaults.some(({ error }) => error !== undefined) ? 'partial' : 'succeeded', vaults };
}

async function proveAll(vault: Vault, chosen: readonly SnapshotEntry[], { emit, signal }: Parts) {
  emit({ type: 'phase', phase: 'verifying' });
  const proofs: Proof[] = [];
  for (const entry of chosen) {
    const proof = await vault.prove?.(entry, { emit, signal });
    if (proof !== undefined) proofs.push(proof);
  }
  return proofs;
}

function choose(
  all: readonly SnapshotEntry[],
  spec: SnapshotSpec | undefined,
  options: { readonly vault: string; readonly now: number },
): readonly SnapshotEntry[] {
  const targets = [...new Set(all.map(({ header }) => header.target))];
  if (spec === undefined) {
    const newest = (target: string) =>
      all.findLast(({ header, complete }) => header.target === target && complete) ??
      all.findLast(({ header }) => header.target === target);
    return targets.flatMap((target) => newest(target) ?? []);
  }
  // A target may be called like the digits of an id: see select.ts.
  const named = spec.target === undefined && targets.includes(spec.wanted);
  const { target, wanted } = named ? { target: spec.wanted, wanted: 'latest' } : spec;
  const own = target === undefined ? all : all.filter(({ header }) => header.target === target);
  return [selectSnapshot(own, wanted, options)];
}
