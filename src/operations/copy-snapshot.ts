/** Bringing one snapshot into a vault: made of what lies there already, or read from the first vault that has it sound. */
import { isHikaeError } from '../base/errors.ts';
import type { SnapshotEntry } from '../model/snapshot.ts';
import { copySnapshot, type WritableVault } from '../vault/vault.ts';
import { recordSnapshot } from './announcing.ts';
import { operationErrors } from './errors.ts';
import type { OpenedVault, PolicyParts } from './parts.ts';
import { inVault, isOutOfReach } from './reach.ts';

export interface CopiedSnapshot {
  readonly snapshot: SnapshotEntry;
  /** the vault that it was read from */
  readonly from: string;
  /** bytes of its content */
  readonly bytes: number;
  /** bytes that the vault grew by */
  readonly newBytes: number;
}

export interface Destination {
  readonly opened: OpenedVault;
  readonly writable: WritableVault;
}

export async function copyOne(
  entry: SnapshotEntry,
  source: OpenedVault,
  destination: Destination,
  parts: PolicyParts,
): Promise<CopiedSnapshot> {
  const { opened } = destination;
  const sums = sumOf(entry);
  parts.emit({ type: 'work.expected', ...sums, exact: true });
  const derived = await derive(entry, destination, parts);
  const { from, stored } = derived ?? (await copyFromSound(entry, source, destination, parts));
  await recordSnapshot(opened, stored.entry, parts);
  const { place, header, complete } = stored.entry;
  const copied = { snapshot: stored.entry, from, bytes: sums.bytes, newBytes: stored.newBytes };
  const { id } = header;
  const { files, bytes } = sums;
  const { newBytes } = stored;
  parts.emit({
    type: 'snapshot.copied',
    vault: opened.name,
    from,
    place,
    id,
    complete,
    files,
    bytes,
    newBytes,
  });
  return copied;
}

interface Stored {
  readonly from: string;
  readonly stored: { readonly entry: SnapshotEntry; readonly newBytes: number };
}

/** A weekly is the daily of its day once more: where the daily has been copied, nothing needs to be sent. */
async function derive(
  { header }: SnapshotEntry,
  { opened, writable }: Destination,
  { emit, signal }: PolicyParts,
): Promise<Stored | undefined> {
  const { snapshots } = await opened.vault.list({ target: header.target, signal });
  const same = snapshots.find(
    (other) => other.header.id === header.id && other.header.schedule !== header.schedule,
  );
  if (same === undefined) return undefined;
  try {
    const policy = await policyIn(same, opened, signal);
    const options = { emit, signal, ...(policy === undefined ? {} : { policy }) };
    const entry = await writable.derive(same, header.schedule, options);
    return { from: opened.name, stored: { entry, newBytes: 0 } };
  } catch (error) {
    // Then it is sent after all, from where it is sound.
    if (!isDamaged(error)) throw error;
    return undefined;
  }
}

async function policyIn(
  entry: SnapshotEntry,
  { vault }: OpenedVault,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const reader = await vault.open(entry, { signal });
  try {
    return await reader.policy({ signal });
  } finally {
    await reader.close();
  }
}

async function copyFromSound(
  entry: SnapshotEntry,
  source: OpenedVault,
  destination: Destination,
  parts: PolicyParts,
): Promise<Stored> {
  try {
    return await copyFrom(entry, source, destination, parts);
  } catch (error) {
    if (!isDamaged(error)) throw error;
    const damaged = operationErrors.COPY_SOURCE_DAMAGED(
      { place: entry.place, vault: source.name, target: entry.header.target, reason: damageIn(error) },
      { cause: error },
    );
    return await copyFromAnother(entry, [source.name, destination.opened.name], destination, parts, damaged);
  }
}

/** Any other vault of the policy that has the same snapshot, the nearest first. */
async function copyFromAnother(
  { header }: SnapshotEntry,
  without: readonly string[],
  destination: Destination,
  parts: PolicyParts,
  damaged: Error,
): Promise<Stored> {
  const { emit, signal } = parts;
  for (const name of parts.vaults.filter((one) => !without.includes(one))) {
    try {
      const stored = await inVault(name, parts, async (other) => {
        const { snapshots } = await other.vault.list({ target: header.target, signal });
        const same = snapshots.find(({ header: { id } }) => id === header.id);
        if (same === undefined) return undefined;
        emit({ type: 'warning', code: 'copy-from-another', facts: { vault: name, reason: damaged.message } });
        return copyFrom(same, other, destination, parts, header.schedule);
      });
      if (stored !== undefined) return stored;
    } catch (error) {
      signal.throwIfAborted();
      if (!isDamaged(error) && !isOutOfReach(error)) throw error;
    }
  }
  throw damaged;
}

async function copyFrom(
  entry: SnapshotEntry,
  { name, vault }: OpenedVault,
  { writable }: Destination,
  { emit, signal }: PolicyParts,
  schedule = entry.header.schedule,
): Promise<Stored> {
  emit({ type: 'phase', phase: 'copying' });
  const reader = await vault.open(entry, { signal });
  try {
    const source = { reader, place: entry.place, schedule };
    return { from: name, stored: await copySnapshot(source, writable, { emit, signal }) };
  } finally {
    await reader.close();
  }
}

function isDamaged(error: unknown): error is Error {
  return isHikaeError(error, 'SNAPSHOT_CONTENT_DAMAGED', 'SNAPSHOT_DAMAGED', 'SNAPSHOT_UNSAFE');
}

/** The path of what is damaged, or what is wrong with the snapshot as a whole. */
function damageIn(error: Error): string {
  if (!isHikaeError(error)) return error.message;
  const { path, reason } = error.details;
  return String(path ?? reason ?? error.message);
}

export function sumOf({ header }: SnapshotEntry): { readonly files: number; readonly bytes: number } {
  const sum = { files: 0, bytes: 0 };
  for (const { nodes, bytes } of header.components) {
    sum.files += nodes;
    sum.bytes += bytes;
  }
  return sum;
}
