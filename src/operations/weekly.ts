/** The daily snapshot that a weekly one is made of. */
import { dayOf } from '../base/calendar.ts';
import type { SnapshotEntry } from '../model/snapshot.ts';
import type { Vault } from '../vault/vault.ts';
import type { Parts } from './parts.ts';

/** The newest complete daily of today; without one the weekly run captures for itself. */
export async function dailyOf(
  vault: Vault,
  target: string,
  { clock, zone, signal }: Pick<Parts, 'clock' | 'zone' | 'signal'>,
): Promise<SnapshotEntry | undefined> {
  const today = dayOf(clock.now(), zone);
  const { snapshots } = await vault.list({ target, signal });
  return snapshots.findLast(
    ({ header, complete }) => header.schedule === 'daily' && complete && dayOf(header.time, zone) === today,
  );
}
