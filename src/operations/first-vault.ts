/** The vault that a run captures into: the schedule's own, or where that is out of reach the first that isn't. */
import { isHikaeError } from '../base/errors.ts';
import type { PolicySchedule } from '../policy/policy.ts';
import type { WritableVault } from '../vault/vault.ts';
import { lockAllowance } from './lock-cost.ts';
import type { OpenedVault, PolicyParts } from './parts.ts';

export interface FirstVault {
  readonly opened: OpenedVault;
  readonly writable: WritableVault;
  /** why it isn't the schedule's own */
  readonly unreachable?: Error;
}

/** Data that nobody keeps today can't be kept tomorrow; so another vault serves when the first is out of reach. */
export async function openForWriting(
  target: string,
  schedule: PolicySchedule,
  yes: boolean,
  parts: PolicyParts,
): Promise<FirstVault> {
  let unreachable: Error | undefined;
  for (const name of [schedule.to, ...schedule.copyTo]) {
    try {
      const first = await openOne(target, name, yes, parts);
      if (unreachable === undefined) return first;
      parts.emit({
        type: 'warning',
        code: 'other-vault',
        facts: { vault: name, wanted: schedule.to, reason: unreachable.message },
      });
      return { ...first, unreachable };
    } catch (error) {
      parts.signal.throwIfAborted();
      if (!isHikaeError(error) || (error.exit !== 10 && error.exit !== 11)) throw error;
      unreachable ??= error;
    }
  }
  throw unreachable;
}

async function openOne(target: string, name: string, yes: boolean, parts: PolicyParts): Promise<FirstVault> {
  const opened = await parts.openVault(name, { create: true });
  try {
    const { emit, signal, lockWait: wait } = parts;
    const bound = yes ? {} : await lockAllowance(target, opened, parts);
    return { opened, writable: await opened.vault.acquire({ wait, emit, signal, ...bound }) };
  } catch (error) {
    await opened.vault.close();
    throw error;
  }
}
