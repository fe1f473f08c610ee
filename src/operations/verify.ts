/** verify: is what the vaults hold what was stored? */
import { type HikaeError, isHikaeError } from '../base/errors.ts';
import type { Emit } from '../model/events.ts';
import type { Finding, VerifyLevel } from '../model/finding.ts';
import type { Outcome } from '../model/run.ts';
import type { SnapshotEntry, UnreadableSnapshot } from '../model/snapshot.ts';
import type { VerifyResult } from '../vault/vault.ts';
import { operationErrors } from './errors.ts';
import { newId, type OpenedVault, type Parts } from './parts.ts';
import { OneOpenVault, servesNot, vaultsToLookIn } from './reach.ts';
import { runRecorded, runTarget, type TargetEnd } from './run.ts';
import { selectSnapshot } from './select.ts';
import { damageOf } from './unreadable.ts';

export interface VerifyRequest {
  /** the policy's vaults when absent */
  readonly vault?: string | undefined;
  /** all that the vaults hold when absent */
  readonly target?: string | undefined;
  /** one snapshot of each target, as a date, week, id or `latest`; all when absent */
  readonly date?: string | undefined;
  /** nothing that was taken later, in milliseconds since 1970 UTC */
  readonly asOf?: number | undefined;
  readonly level: VerifyLevel;
  /** how long a `sample` may take in all, and what chooses it */
  readonly sample: { readonly seconds: number; readonly seed: number };
}

export interface VerifyEnd extends TargetEnd {
  readonly vault: string;
  /** the vault whose snapshots were held against those of the first */
  readonly comparedWith?: string;
  readonly checked: VerifyResult['checked'];
  readonly findings: readonly Finding[];
}

export interface VerifyReport {
  readonly outcome: Outcome;
  readonly level: VerifyLevel;
  readonly sample?: VerifyRequest['sample'];
  readonly ends: readonly VerifyEnd[];
}

/** Damage makes a run `partial`: it did its work. What kept it from reading a vault at all makes it `failed`. */
export async function verify(request: VerifyRequest, parts: Parts): Promise<VerifyReport> {
  const vaults = new OneOpenVault(parts);
  try {
    return await verifyIn(vaults, request, parts);
  } finally {
    await vaults.close();
  }
}

async function verifyIn(vaults: OneOpenVault, request: VerifyRequest, parts: Parts): Promise<VerifyReport> {
  const { level, sample } = request;
  const plans = await planAll(vaults, request, parts);
  const share = snapshotShare(plans);
  const targets = [...new Set(plans.map(({ target }) => target))];
  const run = { id: newId(parts.random), verb: 'verify' as const, targets };
  const { outcome, ends } = await runRecorded(run, parts, async (emit) => {
    const done: VerifyEnd[] = [];
    for (const plan of plans) {
      const { target, vault } = plan;
      const spent = { ...sample, seconds: sample.seconds * share(plan) };
      const end = await runTarget({ verb: 'verify', target, vault }, parts, emit, () =>
        verifyPlanned(plan, vaults, { level, sample: spent }, { ...parts, emit }),
      );
      done.push({ vault, checked: nothingChecked, findings: [], ...end });
    }
    return done;
  });
  return { outcome, level, ...(level === 'sample' ? { sample } : {}), ends };
}

/** What of one target is to be verified in one vault; or why nothing can be. */
type Plan = { readonly target: string; readonly vault: string } & (
  | { readonly entries: readonly SnapshotEntry[]; readonly unreadable: readonly UnreadableSnapshot[] }
  | { readonly error: HikaeError }
);

export const nothingChecked: VerifyResult['checked'] = { snapshots: 0, nodes: 0, files: 0, bytes: 0 };

async function planAll(vaults: OneOpenVault, request: VerifyRequest, parts: Parts): Promise<readonly Plan[]> {
  const names = vaultsToLookIn(request.vault, parts);
  const plans: Plan[] = [];
  for (const vault of names) {
    try {
      plans.push(...(await vaults.in(vault, (opened) => planVault(opened, request, parts))));
    } catch (error) {
      parts.signal.throwIfAborted();
      if (!servesNot(error)) throw error;
      // With one vault there is nothing else to do than to say why.
      if (names.length === 1) throw error;
      const targets =
        request.target === undefined ? Object.keys(parts.policy?.targets ?? {}) : [request.target];
      plans.push(...targets.map((target) => ({ target, vault, error })));
    }
  }
  if (plans.length > 0) return plans;
  // To say that all is well where nothing was looked at would be a lie.
  const { target, date = 'latest' } = request;
  throw operationErrors.SNAPSHOT_NOT_FOUND({
    wanted: target === undefined ? date : `${target}/${date}`,
    vault: names,
  });
}

async function planVault(
  { name, vault }: OpenedVault,
  { target: only, date, asOf = Number.POSITIVE_INFINITY }: VerifyRequest,
  { signal, clock }: Parts,
): Promise<readonly Plan[]> {
  const filter = only === undefined ? {} : { target: only };
  const { snapshots: all, unreadable: broken } = await vault.list({ ...filter, signal });
  const snapshots = all.filter(({ header }) => header.time <= asOf);
  const damaged = broken.filter(({ place }) => date === undefined || place.endsWith(`/${date}`));
  const targets = new Set([...snapshots.map(({ header }) => header.target), ...damaged.map(targetOf)]);
  return [...targets].sort().flatMap((target) => {
    const own = snapshots.filter(({ header }) => header.target === target);
    const entries = date === undefined ? own : selected(own, date, name, clock.now());
    const unreadable = damaged.filter((one) => targetOf(one) === target);
    return entries.length + unreadable.length === 0 ? [] : [{ target, vault: name, entries, unreadable }];
  });
}

function selected(
  entries: readonly SnapshotEntry[],
  date: string,
  vault: string,
  now: number,
): readonly SnapshotEntry[] {
  try {
    return [selectSnapshot(entries, date, { vault, now })];
  } catch (error) {
    if (isHikaeError(error, 'SNAPSHOT_NOT_FOUND')) return [];
    throw error;
  }
}

function targetOf({ place }: UnreadableSnapshot): string {
  return place.split('/')[1] ?? '';
}

/** The part of all snapshots that a plan has, which is its part of a sample's time. */
function snapshotShare(plans: readonly Plan[]): (plan: Plan) => number {
  const count = (plan: Plan) => ('entries' in plan ? plan.entries.length : 0);
  const all = plans.reduce((sum, plan) => sum + count(plan), 0);
  return (plan) => (all === 0 ? 0 : count(plan) / all);
}

async function verifyPlanned(
  plan: Plan,
  vaults: OneOpenVault,
  options: Pick<VerifyRequest, 'level' | 'sample'>,
  parts: Parts,
): Promise<VerifyEnd> {
  if ('error' in plan) throw plan.error;
  const { target, vault, entries, unreadable } = plan;
  const { emit, signal } = parts;
  return vaults.in(vault, async (opened) => {
    const lost = unreadable.map((one) => findingOf(one, opened, emit));
    const { findings: met, checked } = await opened.vault.verify(entries, { ...options, emit, signal });
    const findings = [...lost, ...met];
    await recordVerification(entries, findings, opened, options.level, parts);
    return { target, vault, checked, findings, outcome: findings.length === 0 ? 'succeeded' : 'partial' };
  });
}

/** What looks like a snapshot and can't be listed as one has a damaged manifest. */
function findingOf(unreadable: UnreadableSnapshot, { vault }: OpenedVault, emit: Emit): Finding {
  const { place } = unreadable;
  const { details, message } = damageOf(unreadable);
  const reason = typeof details.reason === 'string' ? details.reason : message;
  const finding: Finding = { kind: 'manifest', places: [place], path: '', reason };
  emit({ type: 'finding', vault: vault.location, finding });
  return finding;
}

export async function recordVerification(
  entries: readonly SnapshotEntry[],
  findings: readonly Finding[],
  { vault }: OpenedVault,
  level: VerifyLevel,
  { ledger }: Parts,
): Promise<void> {
  // A daily and the weekly that was made of it have one id, and one verification.
  const byId = Map.groupBy(entries, ({ header }) => header.id);
  for (const [snapshot, places] of byId) {
    const own = findings.filter((finding) => places.some(({ place }) => finding.places.includes(place)));
    const outcome = own.length === 0 ? 'succeeded' : 'failed';
    await ledger?.recordVerify({ vault: vault.identity.id, snapshot, level, outcome, findings: own });
  }
}
