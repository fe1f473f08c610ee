/** guard --apply: make a bucket what the policy needs, by a plan that was shown. */
import { type HikaeError, isHikaeError } from '../base/errors.ts';
import {
  applyPlan,
  type Bucket,
  type GuardPlan,
  gather,
  isIrreversible,
  planGuard,
  type Step,
  type Wanted,
} from '../cloud/cloud.ts';
import { operationErrors } from './errors.ts';
import { type GuardParts, inBucket, wantedBuckets } from './guard.ts';

export interface GuardRequest {
  readonly vault?: string | undefined;
  readonly dryRun: boolean;
  /** also what nobody can undo */
  readonly yes: boolean;
}

export interface AppliedGuard {
  readonly vault: string;
  readonly wanted: Wanted;
  /** absent where nothing could be asked */
  readonly plan?: GuardPlan;
  readonly done: readonly Step[];
  readonly error?: HikaeError;
}

/** `show` is called with each plan before anything of it is done. */
export async function applyGuard(
  { vault, dryRun, yes }: GuardRequest,
  parts: GuardParts,
  show: (shown: { readonly wanted: Wanted; readonly plan: GuardPlan }) => Promise<void>,
): Promise<readonly AppliedGuard[]> {
  const applied: AppliedGuard[] = [];
  for (const wanted of wantedBuckets(vault, parts)) {
    const done: Step[] = [];
    let plan: GuardPlan | undefined;
    let error: HikaeError | undefined;
    try {
      await inBucket(wanted, parts, async (bucket) => {
        plan = await planOf(bucket, parts);
        await show({ wanted, plan });
        if (dryRun) return;
        if (!yes && plan.steps.some(isIrreversible))
          throw operationErrors.GUARD_NOT_CONFIRMED({ vault: wanted.vault });
        await applyPlan(plan, bucket, { signal: parts.signal, onStep: (step) => done.push(step) });
      });
    } catch (thrown) {
      parts.signal.throwIfAborted();
      if (!isHikaeError(thrown)) throw thrown;
      error = thrown;
    }
    applied.push({
      vault: wanted.vault,
      wanted,
      done,
      ...(plan === undefined ? {} : { plan }),
      ...(error === undefined ? {} : { error }),
    });
  }
  return applied;
}

async function planOf(bucket: Bucket, { clock, signal }: GuardParts): Promise<GuardPlan> {
  return planGuard(await gather(bucket, { signal, countAll: true }), bucket.wanted, clock.now());
}
