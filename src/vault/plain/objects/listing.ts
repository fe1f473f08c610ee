/** Which snapshots there are: their places, and their headers from their manifests. */

import { isHikaeError } from '../../../base/errors.ts';
import {
  isComplete,
  type Schedule,
  type SnapshotEntry,
  type SnapshotHeader,
  type UnreadableSnapshot,
} from '../../../model/snapshot.ts';
import { type CallOptions, type Key, keyFrom, type Storage } from '../../../storage/storage.ts';
import { vaultErrors } from '../../errors.ts';
import type { SnapshotList } from '../../vault.ts';
import { isTargetName, placeText, schedules } from '../layout.ts';
import { fetchHeader } from './fetched.ts';
import { inLanes } from './lanes.ts';
import type { TreeLocks } from './locking/tree-locks.ts';
import type { FoundPlace, Placing } from './placing.ts';
import { readProtections } from './records.ts';

export interface ListingParts {
  readonly storage: Storage;
  readonly placing: Placing;
  readonly locks: TreeLocks | undefined;
}

export async function listSnapshots(
  { storage, placing, locks }: ListingParts,
  { target: only, signal }: CallOptions & { readonly target?: string },
): Promise<SnapshotList> {
  const options = { signal };
  const snapshots: SnapshotEntry[] = [];
  const unreadable: UnreadableSnapshot[] = [];
  const protections = await readProtections(storage, options);
  const found = await findPlaces(
    { storage, placing },
    { ...options, ...(only === undefined ? {} : { only }) },
  );
  const published = found.filter(({ state }) => state === 'published');
  await inLanes(published, storage.capabilities.parallel, async ({ place, folder }) => {
    const text = placeText(place);
    const until = protections.get(text);
    try {
      const header = await fetchHeader(storage, folder, text, options);
      if (header.target !== place.target || header.schedule !== place.schedule)
        throw vaultErrors.SNAPSHOT_DAMAGED({ place: text, reason: 'its header belongs to another place' });
      const entry = { place: text, header, complete: isComplete(header) };
      const protectedUntil = await lastDay({ locks, folder }, header, until, options);
      snapshots.push(protectedUntil === undefined ? entry : { ...entry, protectedUntil });
    } catch (error) {
      // A medium that can't be reached says nothing of the snapshot.
      if (!isHikaeError(error, 'SNAPSHOT_DAMAGED', 'VAULT_NEWER')) throw error;
      unreadable.push({ place: text, reason: error });
    }
  });
  snapshots.sort((a, b) => a.header.time - b.header.time || (a.place < b.place ? -1 : 1));
  unreadable.sort((a, b) => (a.place < b.place ? -1 : 1));
  return { snapshots, unreadable };
}

/** What is locked is protected as well: it can't be removed before. */
async function lastDay(
  { locks, folder }: { readonly locks: TreeLocks | undefined; readonly folder: Key },
  header: SnapshotHeader,
  until: number | undefined,
  options: CallOptions,
): Promise<number | undefined> {
  if (locks === undefined) return until;
  // Of one that we may not ask about it is assumed that its promise is kept.
  const locked = (await locks.dateOf(folder, options)) ?? header.time + locks.settings.for;
  return Math.max(locked, until ?? 0);
}

/** Every place of every target, or of one. */
export async function findPlaces(
  { storage, placing }: Omit<ListingParts, 'locks'>,
  { only, ...options }: CallOptions & { readonly only?: string },
): Promise<readonly FoundPlace[]> {
  const inSchedule = async (schedule: Schedule) => {
    const targets = only === undefined ? await storage.folders(keyFrom(schedule), options) : [only];
    const found = targets.filter(isTargetName).map((target) => placing.find(schedule, target, options));
    return (await Promise.all(found)).flat();
  };
  return (await Promise.all(schedules.map(inSchedule))).flat();
}
