/** What may be done to a repository by the one who holds its writer's lock. */
import type { Clock } from '../../base/clock.ts';
import { isHikaeError } from '../../base/errors.ts';
import { formatSize } from '../../base/quantities.ts';
import { isComplete, type SnapshotEntry } from '../../model/snapshot.ts';
import { vaultErrors } from '../errors.ts';
import { lockErrors } from '../locking/errors.ts';
import type { AcquireOptions, WritableVault, WriteOptions } from '../vault.ts';
import type { BlobReader } from './blob-reader.ts';
import { earlierSnapshots, predecessorOf } from './earlier-snapshots.ts';
import { repositoryErrors } from './errors.ts';
import type { RandomBytes } from './format/sealing.ts';
import { TimeWriter } from './format/times.ts';
import { keyOf } from './layout.ts';
import { placeOf, type SnapshotListing, type StoredSnapshot } from './listing.ts';
import { type HeldLock, type LockParts, takeLock } from './locks.ts';
import { publishSnapshotFile } from './publishing.ts';
import type { Repository } from './repository.ts';
import { ResticSnapshotWriter } from './snapshot-writer.ts';
import { StoringCrew } from './storing-crew.ts';
import { tagsFor } from './tags.ts';

/** Milliseconds for which a file is locked where no more is asked for. */
const SHORTEST_LOCK = 10 * 60_000;

export interface WritingParts extends LockParts {
  readonly blobs: BlobReader;
  readonly listing: SnapshotListing;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly threads: number;
  /** the host's time zone */
  readonly zone: string;
}

export async function acquireRepository(
  parts: WritingParts,
  options: AcquireOptions,
): Promise<WritableVault> {
  // A bucket or a clock that makes locks worthless is told before anything is written.
  await parts.repository.locks?.now(options);
  parts.repository.locks?.allow(options.allowance);
  const lock = await takeLock(parts, { ...options, exclusive: false, writes: true });
  const { repository, listing } = parts;
  listing.hold();
  const crews = new Set<StoringCrew>();
  const held = (signal: AbortSignal) => AbortSignal.any([signal, lock.lost]);

  return {
    async predecessor(target, { signal }) {
      return predecessorOf((await listing.read({ signal })).stored, target);
    },
    async begin(draft, writeOptions) {
      const signal = held(writeOptions.signal);
      await requireRoom(parts, writeOptions, signal);
      // With it the index is brought up to what the repository has now.
      const { stored } = await listing.read({ signal });
      // What is there already is found by its blobs all the same.
      const earlier = writeOptions.force === true ? [] : earlierSnapshots(stored, draft.target);
      const { clock, random, threads, blobs, owner, zone } = parts;
      const crew = new StoringCrew(repository, { threads, random, clock, signal, dry: false });
      crews.add(crew);
      const times = new TimeWriter(zone);
      return new ResticSnapshotWriter(
        draft,
        {
          ...{ repository, blobs, crew, times, owner, earlier, signal },
          published: (id, file, entry) => listing.wrote(id, file, entry),
        },
        writeOptions,
      );
    },
    async derive(entry, schedule, { emit, signal }) {
      const snapshot = await listing.at(entry.place, { signal });
      const header = { ...snapshot.entry.header, schedule };
      const labelled = { ...snapshot.file, tags: tagsFor(header, undefined) };
      const derived = { place: placeOf(header), header, complete: isComplete(header) };
      const options = { place: derived.place, emit, signal: held(signal) };
      listing.wrote(await publishSnapshotFile(parts, labelled, options), labelled, derived);
      return derived;
    },
    async remove(entry, { signal }) {
      signal.throwIfAborted();
      const { ids } = await listing.at(entry.place, { signal });
      await requireUnlocked(repository, entry, ids, held(signal));
      const alone = await takeAlone(parts, lock, entry, held(signal));
      try {
        for (const id of ids)
          await repository.storage.remove(keyOf('snapshots', id), { signal: held(signal) });
      } finally {
        listing.changed();
        await alone.release();
      }
    },
    async protect(entry, until, { emit = () => undefined, signal }) {
      const snapshot = await listing.at(entry.place, { signal });
      const { header } = snapshot.entry;
      const options = { emit, signal: held(signal) };
      const lockUntil = await lockOfRelabelled(repository, snapshot, until, options.signal);
      const labelled = { ...snapshot.file, tags: tagsFor(header, until) };
      const place = placeOf(header);
      const id = await publishSnapshotFile(parts, labelled, { ...options, place, until: lockUntil });
      listing.changed();
      // Only when the new file is there: until then the old one speaks.
      for (const old of snapshot.ids) {
        if (old !== id) await removeReplaced(repository, old, held(signal));
      }
    },
    async release() {
      listing.letGo();
      for (const crew of crews) await crew.close();
      await lock.release();
    },
  };
}

/** SNAPSHOT_LOCKED as long as a file of it can't be removed: a mark that says "deleted" would hide what was promised. */
async function requireUnlocked(
  { locks }: Repository,
  { place }: SnapshotEntry,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (locks === undefined) return;
  const now = await locks.now({ signal });
  const dates = await locks.snapshotDates({ signal });
  const until = Math.max(...ids.map((id) => dates.get(id) ?? 0));
  if (until > now) throw lockErrors.SNAPSHOT_LOCKED({ place, until: new Date(until).toISOString() });
}

/** Until then or, as a promise is never made shorter, as the snapshot is locked now; undefined where nothing is. */
async function lockOfRelabelled(
  { locks }: Repository,
  { entry: { header }, ids }: StoredSnapshot,
  until = 0,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (locks === undefined) return undefined;
  const dates = await locks.snapshotDates({ signal });
  // Of one that we may not ask about it is assumed that its promise is kept.
  const promised = header.time + locks.settings.for;
  const locked = Math.max(...ids.map((id) => dates.get(id) ?? promised));
  // Whatever is put gets a lock; that of one that is over need not last.
  return Math.max(until, locked, (await locks.now({ signal })) + SHORTEST_LOCK);
}

/** Of two files for one snapshot the one that protects it longer counts, so that the other may stay where we can't remove. */
async function removeReplaced(
  { storage, locks }: Repository,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await storage.remove(keyOf('snapshots', id), { signal });
  } catch (error) {
    if (locks === undefined || !isHikaeError(error, 'STORAGE_REFUSED')) throw error;
  }
}

/** To remove, one must be alone with the repository; somebody who reads is in the way, whatever he reads. */
async function takeAlone(
  parts: WritingParts,
  own: HeldLock,
  { place }: SnapshotEntry,
  signal: AbortSignal,
): Promise<HeldLock> {
  const nothing = () => undefined;
  try {
    return await takeLock(parts, {
      exclusive: true,
      writes: false,
      wait: 0,
      emit: nothing,
      signal,
      besides: [own],
    });
  } catch (error) {
    if (!isHikaeError(error, 'VAULT_REPOSITORY_LOCKED', 'VAULT_LOCKED', 'VAULT_LOCK_UNREADABLE')) throw error;
    throw vaultErrors.SNAPSHOT_IN_USE({ place }, { cause: error });
  }
}

/** What compression will save nobody knows beforehand. */
async function requireRoom(
  { repository }: WritingParts,
  { expects }: WriteOptions,
  signal: AbortSignal,
): Promise<void> {
  if (expects === undefined) return;
  const { bytes = Number.POSITIVE_INFINITY } = await repository.storage.room({ signal });
  if (bytes >= expects.bytes) return;
  const [free, needed] = [formatSize(bytes), formatSize(expects.bytes)];
  throw repositoryErrors.VAULT_REPOSITORY_NO_ROOM({ path: repository.storage.location, free, needed });
}
