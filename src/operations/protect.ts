/** protect: nobody may remove a snapshot before a date. */
import { rfc3339 } from '../base/calendar.ts';
import { operationErrors } from './errors.ts';
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
  readonly place: string;
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
  const { place, header } = entry;
  try {
    if (until !== undefined && until <= clock.now()) {
      throw operationErrors.PROTECTION_PAST({ place, until: rfc3339(until, zone) });
    }
    const writable = await vault.acquire({ wait: lockWait, emit, signal });
    try {
      await writable.protect(entry, until, { signal });
    } finally {
      await writable.release();
    }
  } finally {
    await vault.close();
  }
  return { vault: name, place, id: header.id, ...(until === undefined ? {} : { protectedUntil: until }) };
}
