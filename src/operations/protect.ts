/**
 * protect: nobody may remove a snapshot before a date. It holds for the snapshot in one vault, wherever it lies there: a
 * weekly one that was made of a daily is the same snapshot, and so protected and released with it.
 */
import { rfc3339 } from '../base/calendar.ts';
import { operationErrors } from './errors.ts';
import { pricing } from './lock-cost.ts';
import type { Parts } from './parts.ts';
import { openSnapshot, type SnapshotSpec } from './select.ts';

export interface ProtectRequest {
  readonly spec: SnapshotSpec;
  readonly vault?: string | undefined;
  /** milliseconds since 1970 UTC; undefined lifts a protection */
  readonly until: number | undefined;
}

export interface ProtectResult {
  readonly vault: string;
  readonly places: readonly string[];
  readonly id: string;
  readonly protectedUntil?: number;
}

export async function protectSnapshot(
  { spec, vault: named, until }: ProtectRequest,
  parts: Parts,
): Promise<ProtectResult> {
  const { clock, zone, emit, signal, lockWait } = parts;
  const { opened, entry } = await openSnapshot(spec, { vault: named }, parts);
  const { vault, name } = opened;
  const priced = parts.policy === undefined ? emit : pricing(emit, parts.policy);
  const { place, header } = entry;
  let places: readonly string[];
  try {
    if (until !== undefined && until <= clock.now()) {
      throw operationErrors.PROTECTION_PAST({ place, until: rfc3339(until, zone) });
    }
    const writable = await vault.acquire({ wait: lockWait, emit, signal });
    try {
      const { snapshots } = await vault.list({ target: header.target, signal });
      const copies = snapshots.filter((one) => one.header.id === header.id);
      for (const copy of copies) await writable.protect(copy, until, { emit: priced, signal });
      places = copies.map((copy) => copy.place);
    } finally {
      await writable.release();
    }
  } finally {
    await vault.close();
  }
  return { vault: name, places, id: header.id, ...(until === undefined ? {} : { protectedUntil: until }) };
}
