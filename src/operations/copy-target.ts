/** Copying what a vault lacks of one target, from another vault; what a line interrupts is tried again. */
import { type HikaeError, isHikaeError } from '../base/errors.ts';
import type { SnapshotEntry } from '../model/snapshot.ts';
import { keepOf } from '../policy/policy.ts';
import { type Attempts, isWorthAnother, waitBefore } from './copy-attempts.ts';
import { bytesAfter } from './copy-estimate.ts';
import { copyKey, lackingSnapshots } from './copy-plan.ts';
import { type CopiedSnapshot, copyOne, type Destination } from './copy-snapshot.ts';
import { operationErrors } from './errors.ts';
import { type ForgetResult, forgetTarget } from './forget-target.ts';
import { foretellLocks, lockAllowance } from './lock-cost.ts';
import type { OpenedVault, Parts, PolicyParts } from './parts.ts';
import { inVault } from './reach.ts';
import type { TargetEnd } from './run.ts';
import { selectSnapshot } from './select.ts';
import { tellUnreadable } from './unreadable.ts';

export interface CopyQuestion {
  readonly target: string;
  readonly from: string;
  /** the destination */
  readonly vault: string;
  /** one snapshot, as a date, week, id or `latest`; all that the destination lacks and would keep when absent */
  readonly date?: string | undefined;
  readonly attempts: Attempts;
  /** what the destination's retention lets go is removed after something was copied */
  readonly forgets: boolean;
  /** locks also far more than usual */
  readonly yes: boolean;
  /** looks at the destination, where somebody wants to know more of it */
  readonly look?: (destination: OpenedVault) => Promise<void>;
}

export interface CopyEnd extends TargetEnd {
  readonly from: string;
  readonly vault: string;
  readonly copied: readonly CopiedSnapshot[];
  /** those that could not be copied, by their place in `from` */
  readonly missing: readonly string[];
  /** how many snapshots in `from` another program has written: they are of no target, and never copied */
  readonly foreign: number;
  readonly forget?: ForgetResult;
}

/** What is known of a copy's progress, from one attempt to the next. */
class Progress {
  readonly copied: CopiedSnapshot[] = [];
  /** those that no further attempt can help */
  readonly failed = new Map<string, { readonly place: string; readonly error: HikaeError }>();
  /** what is still to be done, newest first; undefined before anybody has looked */
  left: readonly SnapshotEntry[] | undefined;
  foreign = 0;
  forget: ForgetResult | undefined;
}

export async function copyTarget(question: CopyQuestion, parts: PolicyParts): Promise<CopyEnd> {
  const progress = new Progress();
  let interrupted: Error | undefined;
  for (let attempt = 1; ; attempt++) {
    const before = progress.copied.length;
    try {
      await copyLacking(question, progress, parts);
      interrupted = undefined;
      break;
    } catch (error) {
      parts.signal.throwIfAborted();
      if (!isWorthAnother(error)) throw error;
      interrupted = error;
      // Each snapshot has its own attempts, and for the one after those that have arrived this was the first.
      if (progress.copied.length > before) attempt = 1;
      if (attempt >= question.attempts.times) break;
      parts.emit({
        type: 'warning',
        code: 'copy-again',
        facts: { vault: question.vault, reason: error.message },
      });
      await waitBefore(attempt, question.attempts, parts);
    }
  }
  return endOf(question, progress, interrupted);
}

function endOf(
  { target, from, vault }: CopyQuestion,
  { copied, failed, left, foreign, forget }: Progress,
  interrupted: Error | undefined,
): CopyEnd {
  // Where nobody got as far as to look, the reason alone tells.
  if (interrupted !== undefined && left === undefined) throw interrupted;
  const undone = interrupted === undefined ? [] : (left ?? []).filter((entry) => !failed.has(copyKey(entry)));
  const places = [...[...failed.values()].map(({ place }) => place), ...undone.map(({ place }) => place)];
  const forgotten = forget === undefined ? {} : { forget };
  const end = { target, from, vault, copied, missing: places, foreign, ...forgotten };
  const [first] = failed.values();
  const reason = interrupted ?? first?.error;
  if (reason === undefined) return { ...end, outcome: 'succeeded' };
  const facts = { target, from, vault, missing: places, reason: reason.message };
  return { ...end, outcome: 'failed', error: operationErrors.COPY_INCOMPLETE(facts, { cause: reason }) };
}

async function copyLacking(question: CopyQuestion, progress: Progress, parts: PolicyParts): Promise<void> {
  const { emit, signal, lockWait } = parts;
  await inPair(question, parts, true, async (source, opened) => {
    await question.look?.(opened);
    const bound = question.yes ? {} : await lockAllowance(question.target, opened, parts);
    const writable = await opened.vault.acquire({ wait: lockWait, emit, signal, ...bound });
    try {
      const { snapshots } = await opened.vault.list({ target: question.target, signal });
      const found = await lackingIn(question, source, { name: opened.name, snapshots }, parts);
      progress.left = found.lacking;
      progress.foreign = found.foreign;
      await foretell(question.target, source, opened, { snapshots, lacking: found.lacking }, parts);
      await copyAll(source, { opened, writable }, progress, parts);
      const { target, forgets } = question;
      if (forgets && progress.copied.length > 0)
        progress.forget = await forgetTarget({ target, opened, writable, yes: false }, parts);
    } finally {
      await writable.release();
    }
  });
}

/** What is new by the source's own word: of each what differs from the one before it. */
async function foretell(
  target: string,
  source: OpenedVault,
  destination: OpenedVault,
  { snapshots, lacking }: Record<'snapshots' | 'lacking', readonly SnapshotEntry[]>,
  parts: PolicyParts,
): Promise<void> {
  if (lacking.length === 0 || destination.vault.forecastLocks === undefined) return;
  const arrived = new Set([...snapshots, ...lacking].map(({ header }) => header.id));
  const all = (await source.vault.list({ target, signal: parts.signal })).snapshots;
  const known = all.filter(({ header }) => arrived.has(header.id));
  const bytes = await bytesAfter(known, lacking, source, parts);
  await foretellLocks(target, destination, bytes, parts);
}

async function copyAll(
  source: OpenedVault,
  destination: Destination,
  progress: Progress,
  parts: PolicyParts,
): Promise<void> {
  for (const entry of progress.left ?? []) {
    const key = copyKey(entry);
    if (progress.failed.has(key)) continue;
    try {
      progress.copied.push(await copyOne(entry, source, destination, parts));
      progress.left = progress.left?.filter((other) => other !== entry);
    } catch (error) {
      parts.signal.throwIfAborted();
      // What is wrong with one snapshot doesn't keep the others from being copied.
      if (!isHikaeError(error, 'COPY_SOURCE_DAMAGED')) throw error;
      progress.failed.set(key, { place: entry.place, error });
    }
  }
}

/** What a copy would bring, newest first; and how many there are that it never brings, because another program wrote them. */
export async function lackingIn(
  { target, date }: Pick<CopyQuestion, 'target' | 'date'>,
  source: OpenedVault,
  destination: { readonly name: string; readonly snapshots: readonly SnapshotEntry[] },
  parts: PolicyParts,
): Promise<{ readonly lacking: readonly SnapshotEntry[]; readonly foreign: number }> {
  const { clock, policy, signal, zone } = parts;
  const { snapshots, unreadable, foreign = 0 } = await source.vault.list({ target, signal });
  tellUnreadable(
    source.name,
    unreadable.filter(({ place }) => place.split('/')[1] === target),
    parts,
  );
  const known = destination.snapshots;
  const now = clock.now();
  if (date === undefined) {
    const kept = destination.name in policy.vaults ? { keep: keepOf(policy, destination.name) } : {};
    return { lacking: lackingSnapshots(snapshots, known, { ...kept, now, zone }), foreign };
  }
  const chosen = selectSnapshot(snapshots, date, { vault: source.name, now });
  const isKnown = known.some((entry) => copyKey(entry) === copyKey(chosen));
  return { lacking: isKnown ? [] : [chosen], foreign };
}

/** Does work with two vaults. `create`: a local destination is made where there never was one. */
export async function inPair<Result>(
  { from, vault: to }: Pick<CopyQuestion, 'from' | 'vault'>,
  parts: Pick<Parts, 'openVault'>,
  create: boolean,
  work: (source: OpenedVault, destination: OpenedVault) => Promise<Result>,
): Promise<Result> {
  return inVault(from, parts, async (source) => {
    const destination = await parts.openVault(to, { create });
    try {
      if (source.vault.identity.id === destination.vault.identity.id)
        throw operationErrors.COPY_TO_ITSELF({ from, vault: to });
      return await work(source, destination);
    } finally {
      await destination.vault.close();
    }
  });
}
