/** Applying a vault's retention to one target: the plan, its limit, and the removal. */
import { type HikaeError, isHikaeError } from '../base/errors.ts';
import type { SnapshotEntry } from '../model/snapshot.ts';
import {
  keepOf,
  limitForget,
  type Mark,
  planRetention,
  type RetentionReason,
  retentionErrors,
  retentionFacts,
} from '../policy/policy.ts';
import type { WritableVault } from '../vault/vault.ts';
import type { OpenedVault, PolicyParts } from './parts.ts';

export interface MarkedSnapshot {
  readonly snapshot: SnapshotEntry;
  readonly mark: Mark;
  readonly reason: RetentionReason;
}

export interface ForgetPlan {
  readonly target: string;
  readonly vault: string;
  readonly marked: readonly MarkedSnapshot[];
  /** those that will go: all that are marked so, or none */
  readonly removes: readonly SnapshotEntry[];
  /** why none will, although some are marked so */
  readonly error?: Error;
}

export interface ForgetResult {
  readonly plan: ForgetPlan;
  readonly removed: readonly SnapshotEntry[];
  /** why something that the plan would remove is still there */
  readonly error?: Error;
}

export interface ForgetQuestion {
  readonly target: string;
  readonly opened: OpenedVault;
  /** a person has looked at the plan: the limit doesn't hold */
  readonly yes: boolean;
}

/** What a removal will do, the limit included. */
export async function planForget(
  { target, opened, yes }: ForgetQuestion,
  parts: PolicyParts,
): Promise<ForgetPlan> {
  const { clock, zone, policy, signal } = parts;
  const { snapshots } = await opened.vault.list({ target, signal });
  const facts = snapshots.map((snapshot) => ({ ...retentionFacts(snapshot), snapshot }));
  const marks = planRetention(
    facts,
    { keep: keepOf(policy, opened.name), frozen: false },
    { now: clock.now(), zone },
  );
  const marked = marks.map(({ snapshot, mark, reason }) => ({ snapshot: snapshot.snapshot, mark, reason }));
  const removes = marked.filter(({ mark }) => mark === 'remove').map(({ snapshot }) => snapshot);
  const plan = { target, vault: opened.name, marked };
  if (removes.length === 0 || yes) return { ...plan, removes };
  const { within, removals, allowed } = limitForget(marks, {
    addedSinceLast: await addedSinceLast(target, opened, parts),
  });
  if (within) return { ...plan, removes };
  const error = retentionErrors.FORGET_LIMIT({ removals, allowed, target, vault: opened.name });
  return { ...plan, removes: [], error };
}

/** A snapshot that can't be removed doesn't undo the backup that came before: it is told beside the result. */
export async function forgetTarget(
  { writable, ...question }: ForgetQuestion & { readonly writable: WritableVault },
  parts: PolicyParts,
): Promise<ForgetResult> {
  const plan = await planForget(question, parts);
  if (plan.error !== undefined) return { plan, removed: [], error: plan.error };
  if (plan.removes.length === 0) return { plan, removed: [] };
  parts.emit({ type: 'phase', phase: 'forgetting' });
  const removed: SnapshotEntry[] = [];
  let failure: Error | undefined;
  for (const snapshot of plan.removes) {
    try {
      await removeOne(snapshot, question.opened, writable, parts);
      removed.push(snapshot);
    } catch (error) {
      parts.signal.throwIfAborted();
      if (!isHikaeError(error)) throw error;
      if (isLeftToOthers(error, question.opened, parts)) {
        const { place } = snapshot;
        const facts = { vault: question.opened.name, place, reason: error.message };
        parts.emit({ type: 'warning', code: 'removal-refused', facts });
        // Of the others it would be refused just so.
        break;
      }
      failure ??= error;
    }
  }
  return { plan, removed, ...(failure === undefined ? {} : { error: failure }) };
}

/** Where objects are locked, who writes must not be able to delete: another, with other keys, removes. */
function isLeftToOthers(error: HikaeError, { name }: OpenedVault, { policy }: PolicyParts): boolean {
  return policy.vaults[name]?.lock !== undefined && error.code === 'STORAGE_REFUSED';
}

async function removeOne(
  snapshot: SnapshotEntry,
  opened: OpenedVault,
  writable: WritableVault,
  parts: PolicyParts,
): Promise<void> {
  await writable.remove(snapshot, parts);
  const { place, header, complete } = snapshot;
  const { id, target, schedule, time } = header;
  await parts.ledger.recordRemoval({
    vault: opened.vault.identity.id,
    place,
    id,
    target,
    schedule,
    time,
    complete,
  });
  parts.emit({ type: 'snapshot.removed', vault: opened.name, place, id });
}

async function addedSinceLast(
  target: string,
  { vault }: OpenedVault,
  { ledger, signal }: PolicyParts,
): Promise<number> {
  const added = await Promise.all(
    (['daily', 'weekly', 'safety'] as const).map((schedule) =>
      ledger.snapshotsAddedSinceLastForget(vault.identity.id, target, schedule, { signal }),
    ),
  );
  return added.reduce((sum, one) => sum + one, 0);
}
