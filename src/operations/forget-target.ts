/** Applying a vault's retention to one target: the plan, its limit, and the removal. */
import { isHikaeError } from '../base/errors.ts';
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
}

export interface ForgetResult {
  readonly plan: ForgetPlan;
  readonly removed: readonly SnapshotEntry[];
  /** why something that the plan would remove is still there */
  readonly error?: Error;
}

export interface ForgetTarget {
  readonly target: string;
  readonly opened: OpenedVault;
  readonly writable: WritableVault;
  /** a person has looked at the plan: the limit doesn't hold */
  readonly yes: boolean;
}

export async function planForget(
  target: string,
  opened: OpenedVault,
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
  return { target, vault: opened.name, marked };
}

/** A snapshot that can't be removed doesn't undo the backup that came before: it is told beside the result. */
export async function forgetTarget(
  { target, opened, writable, yes }: ForgetTarget,
  parts: PolicyParts,
): Promise<ForgetResult> {
  const plan = await planForget(target, opened, parts);
  const doomed = plan.marked.filter(({ mark }) => mark === 'remove').map(({ snapshot }) => snapshot);
  if (doomed.length === 0) return { plan, removed: [] };
  const marks = plan.marked.map((marked) => ({ ...marked, snapshot: retentionFacts(marked.snapshot) }));
  const limit = limitForget(marks, { addedSinceLast: await addedSinceLast(target, opened, parts) });
  if (!limit.within && !yes) {
    const { removals, allowed } = limit;
    return {
      plan,
      removed: [],
      error: retentionErrors.FORGET_LIMIT({ removals, allowed, target, vault: opened.name }),
    };
  }
  parts.emit({ type: 'phase', phase: 'forgetting' });
  const removed: SnapshotEntry[] = [];
  let failure: Error | undefined;
  for (const snapshot of doomed) {
    try {
      await removeOne(snapshot, opened, writable, parts);
      removed.push(snapshot);
    } catch (error) {
      parts.signal.throwIfAborted();
      if (!isHikaeError(error)) throw error;
      failure ??= error;
    }
  }
  return { plan, removed, ...(failure === undefined ? {} : { error: failure }) };
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
