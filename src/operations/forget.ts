/** forget: the plan for every vault and target, and its execution. */
import { isHikaeError } from '../base/errors.ts';
import type { Outcome } from '../model/run.ts';
import { requireTargets } from './choice.ts';
import { operationErrors } from './errors.ts';
import { type ForgetPlan, type ForgetResult, forgetTarget, planForget } from './forget-target.ts';
import { newId, type PolicyParts } from './parts.ts';
import { inVault } from './reach.ts';
import { runRecorded, runTarget, type TargetEnd } from './run.ts';

export interface ForgetRequest {
  /** the policy's targets when empty */
  readonly targets: readonly string[];
  /** the policy's vaults when absent */
  readonly vault?: string;
  /** remove more than the limit allows */
  readonly yes: boolean;
}

export interface ForgetEnd extends TargetEnd {
  readonly vault: string;
  readonly result?: ForgetResult;
  /** the data of what was removed is still there, for a prune to remove */
  readonly leavesData?: boolean;
}

/** What `forget` will do with the same request, vault by vault and target by target. */
export async function planForgets(
  request: ForgetRequest,
  parts: PolicyParts,
): Promise<readonly ForgetPlan[]> {
  const plans: ForgetPlan[] = [];
  const { yes } = request;
  for (const { vault, target } of pairsOf(request, parts)) {
    try {
      plans.push(await inVault(vault, parts, (opened) => planForget({ target, opened, yes }, parts)));
    } catch (error) {
      parts.signal.throwIfAborted();
      // As in the run: what keeps one vault from it is told of that one, and the others are looked at.
      if (!isHikaeError(error)) throw error;
      plans.push({ target, vault, marked: [], removes: [], error });
    }
  }
  return plans;
}

export async function forget(
  request: ForgetRequest,
  parts: PolicyParts,
): Promise<{ readonly outcome: Outcome; readonly ends: readonly ForgetEnd[] }> {
  const pairs = pairsOf(request, parts);
  const run = {
    id: newId(parts.random),
    verb: 'forget' as const,
    targets: [...new Set(pairs.map(({ target }) => target))],
  };
  return runRecorded(run, parts, async (emit) => {
    const ends: ForgetEnd[] = [];
    for (const { vault, target } of pairs) {
      const end = await runTarget({ verb: 'forget', target, vault }, parts, emit, () =>
        forgetOne(target, vault, request.yes, { ...parts, emit }),
      );
      ends.push({ vault, ...end });
    }
    return ends;
  });
}

/** What retention lets go in one vault, after a run has added to it; what keeps it from that is told and no more. */
export async function forgetAfterwards(
  target: string,
  name: string,
  parts: PolicyParts,
): Promise<Partial<ForgetResult>> {
  try {
    const { result = {} } = await forgetOne(target, name, false, parts);
    return result;
  } catch (error) {
    parts.signal.throwIfAborted();
    if (!isHikaeError(error)) throw error;
    return { error };
  }
}

async function forgetOne(target: string, name: string, yes: boolean, parts: PolicyParts): Promise<ForgetEnd> {
  const opened = await parts.openVault(name, { create: false });
  const { emit, signal, lockWait } = parts;
  try {
    const writable = await opened.vault.acquire({ wait: lockWait, emit, signal });
    try {
      const result = await forgetTarget({ target, opened, writable, yes }, parts);
      const { error } = result;
      const leavesData = opened.vault.prune !== undefined && result.removed.length > 0;
      const end = { target, vault: name, result, leavesData };
      return error === undefined ? { ...end, outcome: 'succeeded' } : { ...end, outcome: 'failed', error };
    } finally {
      await writable.release();
    }
  } finally {
    await opened.vault.close();
  }
}

function pairsOf(
  { targets, vault }: ForgetRequest,
  { policy, vaults }: PolicyParts,
): { vault: string; target: string }[] {
  requireTargets(policy, targets);
  if (vault !== undefined && !(vault in policy.vaults)) {
    throw operationErrors.VAULT_UNKNOWN({ vault, known: Object.keys(policy.vaults) });
  }
  const chosen = targets.length === 0 ? Object.keys(policy.targets) : targets;
  return (vault === undefined ? vaults : [vault]).flatMap((name) =>
    chosen.map((target) => ({ vault: name, target })),
  );
}
