/** Which snapshots there are: their places, and their headers from their manifests. */

import { isHikaeError } from '../../../base/errors.ts';
import {
  isComplete,
  type Schedule,
  type SnapshotEntry,
  type UnreadableSnapshot,
} from '../../../model/snapshot.ts';
import { type CallOptions, keyFrom, type Storage } from '../../../storage/storage.ts';
import { vaultErrors } from '../../errors.ts';
import type { SnapshotList } from '../../vault.ts';
import { isTargetName, placeText, schedules } from '../layout.ts';
import { fetchHeader } from './fetched.ts';
import { inLanes } from './lanes.ts';
import type { FoundPlace, Placing } from './placing.ts';
import { readProtections } from './records.ts';

export interface ListingParts {
  readonly storage: Storage;
  readonly placing: Placing;
}

export async function listSnapshots(
  { storage, placing }: ListingParts,
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
      const protectedUntil = until === undefined ? {} : { protectedUntil: until };
      snapshots.push({ place: text, header, complete: isComplete(header), ...protectedUntil });
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

/** Every place of every target, or of one. */
export async function findPlaces(
  { storage, placing }: ListingParts,
  { only, ...options }: CallOptions & { readonly only?: string },
): Promise<readonly FoundPlace[]> {
  const inSchedule = async (schedule: Schedule) => {
    const targets = only === undefined ? await storage.folders(keyFrom(schedule), options) : [only];
    const found = targets.filter(isTargetName).map((target) => placing.find(schedule, target, options));
    return (await Promise.all(found)).flat();
  };
  return (await Promise.all(schedules.map(inSchedule))).flat();
}
