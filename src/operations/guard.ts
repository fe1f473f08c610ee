/** guard: does a bucket keep what the policy promises? */
import { type HikaeError, isHikaeError } from '../base/errors.ts';
import type { Bucket, Check, GuardFinding, Wanted } from '../cloud/cloud.ts';
import { gather, guardFindings, judge } from '../cloud/cloud.ts';
import type { Outcome } from '../model/run.ts';
import { keepOf, type Policy, parseLocation, placeOf } from '../policy/policy.ts';
import { operationErrors } from './errors.ts';
import { newId, type Parts } from './parts.ts';
import { type RunParts, runRecorded, runTarget } from './run.ts';

/** The buckets of a policy; app opens the real ones. */
export interface Buckets {
  /** where a vault of this name lies: which region, and whether that is AWS */
  readonly whereabouts: (vault: string) => Pick<Wanted, 'region' | 'aws'>;
  readonly open: (wanted: Wanted) => Promise<Bucket>;
}

export interface GuardParts extends RunParts {
  readonly policy: Policy;
  readonly buckets: Buckets;
  readonly random: Parts['random'];
}

export interface GuardEnd {
  readonly vault: string;
  readonly place: string;
  readonly checks: readonly Check[];
  /** why nothing could be asked */
  readonly error?: HikaeError;
}

export interface GuardReport {
  /** `partial` when something is wrong or could not be asked */
  readonly outcome: Outcome;
  /** findings that are more than advice */
  readonly wrong: number;
  readonly ends: readonly GuardEnd[];
}

export async function guard(
  { vault }: { readonly vault?: string | undefined },
  parts: GuardParts,
): Promise<GuardReport> {
  const { outcome, ends } = await onRecord(wantedBuckets(vault, parts), parts, async (wanted) => {
    const end = { vault: wanted.vault, place: placeOf(settingsOf(parts.policy, wanted.vault)) };
    try {
      const checks = await inBucket(wanted, parts, async (bucket) =>
        judge(await gather(bucket, parts), wanted, parts.clock.now()),
      );
      const isKnown = checks.every(({ state }) => state !== 'unknown');
      return { end: { ...end, checks }, wrong: wrongAmong(checks), isKnown };
    } catch (error) {
      parts.signal.throwIfAborted();
      if (!isHikaeError(error)) throw error;
      return { end: { ...end, checks: [], error }, wrong: [], isKnown: false, error };
    }
  });
  const wrong = ends.reduce((sum, end) => sum + wrongAmong(end.checks).length, 0);
  return { outcome, wrong, ends };
}

/** What guard did with one bucket: `end` is told, and the rest is recorded. */
export interface Guarded<End> {
  readonly end: End;
  /** findings that are more than advice, by their codes */
  readonly wrong: readonly string[];
  readonly isKnown: boolean;
  /** what kept it from its work */
  readonly error?: HikaeError;
}

/** A run over the buckets of vaults; what is wrong with one is no failure of the run, and recorded with it. */
export async function onRecord<End>(
  buckets: readonly Wanted[],
  parts: GuardParts,
  work: (wanted: Wanted) => Promise<Guarded<End>>,
): Promise<{ readonly outcome: Outcome; readonly ends: readonly End[] }> {
  const told: End[] = [];
  const run = {
    id: newId(parts.random),
    verb: 'guard' as const,
    targets: buckets.map(({ vault }) => vault),
  };
  const { outcome } = await runRecorded(run, parts, async (emit) => {
    const ends: { readonly outcome: Outcome }[] = [];
    for (const wanted of buckets) {
      const { vault } = wanted;
      const one = await runTarget({ verb: 'guard', target: vault, vault }, parts, emit, async () => {
        const { end, wrong, isKnown, error } = await work(wanted);
        told.push(end);
        if (error !== undefined) return { outcome: 'failed' as const, error };
        if (wrong.length > 0) {
          const findings = [...new Set(wrong)];
          return { outcome: 'partial' as const, error: operationErrors.GUARD_FOUND({ vault, findings }) };
        }
        return { outcome: isKnown ? ('succeeded' as const) : ('partial' as const) };
      });
      ends.push(one);
    }
    return ends;
  });
  return { outcome, ends: told };
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

function wrongAmong(checks: readonly Check[]): readonly string[] {
  return moreThanAdvice(checks.flatMap(({ findings }) => findings));
}

export function moreThanAdvice(findings: readonly GuardFinding[]): readonly string[] {
  return findings.filter(({ code }) => guardFindings[code].severity !== 'advice').map(({ code }) => code);
}
