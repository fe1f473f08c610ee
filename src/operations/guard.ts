/** guard: does a bucket keep what the policy promises? */
import { type HikaeError, isHikaeError } from '../base/errors.ts';
import type { Bucket, Check, Wanted } from '../cloud/cloud.ts';
import { gather, guardFindings, judge } from '../cloud/cloud.ts';
import type { Outcome } from '../model/run.ts';
import { keepOf, type Policy, parseLocation, placeOf } from '../policy/policy.ts';
import { operationErrors } from './errors.ts';

/** The buckets of a policy; app opens the real ones. */
export interface Buckets {
  /** where a vault of this name lies: which region, and whether that is AWS */
  readonly whereabouts: (vault: string) => Pick<Wanted, 'region' | 'aws'>;
  readonly open: (wanted: Wanted) => Promise<Bucket>;
}

export interface GuardParts {
  readonly policy: Policy;
  readonly buckets: Buckets;
  readonly clock: { now(): number };
  readonly signal: AbortSignal;
}

export interface GuardEnd {
  readonly vault: string;
  readonly place: string;
  readonly checks: readonly Check[];
  /** why nothing could be asked */
  readonly error?: HikaeError;
}

export interface GuardReport {
  /** `partial` when something could not be asked */
  readonly outcome: Outcome;
  /** findings that are more than advice */
  readonly wrong: number;
  readonly ends: readonly GuardEnd[];
}

export async function guard(
  { vault }: { readonly vault?: string | undefined },
  parts: GuardParts,
): Promise<GuardReport> {
  const ends: GuardEnd[] = [];
  for (const wanted of wantedBuckets(vault, parts)) {
    const { vault: name } = wanted;
    const end = { vault: name, place: placeOf(settingsOf(parts.policy, name)) };
    try {
      const checks = await inBucket(wanted, parts, async (bucket) =>
        judge(await gather(bucket, parts), wanted, parts.clock.now()),
      );
      ends.push({ ...end, checks });
    } catch (error) {
      parts.signal.throwIfAborted();
      if (!isHikaeError(error)) throw error;
      ends.push({ ...end, checks: [], error });
    }
  }
  const checks = ends.flatMap((end) => end.checks);
  return { outcome: outcomeOf(ends), wrong: checks.reduce((sum, check) => sum + wrongIn(check), 0), ends };
}

export async function inBucket<Result>(
  wanted: Wanted,
  { buckets }: Pick<GuardParts, 'buckets'>,
  work: (bucket: Bucket) => Promise<Result>,
): Promise<Result> {
  const bucket = await buckets.open(wanted);
  try {
    return await work(bucket);
  } finally {
    bucket.close();
  }
}

/** What the policy asks of the bucket of one vault, or of each. */
export function wantedBuckets(
  vault: string | undefined,
  { policy, buckets }: Pick<GuardParts, 'policy' | 'buckets'>,
): readonly Wanted[] {
  const names = Object.keys(policy.vaults);
  if (vault !== undefined && !names.includes(vault))
    throw operationErrors.VAULT_UNKNOWN({ vault, known: names });
  const known = names.filter((name) => locationOf(policy, name) !== undefined);
  if (known.length === 0) throw operationErrors.GUARD_NOTHING({});
  if (vault !== undefined && !known.includes(vault)) throw operationErrors.GUARD_NOT_S3({ vault, known });
  return known
    .filter((name) => vault === undefined || name === vault)
    .map((name) => wantedOf(policy, name, buckets.whereabouts(name)));
}

const DAY = 86_400_000;

function wantedOf(policy: Policy, vault: string, whereabouts: Pick<Wanted, 'region' | 'aws'>): Wanted {
  const location = locationOf(policy, vault);
  if (location === undefined) throw new TypeError('a vault that is not on S3');
  const { lock, plain } = settingsOf(policy, vault);
  const { daily, weekly } = keepOf(policy, vault);
  return {
    vault,
    kind: plain === undefined ? 'restic' : 'plain',
    bucket: location.bucket,
    prefix: location.prefix,
    ...whereabouts,
    lock:
      lock === undefined
        ? undefined
        : {
            mode: lock.mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE',
            days: Math.ceil(lock.for / DAY),
            generation: Math.ceil(lock.generation / DAY),
          },
    // A week is kept by its last day.
    kept: Math.max(daily, weekly * 7 + 6),
  };
}

function locationOf(policy: Policy, vault: string) {
  const location = parseLocation(placeOf(settingsOf(policy, vault)));
  return location?.kind === 's3' ? location : undefined;
}

function settingsOf({ vaults }: Policy, vault: string) {
  const settings = vaults[vault];
  if (settings === undefined) throw new TypeError(`no vault ${vault}`);
  return settings;
}

function outcomeOf(ends: readonly GuardEnd[]): Outcome {
  if (ends.some(({ error }) => error !== undefined)) return 'failed';
  const unknown = ends.some(({ checks }) => checks.some(({ state }) => state === 'unknown'));
  return unknown ? 'partial' : 'succeeded';
}

function wrongIn({ findings }: Check): number {
  return findings.filter(({ code }) => guardFindings[code].severity !== 'advice').length;
}
