/** What may be done to a plain vault elsewhere by the one who holds its writer's lock. */
import { isHikaeError } from '../../../base/errors.ts';
import { formatSize } from '../../../base/quantities.ts';
import { isComplete, type SnapshotDraft, type SnapshotEntry } from '../../../model/snapshot.ts';
import { type CallOptions, type Key, keyFrom } from '../../../storage/storage.ts';
import { vaultErrors } from '../../errors.ts';
import { lockErrors } from '../../locking/errors.ts';
import { storeAgain } from '../../snapshot-copy.ts';
import type { AcquireOptions, Room, WritableVault, WriteOptions } from '../../vault.ts';
import { LATEST, type Place, parsePlace, placeText, snapshotNames } from '../layout.ts';
import {
  DoneList,
  type EarlierSource,
  earlierSources,
  placesWithDone,
  predecessorOf,
  sourceOf,
} from './earlier.ts';
import type { TreeLocks } from './locking/tree-locks.ts';
import { isRead, lockForWriting } from './locks.ts';
import type { FoundPlace } from './placing.ts';
import { forgetRecords, protectPlace } from './records.ts';
import { openReader } from './snapshot-reader.ts';
import { ObjectSnapshotWriter } from './snapshot-writer.ts';
import { Spool } from './spool.ts';
import type { VaultParts } from './vault-parts.ts';

export async function acquireVault(parts: VaultParts, acquiring: AcquireOptions): Promise<WritableVault> {
  const { storage, placing, listing, locks } = parts;
  // A bucket or a clock that makes locks worthless is told before anything is written.
  await locks?.now(acquiring);
  locks?.allow(acquiring.allowance);
  const lock = await lockForWriting(parts, acquiring);
  const held = (signal: AbortSignal) => ({ signal: AbortSignal.any([signal, lock.lost]) });
  const release = async () => {
    listing.letGo();
    await lock.release();
  };
  listing.hold();
  try {
    await settle(parts, held(acquiring.signal));
  } catch (error) {
    await release();
    throw error;
  }

  async function begin(
    draft: SnapshotDraft,
    from: SnapshotEntry | undefined,
    options: WriteOptions,
  ): Promise<ObjectSnapshotWriter> {
    const { signal } = held(options.signal);
    await requireRoom(parts, options.expects, { signal });
    const spool = new Spool(parts.spool);
    try {
      const { schedule, target } = draft;
      const places = await listing.places({ target, signal });
      const found = places.filter(({ place }) => place.schedule === schedule);
      const place = await freePlace(parts, draft, found, { signal });
      const snapshots = from === undefined ? (await listing.snapshots({ target, signal })).snapshots : [];
      const folder = await placing.start(place, { signal });
      listing.changed();
      const interrupted = found.filter((one) => one.state === 'partial' && one.folder !== folder);
      const shared = { storage, spool };
      const asked = [
        from === undefined
          ? earlierSources(shared, snapshots, { signal })
          : sourceOf(shared, from, { signal }),
        leftBy(parts, spool, { place, folder, state: 'partial' }, { signal }),
        keysIn(parts, folder, { signal }),
        ...interrupted.map((one) => leftBy(parts, spool, one, { signal })),
      ] as const;
      // Where one fails, the others have done with the spool before it is closed.
      await Promise.allSettled(asked);
      const [published, own, leftover, ...others] = await Promise.all(asked);
      return new ObjectSnapshotWriter(
        draft,
        {
          storage,
          placing,
          place,
          folder,
          sources: [...own.sources, ...published, ...others.flatMap(({ sources }) => sources)],
          leftover,
          nextPiece: own.nextPiece,
          interrupted,
          spool,
          clock: parts.clock,
          locks,
          signal,
          published: ({ header }) => updateLatest(parts, place, header.time, { signal }),
          ended: () => listing.changed(),
        },
        options,
      );
    } catch (error) {
      spool.close();
      throw error;
    }
  }

  return {
    async predecessor(target, { signal }) {
      return predecessorOf((await listing.snapshots({ target, signal })).snapshots);
    },
    begin: (draft, options) => begin(draft, undefined, options),
    async derive(entry, schedule, options) {
      const reader = await openReader(parts, entry, options);
      try {
        const like = (draft: SnapshotDraft, inheriting: WriteOptions) => begin(draft, entry, inheriting);
        return (await storeAgain({ reader, place: entry.place, schedule }, like, options)).entry;
      } finally {
        await reader.close();
      }
    },
    async remove(entry, { signal }) {
      await removeSnapshot(parts, entry, held(signal)).finally(() => listing.changed(keyFrom(entry.place)));
    },
    async protect(entry, until, { signal }) {
      if (until !== undefined) await locks?.protect(keyFrom(entry.place), until, held(signal));
      await protectPlace(storage, entry.place, until, held(signal)).finally(() => listing.changed());
    },
    release,
  };
}

async function requireRoom(
  { storage }: VaultParts,
  expects: Room | undefined,
  options: CallOptions,
): Promise<void> {
  if (expects === undefined) return;
  const { bytes = Number.MAX_SAFE_INTEGER, objects = Number.MAX_SAFE_INTEGER } = await storage.room(options);
  if (bytes >= expects.bytes && objects >= expects.files) return;
  throw vaultErrors.VAULT_NO_ROOM({
    path: storage.location,
    free: formatSize(bytes),
    freeFiles: objects,
    needed: formatSize(expects.bytes),
    neededFiles: expects.files,
  });
}

/**
 * The first name that no snapshot has. What an interrupted run has left there is gone on with, but where objects are
 * locked: what is there stays, so that a place is good for one snapshot only, and what was left is copied from.
 */
async function freePlace(
  { locks }: VaultParts,
  { schedule, target, time, zone }: SnapshotDraft,
  found: readonly FoundPlace[],
  options: CallOptions,
): Promise<Place> {
  const isTaken = ({ state }: FoundPlace) => locks !== undefined || state !== 'partial';
  const taken = new Set(found.filter(isTaken).map(({ place }) => place.name));
  for (const name of snapshotNames(schedule, time, zone)) {
    if (taken.has(name)) continue;
    const place = { schedule, target, name };
    if ((await locks?.isUnused(keyFrom(placeText(place)), options)) !== false) return place;
  }
  throw new TypeError('no free name for a snapshot');
}

/** What a run has left, as far as it has told of it. */
async function leftBy(
  { storage }: VaultParts,
  spool: Spool,
  found: FoundPlace,
  options: CallOptions,
): Promise<{ readonly sources: readonly EarlierSource[]; readonly nextPiece: number }> {
  const { path, next } = await new DoneList(storage, found).fetch(spool, options);
  const { folder } = found;
  const damaged = new Set<never>();
  const sources = path === undefined ? [] : [{ folder, path, headed: false, published: false, damaged }];
  return { sources, nextPiece: next };
}

async function keysIn({ storage }: VaultParts, folder: Key, options: CallOptions): Promise<Set<Key>> {
  const keys = new Set<Key>();
  for await (const batch of storage.list(folder, options)) for (const { key } of batch) keys.add(key);
  return keys;
}

async function removeSnapshot(parts: VaultParts, entry: SnapshotEntry, options: CallOptions): Promise<void> {
  options.signal.throwIfAborted();
  const { storage, placing, locks } = parts;
  const place = parsePlace(entry.place);
  if (place === undefined) throw new TypeError(`${entry.place} is no place of a snapshot`);
  await requireUnlocked(locks, entry, options);
  const folder = await placing.withdraw(place, options);
  // Looked at when it is withdrawn: whoever begins to read now finds no snapshot.
  if (await isRead(parts, entry.place, options.signal)) {
    await placing.putBack(place, options);
    throw vaultErrors.SNAPSHOT_IN_USE({ place: entry.place });
  }
  await updateLatest(parts, place, entry.header.time, options);
  try {
    await placing.clear({ place, folder, state: 'removing' }, options);
  } catch (error) {
    // Whoever may not remove it leaves it what it was.
    if (locks !== undefined && isHikaeError(error, 'STORAGE_REFUSED')) await placing.putBack(place, options);
    throw error;
  }
  await forgetRecords(storage, entry.place, options);
}

/** SNAPSHOT_LOCKED as long as it is promised to stay: marks that say "deleted" would hide what was promised. */
async function requireUnlocked(
  locks: TreeLocks | undefined,
  { place, header }: SnapshotEntry,
  options: CallOptions,
): Promise<void> {
  if (locks === undefined) return;
  // Of one that we may not ask about it is assumed that its promise is kept.
  const until = (await locks.dateOf(keyFrom(place), options)) ?? header.time + locks.settings.for;
  if (until > (await locks.now(options)))
    throw lockErrors.SNAPSHOT_LOCKED({ place, until: new Date(until).toISOString() });
}

/** What a writer that died has left to be done: removals, and what is said of a snapshot that was published after all. */
async function settle(parts: VaultParts, options: CallOptions): Promise<void> {
  const { storage, placing, listing, locks } = parts;
  const [told, places] = await Promise.all([placesWithDone(storage, options), listing.places(options)]);
  for (const found of places) {
    const { place, state } = found;
    if (state === 'removing') {
      listing.changed();
      try {
        await placing.clear(found, options);
      } catch (error) {
        // Another has begun it, who may.
        if (locks === undefined || !isHikaeError(error, 'STORAGE_REFUSED')) throw error;
      }
    }
    if (found.isMarked === true) {
      listing.changed();
      await placing.settle(place, options);
    }
    if (state !== 'partial' && told.has(placeText(place))) await new DoneList(storage, found).clear(options);
  }
}

/**
 * Where there are folders, `latest` leads to the newest complete snapshot that was not taken after `until`: one that a
 * wrong clock has put into the future must not hide those that come now.
 */
async function updateLatest(
  parts: VaultParts,
  { schedule, target }: Place,
  until: number,
  { signal }: CallOptions,
): Promise<void> {
  const { tree } = parts.storage;
  if (tree === undefined) return;
  parts.listing.changed();
  const { snapshots } = await parts.listing.snapshots({ target, signal });
  const newest = snapshots.findLast(
    ({ place, header }) =>
      isComplete(header) && header.time <= until && parsePlace(place)?.schedule === schedule,
  );
  const name = newest === undefined ? undefined : parsePlace(newest.place)?.name;
  await tree.point(keyFrom(`${schedule}/${target}/${LATEST}`), name, { signal });
}
