/** repair: mending vaults, from what they still have and from another one. */
import { isHikaeError } from '../base/errors.ts';
import type { Outcome } from '../model/run.ts';
import type { RepairReport, Vault } from '../vault/vault.ts';
import { operationErrors } from './errors.ts';
import { newId, type OpenedVault, type Parts } from './parts.ts';
import { inVault, vaultsToLookIn } from './reach.ts';
import { runRecorded, runTarget, type TargetEnd } from './run.ts';

export interface RepairRequest {
  /** those of the policy when absent */
  readonly vault?: string | undefined;
  /** the vault to bring back from what is missing */
  readonly from?: string | undefined;
}

/** The vault stands in the place of a target. */
export interface RepairEnd extends TargetEnd {
  readonly vault: string;
  /** absent for a plain vault elsewhere that was not named */
  readonly report?: RepairReport;
}

export interface RepairResult {
  readonly outcome: Outcome;
  readonly ends: readonly RepairEnd[];
}

/** What `repair` will do with the same request. */
export async function planRepair(request: RepairRequest, parts: Parts): Promise<readonly RepairEnd[]> {
  const ends: RepairEnd[] = [];
  for (const vault of vaultsOf(request, parts)) {
    try {
      ends.push(await repairOne(vault, request, true, parts));
    } catch (error) {
      parts.signal.throwIfAborted();
      // As in the run: what keeps one vault from it is told of that one, and the others are looked at.
      if (!isHikaeError(error)) throw error;
      ends.push({ target: vault, vault, outcome: 'failed', error });
    }
  }
  return ends;
}

/** Damage that stays makes it `partial`. */
export async function repair(request: RepairRequest, parts: Parts): Promise<RepairResult> {
  const vaults = vaultsOf(request, parts);
  const run = { id: newId(parts.random), verb: 'repair' as const, targets: vaults };
  return runRecorded(run, parts, async (emit) => {
    const ends: RepairEnd[] = [];
    for (const vault of vaults) {
      const end = await runTarget({ verb: 'repair', target: vault, vault }, parts, emit, () =>
        repairOne(vault, request, false, { ...parts, emit }),
      );
      ends.push({ vault, ...end });
    }
    return ends;
  });
}

/** All but the one that it is repaired from. */
function vaultsOf({ vault, from }: RepairRequest, parts: Parts): readonly string[] {
  const vaults = vaultsToLookIn(vault, parts).filter((name) => name !== from || name === vault);
  if (vaults.length === 0) throw operationErrors.NO_VAULT({});
  return vaults;
}

async function repairOne(
  name: string,
  { vault: named, from }: RepairRequest,
  dryRun: boolean,
  parts: Parts,
): Promise<RepairEnd> {
  return inVault(name, parts, async ({ vault }) => {
    const end = { target: name, vault: name };
    if (vault.repair === undefined) {
      if (name === named) throw operationErrors.REPAIR_NOT_THIS_KIND({ vault: name });
      return { ...end, outcome: 'succeeded' };
    }
    const mend = (other?: OpenedVault) => mendFrom(vault, name, other, dryRun, parts);
    const report = from === undefined ? await mend() : await inVault(from, parts, mend);
    return { ...end, report, outcome: report.findings.length === 0 ? 'succeeded' : 'partial' };
  });
}

function mendFrom(
  vault: Vault,
  name: string,
  other: OpenedVault | undefined,
  dryRun: boolean,
  { emit, signal, lockWait: wait }: Parts,
): Promise<RepairReport> {
  if (vault.repair === undefined) throw operationErrors.REPAIR_NOT_THIS_KIND({ vault: name });
  if (other?.vault.location === vault.location) throw operationErrors.REPAIR_FROM_ITSELF({ vault: name });
  return vault.repair({
    dryRun,
    wait,
    emit,
    signal,
    ...(other === undefined ? {} : { from: other.vault }),
  });
}
