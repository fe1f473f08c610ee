/** prune: removing the data that no snapshot needs, vault by vault. */
import { isHikaeError } from '../base/errors.ts';
import type { Outcome } from '../model/run.ts';
import type { Amount, PruneReport } from '../vault/vault.ts';
import { operationErrors } from './errors.ts';
import { newId, type Parts } from './parts.ts';
import { inVault, vaultsToLookIn } from './reach.ts';
import { runRecorded, runTarget, type TargetEnd } from './run.ts';

export type { Amount };

export interface PruneRequest {
  /** the policy's vaults when absent */
  readonly vault?: string | undefined;
  /** how long data that nobody needs stays once it is marked, in milliseconds */
  readonly grace: number;
}

/** The vault stands in the place of a target. */
export interface PruneEnd extends TargetEnd {
  readonly vault: string;
  /** absent for a vault in which removing a snapshot removes its data at once */
  readonly report?: PruneReport;
}

export interface PruneResult {
  readonly outcome: Outcome;
  readonly ends: readonly PruneEnd[];
}

/** What `prune` will do with the same request. */
export async function planPrune(request: PruneRequest, parts: Parts): Promise<readonly PruneEnd[]> {
  const ends: PruneEnd[] = [];
  for (const vault of vaultsOf(request, parts)) {
    try {
      ends.push(await pruneOne(vault, request, true, parts));
    } catch (error) {
      parts.signal.throwIfAborted();
      // As in the run: what keeps one vault from it is told of that one, and the others are looked at.
      if (!isHikaeError(error)) throw error;
      ends.push({ target: vault, vault, outcome: 'failed', error });
    }
  }
  return ends;
}

export async function prune(request: PruneRequest, parts: Parts): Promise<PruneResult> {
  const vaults = vaultsOf(request, parts);
  const run = { id: newId(parts.random), verb: 'prune' as const, targets: vaults };
  return runRecorded(run, parts, async (emit) => {
    const ends: PruneEnd[] = [];
    for (const vault of vaults) {
      const end = await runTarget({ verb: 'prune', target: vault, vault }, parts, emit, () =>
        pruneOne(vault, request, false, { ...parts, emit }),
      );
      ends.push({ vault, ...end });
    }
    return ends;
  });
}

function vaultsOf({ vault }: PruneRequest, parts: Parts): readonly string[] {
  const vaults = vaultsToLookIn(vault, parts);
  if (vaults.length === 0) throw operationErrors.NO_VAULT({});
  return vaults;
}

async function pruneOne(
  name: string,
  { grace }: PruneRequest,
  dryRun: boolean,
  parts: Parts,
): Promise<PruneEnd> {
  const { emit, signal, lockWait: wait } = parts;
  return inVault(name, parts, async ({ vault }) => {
    const end = { target: name, vault: name };
    if (vault.prune === undefined) return { ...end, outcome: 'succeeded' };
    const report = await vault.prune({ grace, dryRun, wait, emit, signal });
    return { ...end, report, outcome: report.lost === 0 ? 'succeeded' : 'partial' };
  });
}
