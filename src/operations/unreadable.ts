/** Places in a vault that look like snapshots and can't be read as such. */
import { type HikaeError, isHikaeError } from '../base/errors.ts';
import type { UnreadableSnapshot } from '../model/snapshot.ts';
import { vaultErrors } from '../vault/vault.ts';
import type { Parts } from './parts.ts';

export interface DamagedPlace {
  readonly place: string;
  readonly error: HikaeError;
}

/** The reason as an error of hikae's own, whatever the reader met: a missing manifest is a damaged snapshot, too. */
export function damageOf({ place, reason }: UnreadableSnapshot): HikaeError {
  if (isHikaeError(reason)) return reason;
  return vaultErrors.SNAPSHOT_DAMAGED({ place, reason: reason.message }, { cause: reason });
}

export function tellUnreadable(
  vault: string,
  unreadable: readonly UnreadableSnapshot[],
  { emit }: Pick<Parts, 'emit'>,
): void {
  for (const { place, reason } of unreadable) {
    const facts = { vault, place, reason: reason.message };
    emit({ type: 'warning', code: 'snapshot-unreadable', facts });
  }
}
