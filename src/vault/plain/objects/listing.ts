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

type ListOptions = CallOptions & { readonly target?: string | undefined };

export interface ListingParts {
  readonly storage: Storage;
  readonly placing: Placing;
  readonly locks: TreeLocks | undefined;
}

/** What was asked under a writer's lock. */
interface HeldPlaces {
  readonly headers: Map<Key, SnapshotHeader>;
  /** by the target that was asked for, or all of them */
  readonly places: Map<string | undefined, readonly FoundPlace[]>;
  /** absent until they are asked for */
  protections?: ReadonlyMap<string, number>;
}

export class ObjectListing {
  readonly #parts: ListingParts;
  #held: HeldPlaces | undefined;

  constructor(parts: ListingParts) {
    this.#parts = parts;
  }

  /** From now on the vault is locked for a writer: what is asked once holds until `changed` or `letGo`. */
  hold(): void {
    this.#held = { headers: new Map(), places: new Map() };
  }

  /** Whoever holds the lock has changed something. A manifest stays what it is until its snapshot is removed. */
  changed(removed?: Key): void {
    if (this.#held === undefined) return;
    const { headers } = this.#held;
    if (removed !== undefined) headers.delete(removed);
    this.#held = { headers, places: new Map() };
  }

  letGo(): void {
    this.#held = undefined;
  }

  /** Every place of every target, or of one, whatever is there. */
  async places({ target, signal }: ListOptions): Promise<readonly FoundPlace[]> {
    const known = this.#held?.places;
    const there = known?.get(target) ?? known?.get(undefined)?.filter(({ place }) => place.target === target);
    if (there !== undefined) return there;
    const found = await findPlaces(this.#parts, { target, signal });
    known?.set(target, found);
    return found;
  }

  async snapshots({ target, signal }: ListOptions): Promise<SnapshotList> {
    const { storage, locks } = this.#parts;
    const options = { signal };
    const snapshots: SnapshotEntry[] = [];
    const unreadable: UnreadableSnapshot[] = [];
    const [protections, found] = await Promise.all([
      this.#protections(options),
      this.places({ target, signal }),
    ]);
    const published = found.filter(({ state }) => state === 'published');
    await inLanes(published, storage.capabilities.parallel, async ({ place, folder }) => {
      const text = placeText(place);
      const until = protections.get(text);
      try {
        const header = await this.#header(folder, text, options);
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

  async #protections(options: CallOptions): Promise<ReadonlyMap<string, number>> {
    const held = this.#held;
    if (held?.protections !== undefined) return held.protections;
    const protections = await readProtections(this.#parts.storage, options);
    if (held !== undefined) held.protections = protections;
    return protections;
  }

  async #header(folder: Key, place: string, options: CallOptions): Promise<SnapshotHeader> {
    const headers = this.#held?.headers;
    const known = headers?.get(folder);
    if (known !== undefined) return known;
    const header = await fetchHeader(this.#parts.storage, folder, place, options);
    headers?.set(folder, header);
    return header;
  }
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

async function findPlaces(
  { storage, placing }: ListingParts,
  { target: only, ...options }: ListOptions,
): Promise<readonly FoundPlace[]> {
  const inSchedule = async (schedule: Schedule) => {
    const targets = only === undefined ? await storage.folders(keyFrom(schedule), options) : [only];
    return targets.filter(isTargetName).map((target) => ({ schedule, target }));
  };
  return placing.findAll((await Promise.all(schedules.map(inSchedule))).flat(), options);
}
