/**
 * protect: nobody may remove a snapshot before a date. It holds for the snapshot in one vault, wherever it lies there: a
 * weekly one that was made of a daily is the same snapshot, and so protected and released with it.
 */
import { rfc3339 } from '../base/calendar.ts';
import type { SnapshotEntry } from '../model/snapshot.ts';
import { LONGEST_LOCK } from '../policy/policy.ts';
import { operationErrors } from './errors.ts';
import { type PricedProtection, pricedProtection, pricing } from './lock-cost.ts';
import type { OpenedVault, Parts } from './parts.ts';
import { openSnapshot, type SnapshotSpec } from './select.ts';

export interface ProtectRequest {
  readonly spec: SnapshotSpec;
  readonly vault?: string | undefined;
  /** milliseconds since 1970 UTC; undefined lifts a protection */
  readonly until: number | undefined;
  /** locks also for longer than a policy may promise */
  readonly yes: boolean;
}

export interface Protection {
  readonly vault: string;
  readonly places: readonly string[];
  readonly id: string;
  readonly protectedUntil?: number;
  /** what making its locks longer comes to; absent where nothing is locked, and where that is not needed */
  readonly locks?: PricedProtection;
  /** until when it is locked already, where that is long enough: nothing is changed then */
  readonly lockedUntil?: number;
  /** it would be locked for longer than a policy may promise, which --yes allows */
  readonly far: boolean;
}

/** What `protectSnapshot` will do with the same request. */
export async function planProtection(request: ProtectRequest, parts: Parts): Promise<Protection> {
  return inChosen(request, parts, (chosen) => planOf(chosen, request, parts));
}

export async function protectSnapshot(request: ProtectRequest, parts: Parts): Promise<Protection> {
  const { emit, signal, lockWait, policy } = parts;
  const { until } = request;
  const priced = policy === undefined ? emit : pricing(emit, policy);
  return inChosen(request, parts, async (chosen) => {
    const plan = await planOf(chosen, request, parts);
    if (plan.lockedUntil !== undefined) return plan;
    const { locks } = plan;
    const { entry, places, opened } = chosen;
    const { vault } = opened;
    if (locks !== undefined)
      emit({ type: 'protection.expected', vault: vault.location, place: entry.place, ...locks });
    if (plan.far && !request.yes) throw tooFar(chosen, plan, parts);
    const writable = await vault.acquire({ wait: lockWait, emit, signal });
    try {
      for (const place of places) await writable.protect(place, until, { emit: priced, signal });
    } finally {
      await writable.release();
    }
    return plan;
  });
}

interface Chosen {
  readonly opened: OpenedVault;
  readonly entry: SnapshotEntry;
  /** the daily and the weekly place of the same snapshot */
  readonly places: readonly SnapshotEntry[];
}

async function inChosen<Result>(
  { spec, vault: named, until }: ProtectRequest,
  parts: Parts,
  work: (chosen: Chosen) => Promise<Result>,
): Promise<Result> {
  const { clock, zone, signal } = parts;
  const { opened, entry } = await openSnapshot(spec, { vault: named }, parts);
  try {
    const { place, header } = entry;
    if (until !== undefined && until <= clock.now())
      throw operationErrors.PROTECTION_PAST({ place, until: rfc3339(until, zone) });
    const { snapshots } = await opened.vault.list({ target: header.target, signal });
    const places = snapshots.filter((one) => one.header.id === header.id);
    return await work({ opened, entry, places });
  } finally {
    await opened.vault.close();
  }
}

async function planOf(
  { opened: { name, vault }, entry, places }: Chosen,
  { until }: ProtectRequest,
  { policy, clock, signal }: Parts,
): Promise<Protection> {
  const plan = { vault: name, places: places.map(({ place }) => place), id: entry.header.id, far: false };
  if (until === undefined) return plan;
  const forecast = await vault.forecastProtection?.(places, until, { signal });
  if (forecast === undefined || policy === undefined) return { ...plan, protectedUntil: until };
  const { lockedUntil, ...locks } = forecast;
  if (lockedUntil !== undefined && lockedUntil >= until)
    return { ...plan, protectedUntil: lockedUntil, lockedUntil };
  const span = until - clock.now();
  return {
    ...plan,
    protectedUntil: until,
    locks: pricedProtection({ ...locks, until }, span, policy),
    far: span > LONGEST_LOCK,
  };
}

function tooFar(
  { entry: { place } }: Chosen,
  { vault, locks, protectedUntil = 0 }: Protection,
  { zone }: Parts,
): Error {
  return operationErrors.PROTECTION_FAR({
    vault,
    place,
    until: rfc3339(protectedUntil, zone),
    days: LONGEST_LOCK / 86_400_000,
    objects: locks?.objects ?? 0,
  });
}
