/** copy: bring the snapshots that a vault lacks from another one, target after target and vault after vault. */
import { isHikaeError } from '../base/errors.ts';
import type { Outcome } from '../model/run.ts';
import type { SnapshotEntry } from '../model/snapshot.ts';
import type { SnapshotReader } from '../model/snapshot-reader.ts';
import { requireTargets } from './choice.ts';
import { type Attempts, usualAttempts } from './copy-attempts.ts';
import { bytesNotIn } from './copy-estimate.ts';
import { sumOf } from './copy-snapshot.ts';
import { type CopyEnd, type CopyQuestion, copyTarget, inPair, lackingIn } from './copy-target.ts';
import { type PricedForecast, pricedForecast, pricing } from './lock-cost.ts';
import { newId, type OpenedVault, type PolicyParts } from './parts.ts';
import { runRecorded, runTarget } from './run.ts';

export interface CopyRequest {
  /** the policy's targets when empty */
  readonly targets: readonly string[];
  readonly from: string;
  readonly to: readonly string[];
  /** one snapshot of each target; see CopyQuestion */
  readonly date?: string | undefined;
  readonly attempts?: Attempts;
  /** locks also far more than usual */
  readonly yes?: boolean;
}

export interface CopyResult {
  readonly outcome: Outcome;
  readonly ends: readonly CopyEnd[];
}

/** Any copy that fails makes the run a failed one; what was copied stays, and is not sent again. */
export async function copy(request: CopyRequest, parts: PolicyParts): Promise<CopyResult> {
  const questions = questionsOf(request, parts);
  const targets = [...new Set(questions.map(({ target }) => target))];
  const run = { id: newId(parts.random), verb: 'copy' as const, targets };
  return runRecorded(run, parts, async (recorded) => {
    const emit = pricing(recorded, parts.policy);
    const ends: CopyEnd[] = [];
    for (const question of questions) ends.push(await copyRecorded(question, { ...parts, emit }));
    return ends;
  });
}

/** One target's copy to one vault, as a part of a run. */
export async function copyRecorded(question: CopyQuestion, parts: PolicyParts): Promise<CopyEnd> {
  const { target, from, vault } = question;
  const end = await runTarget({ verb: 'copy', target, vault }, parts, parts.emit, () =>
    copyTarget(question, parts),
  );
  return { from, vault, copied: [], missing: [], foreign: 0, ...end };
}

export interface PlannedCopy {
  readonly target: string;
  readonly from: string;
  readonly vault: string;
  /** the vault isn't there yet and would be made */
  readonly creates: boolean;
  /** newest first */
  readonly snapshots: readonly PlannedSnapshot[];
  /** what locking them there will come to; absent where nothing is locked */
  readonly locks?: PricedForecast;
  /** see CopyEnd */
  readonly foreign: number;
  readonly error?: Error;
}

export interface PlannedSnapshot {
  readonly snapshot: SnapshotEntry;
  readonly bytes: number;
  /** of which so many would be sent: by what is listed, so it may be less where a repository has the content elsewhere */
  readonly newBytes: number;
}

/** What `copy` would do with the same request; what keeps one copy from it is told of that one. */
export async function planCopies(request: CopyRequest, parts: PolicyParts): Promise<readonly PlannedCopy[]> {
  const plans: PlannedCopy[] = [];
  for (const question of questionsOf(request, parts)) {
    const { target, from, vault } = question;
    const plan = { target, from, vault };
    try {
      plans.push({ ...plan, ...(await planOne(question, parts)) });
    } catch (error) {
      parts.signal.throwIfAborted();
      if (!isHikaeError(error)) throw error;
      plans.push({ ...plan, creates: false, snapshots: [], foreign: 0, error });
    }
  }
  return plans;
}

async function planOne(
  question: CopyQuestion,
  parts: PolicyParts,
): Promise<Pick<PlannedCopy, 'creates' | 'snapshots' | 'foreign' | 'locks'>> {
  try {
    return await inPair(question, parts, false, async (source, destination) => {
      const planned = await estimateAll(question, source, destination, parts);
      const locks = await forecast(question, destination, planned.snapshots, parts);
      return { creates: false, ...planned, ...locks };
    });
  } catch (error) {
    if (!isHikaeError(error, 'VAULT_NOT_FOUND')) throw error;
    // Only one that lies on this machine is made by a copy; and what there is to copy from has to be there.
    const source = await parts.openVault(question.from, { create: false });
    try {
      return { creates: true, ...(await estimateAll(question, source, undefined, parts)) };
    } finally {
      await source.vault.close();
    }
  }
}

async function forecast(
  { target }: CopyQuestion,
  { vault }: OpenedVault,
  snapshots: readonly PlannedSnapshot[],
  { policy, clock, signal }: PolicyParts,
): Promise<Pick<PlannedCopy, 'locks'>> {
  if (vault.forecastLocks === undefined || snapshots.length === 0) return {};
  const newBytes = snapshots.reduce((sum, one) => sum + one.newBytes, 0);
  return { locks: pricedForecast(await vault.forecastLocks(target, newBytes, { signal }), policy, clock) };
}

/** Each is compared with the one that is copied before it, and the first with the newest that is there. */
async function estimateAll(
  question: CopyQuestion,
  source: OpenedVault,
  destination: OpenedVault | undefined,
  parts: PolicyParts,
): Promise<Pick<PlannedCopy, 'snapshots' | 'foreign'>> {
  const { signal } = parts;
  const { target, vault: name } = question;
  const list = await destination?.vault.list({ target, signal });
  const snapshots = list?.snapshots ?? [];
  const { lacking, foreign } = await lackingIn(question, source, { name, snapshots }, parts);
  const newest = snapshots.findLast(({ header }) => header.schedule !== 'safety');
  let before: SnapshotReader | undefined;
  if (lacking.length > 0 && newest !== undefined) before = await destination?.vault.open(newest, { signal });
  const planned: PlannedSnapshot[] = [];
  try {
    for (const snapshot of lacking) {
      const reader = await source.vault.open(snapshot, { signal });
      const last = before;
      before = reader;
      const newBytes = await bytesNotIn(last, reader, { signal }).finally(() => last?.close());
      planned.push({ snapshot, bytes: sumOf(snapshot).bytes, newBytes });
    }
  } finally {
    await before?.close();
  }
  return { snapshots: planned, foreign };
}

function questionsOf(
  { targets, from, to, date, attempts = usualAttempts, yes = false }: CopyRequest,
  { policy }: PolicyParts,
): readonly CopyQuestion[] {
  requireTargets(policy, targets);
  const chosen = targets.length === 0 ? Object.keys(policy.targets) : targets;
  return [...new Set(to)].flatMap((vault) =>
    chosen.map((target) => ({ target, from, vault, date, attempts, forgets: false, yes })),
  );
}
