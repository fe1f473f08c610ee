/** backup: capture → publish → forget, target after target, as a schedule says. */
import type { Emit } from '../model/events.ts';
import type { Outcome } from '../model/run.ts';
import type { SnapshotEntry, Trigger } from '../model/snapshot.ts';
import type { PolicySchedule, ScheduleName } from '../policy/policy.ts';
import type { TroubleCount, WritableVault } from '../vault/vault.ts';
import { type BackupPreview, previewTarget } from './backup-preview.ts';
import { type CapturedComponent, type CapturedSnapshot, captureSnapshot } from './capture-snapshot.ts';
import { chooseSchedule, chooseTargets } from './choice.ts';
import { openForWriting } from './first-vault.ts';
import { type ForgetResult, forgetTarget } from './forget-target.ts';
import { type KitState, kitState, tellKit } from './kit.ts';
import { newId, type OpenedVault, type PolicyParts } from './parts.ts';
import { runRecorded, runTarget, type TargetEnd } from './run.ts';
import { dailyOf } from './weekly.ts';

export interface BackupRequest {
  /** the policy's targets when empty */
  readonly targets: readonly string[];
  /** the policy's first when absent */
  readonly schedule?: ScheduleName;
  readonly trigger: Trigger;
}

export interface BackupTarget extends TargetEnd {
  readonly vault?: string;
  readonly snapshot?: SnapshotEntry;
  /** the snapshot it was made from without capturing anything: a weekly from that day's daily */
  readonly from?: SnapshotEntry;
  readonly components: readonly CapturedComponent[];
  readonly troubles: Omit<TroubleCount, 'first'>;
  readonly forget?: ForgetResult;
}

export interface BackupResult {
  readonly schedule: ScheduleName;
  readonly outcome: Outcome;
  readonly targets: readonly BackupTarget[];
}

export async function backup(request: BackupRequest, parts: PolicyParts): Promise<BackupResult> {
  const [name, schedule] = chooseSchedule(parts.policy, request.schedule);
  const targets = chooseTargets(parts.policy, request.targets, schedule);
  const run = { id: newId(parts.random), verb: 'backup' as const, targets };
  const { outcome, ends } = await runRecorded(run, parts, async (emit) => {
    const done: BackupTarget[] = [];
    const kits: Kits = new Map();
    for (const target of targets) {
      const end = await runTarget({ verb: 'backup', target, vault: schedule.to }, parts, emit, () =>
        backupTarget(target, name, schedule, request.trigger, kits, { ...parts, emit }),
      );
      done.push({ components: [], troubles: { notes: 0, problems: 0 }, ...end });
    }
    for (const [vault, state] of kits) tellKit(vault, state, emit);
    return done;
  });
  return { schedule: name, outcome, targets: ends };
}

/** What a backup would do, found by the same comparison and written nowhere. */
export async function previewBackup(
  request: BackupRequest,
  parts: PolicyParts,
): Promise<readonly BackupPreview[]> {
  const [name, schedule] = chooseSchedule(parts.policy, request.schedule);
  const previews: BackupPreview[] = [];
  for (const target of chooseTargets(parts.policy, request.targets, schedule)) {
    previews.push(await previewTarget(target, name, schedule, parts));
  }
  return previews;
}

/** What is known of the recovery kits of the vaults that were written to. */
type Kits = Map<string, KitState | undefined>;

async function backupTarget(
  target: string,
  name: ScheduleName,
  schedule: PolicySchedule,
  trigger: Trigger,
  kits: Kits,
  parts: PolicyParts,
): Promise<BackupTarget> {
  const { opened, writable, unreachable } = await openForWriting(schedule, parts);
  try {
    if (!kits.has(opened.name)) kits.set(opened.name, await kitState(opened, parts));
    const { hookFailure, ...made } = await makeSnapshot(target, name, trigger, opened, writable, parts);
    const { snapshot } = made;
    await recordSnapshot(opened, snapshot, parts);
    announce(opened, snapshot, parts.emit);
    const forget = await forgetTarget({ target, opened, writable, yes: false }, parts);
    // It was kept, but not where the policy wants it, or a service is still down: nobody must take that for a success.
    const missed = unreachable ?? hookFailure;
    if (missed !== undefined) return { ...made, forget, outcome: 'failed', error: missed };
    const faultless = snapshot.complete && made.troubles.problems === 0 && forget.error === undefined;
    const error = made.components.find((component) => component.error !== undefined)?.error ?? forget.error;
    const outcome = faultless ? 'succeeded' : 'partial';
    return { ...made, forget, outcome, ...(error === undefined ? {} : { error }) };
  } finally {
    await writable.release();
    await opened.vault.close();
  }
}

type Made = Omit<BackupTarget, 'outcome' | 'snapshot'> & Pick<CapturedSnapshot, 'snapshot' | 'hookFailure'>;

async function makeSnapshot(
  target: string,
  name: ScheduleName,
  trigger: Trigger,
  { name: vault, vault: place }: OpenedVault,
  writable: WritableVault,
  parts: PolicyParts,
): Promise<Made> {
  const from = name === 'weekly' ? await dailyOf(place, target, parts) : undefined;
  if (from !== undefined) {
    const options = { emit: parts.emit, signal: parts.signal, policy: Buffer.from(parts.policy.text) };
    const snapshot = await writable.derive(from, name, options);
    const { notes, problems } = snapshot.header;
    return { target, vault, snapshot, from, components: [], troubles: { notes, problems } };
  }
  return { target, vault, ...(await captureSnapshot({ target, schedule: name, trigger, writable }, parts)) };
}

export async function recordSnapshot(
  { vault }: OpenedVault,
  { place, header, complete }: SnapshotEntry,
  { ledger }: Pick<PolicyParts, 'ledger'>,
): Promise<void> {
  const { id, target, schedule, time } = header;
  const bytes = header.components.reduce((sum, component) => sum + component.bytes, 0);
  await ledger.recordSnapshot({
    vault: vault.identity.id,
    place,
    id,
    target,
    schedule,
    time,
    complete,
    bytes,
  });
}

export function announce(
  { name }: OpenedVault,
  { place, header, complete }: SnapshotEntry,
  emit: Emit,
): void {
  emit({ type: 'snapshot.published', vault: name, place, id: header.id, complete });
}
