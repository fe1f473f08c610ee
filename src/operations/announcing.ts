/** Telling the ledger, and who watches, that a vault has one snapshot more. */
import type { Emit } from '../model/events.ts';
import type { SnapshotEntry } from '../model/snapshot.ts';
import type { OpenedVault, PolicyParts } from './parts.ts';

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
