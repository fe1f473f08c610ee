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
import { type Guarded, type GuardParts, inBucket, moreThanAdvice, onRecord, wantedBuckets } from './guard.ts';

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
  const buckets = wantedBuckets(vault, parts);
  const applyTo = async (wanted: Wanted): Promise<Guarded<AppliedGuard>> => {
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
    const failure = error === undefined ? {} : { error };
    const { left = [], unknown = [] } = plan ?? {};
    const end = { vault: wanted.vault, wanted, done, ...(plan === undefined ? {} : { plan }), ...failure };
    return { end, wrong: moreThanAdvice(left), isKnown: unknown.length === 0, ...failure };
  };
  if (!dryRun) return (await onRecord(buckets, parts, applyTo)).ends;
  const planned: AppliedGuard[] = [];
  for (const wanted of buckets) planned.push((await applyTo(wanted)).end);
  return planned;
}

async function planOf(bucket: Bucket, { clock, signal }: GuardParts): Promise<GuardPlan> {
  return planGuard(await gather(bucket, { signal, countAll: true }), bucket.wanted, clock.now());
}
