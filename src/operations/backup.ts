/**
 * backup: capture → copyTo → forget, as a schedule says. All targets are captured before the first is copied: a slow line
 * must not make the last of them hours older than the first.
 */
import { type Outcome, worstOutcome } from '../model/run.ts';
import type { SnapshotEntry, Trigger } from '../model/snapshot.ts';
import type { PolicySchedule, ScheduleName } from '../policy/policy.ts';
import type { TroubleCount, WritableVault } from '../vault/vault.ts';
import { announce, recordSnapshot } from './announcing.ts';
import { type BackupPreview, previewTarget } from './backup-preview.ts';
import { type CapturedComponent, type CapturedSnapshot, captureSnapshot } from './capture-snapshot.ts';
import { chooseSchedule, chooseTargets } from './choice.ts';
import { copyRecorded } from './copy.ts';
import { usualAttempts } from './copy-attempts.ts';
import type { CopyEnd } from './copy-target.ts';
import { openForWriting } from './first-vault.ts';
import { forgetAfterwards } from './forget.ts';
import { type ForgetResult, forgetTarget } from './forget-target.ts';
import { type KitState, kitState, tellKit } from './kit.ts';
import { foretellLocks, pricing } from './lock-cost.ts';
import { newId, type OpenedVault, type PolicyParts } from './parts.ts';
import { isOutOfReach } from './reach.ts';
import { runRecorded, runTarget, type TargetEnd } from './run.ts';
import { dailyOf } from './weekly.ts';

export interface BackupRequest {
  /** the policy's targets when empty */
  readonly targets: readonly string[];
  /** the policy's first when absent */
  readonly schedule?: ScheduleName;
  readonly trigger: Trigger;
  /** reads every file, whatever its attributes are */
  readonly force: boolean;
  /** locks also far more than usual */
  readonly yes: boolean;
}

export interface BackupTarget extends TargetEnd {
  readonly vault?: string;
  readonly snapshot?: SnapshotEntry;
  /** the snapshot it was made from without capturing anything: a weekly from that day's daily */
  readonly from?: SnapshotEntry;
  readonly components: readonly CapturedComponent[];
  readonly troubles: Omit<TroubleCount, 'first'>;
  readonly forget?: Partial<ForgetResult>;
  /** to each vault of `copyTo`, in its order */
  readonly copies: readonly CopyEnd[];
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
  const { yes } = request;
  const { outcome, ends } = await runRecorded(run, parts, async (recorded) => {
    const emit = pricing(recorded, parts.policy);
    const done: BackupTarget[] = [];
    const kits: Kits = new Map();
    for (const target of targets) {
      const end = await runTarget({ verb: 'backup', target, vault: schedule.to }, parts, emit, () =>
        backupTarget(target, name, schedule, request, kits, { ...parts, emit }),
      );
      done.push({ components: [], troubles: { notes: 0, problems: 0 }, copies: [], ...end });
    }
    const ends: BackupTarget[] = [];
    for (const end of done) ends.push(await finishTarget(end, schedule, { kits, yes }, { ...parts, emit }));
    for (const [vault, state] of kits) tellKit(vault, state, emit);
    return ends;
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

async function lookForKit(opened: OpenedVault, kits: Kits, parts: PolicyParts): Promise<void> {
  if (!kits.has(opened.name)) kits.set(opened.name, await kitState(opened, parts));
}

async function backupTarget(
  target: string,
  name: ScheduleName,
  schedule: PolicySchedule,
  how: Pick<BackupRequest, 'trigger' | 'force' | 'yes'>,
  kits: Kits,
  parts: PolicyParts,
): Promise<Omit<BackupTarget, 'copies'>> {
  const { opened, writable, unreachable } = await openForWriting(target, schedule, how.yes, parts);
  try {
    await lookForKit(opened, kits, parts);
    const { hookFailure, ...made } = await makeSnapshot(target, name, how, opened, writable, parts);
    const { snapshot } = made;
    await recordSnapshot(opened, snapshot, parts);
    announce(opened, snapshot, parts.emit);
    // What is still to be copied must not go before it is.
    const forget =
      schedule.copyTo.length > 0
        ? undefined
        : await forgetTarget({ target, opened, writable, yes: false }, parts);
    // It was kept, but not where the policy wants it, or a service is still down: nobody must take that for a success.
    const missed = unreachable ?? hookFailure;
    const end = { ...made, ...(forget === undefined ? {} : { forget }) };
    if (missed !== undefined) return { ...end, outcome: 'failed', error: missed };
    const faultless = snapshot.complete && made.troubles.problems === 0 && forget?.error === undefined;
    const error = made.components.find((component) => component.error !== undefined)?.error ?? forget?.error;
    const outcome = faultless ? 'succeeded' : 'partial';
    return { ...end, outcome, ...(error === undefined ? {} : { error }) };
  } finally {
    await writable.release();
    await opened.vault.close();
  }
}

/** What comes after all captures: the copies, and what retention lets go where the snapshot was captured into. */
async function finishTarget(
  end: BackupTarget,
  schedule: PolicySchedule,
  { kits, yes }: { readonly kits: Kits; readonly yes: boolean },
  parts: PolicyParts,
): Promise<BackupTarget> {
  if (schedule.copyTo.length === 0) return end;
  const { target, vault = schedule.to } = end;
  // Where nothing could be reached to capture into, there is nothing to read from either.
  if (isOutOfReach(end.error) && end.snapshot === undefined) return end;
  const copies: CopyEnd[] = [];
  const look = (opened: OpenedVault) => lookForKit(opened, kits, parts);
  for (const to of copiedTo(schedule, vault)) {
    const question = { target, from: vault, vault: to, attempts: usualAttempts, forgets: true, look, yes };
    copies.push(await copyRecorded(question, parts));
  }
  const forget = end.snapshot === undefined ? undefined : await forgetAfterwards(target, vault, parts);
  const troubled = [...copies.map((copy) => copy.forget), forget].some((one) => one?.error !== undefined);
  const outcome = worstOutcome([
    end.outcome,
    ...copies.map((copy) => copy.outcome),
    troubled ? 'partial' : 'succeeded',
  ]);
  const error = end.error ?? copies.find((copy) => copy.error !== undefined)?.error ?? forget?.error;
  return {
    ...end,
    copies,
    outcome,
    ...(forget === undefined ? {} : { forget }),
    ...(error === undefined ? {} : { error }),
  };
}

function copiedTo({ copyTo }: PolicySchedule, from: string): readonly string[] {
  return copyTo.filter((name) => name !== from);
}

type Made = Omit<BackupTarget, 'outcome' | 'snapshot' | 'copies'> &
  Pick<CapturedSnapshot, 'snapshot' | 'hookFailure'>;

async function makeSnapshot(
  target: string,
  name: ScheduleName,
  how: Pick<BackupRequest, 'trigger' | 'force'>,
  opened: OpenedVault,
  writable: WritableVault,
  parts: PolicyParts,
): Promise<Made> {
  const { name: vault, vault: place } = opened;
  const from = name === 'weekly' && !how.force ? await dailyOf(place, target, parts) : undefined;
  if (from !== undefined) {
    const options = { emit: parts.emit, signal: parts.signal, policy: Buffer.from(parts.policy.text) };
    const snapshot = await writable.derive(from, name, options);
    const { notes, problems } = snapshot.header;
    return { target, vault, snapshot, from, components: [], troubles: { notes, problems } };
  }
  const foretell = (newBytes: number | undefined) => foretellLocks(target, opened, newBytes, parts);
  const request = { target, schedule: name, ...how, writable, foretell };
  return { target, vault, ...(await captureSnapshot(request, parts)) };
}
