/** What may be done to a repository by the one who holds its writer's lock. */
import type { Clock } from '../../base/clock.ts';
import { isHikaeError } from '../../base/errors.ts';
import { formatSize } from '../../base/quantities.ts';
import type { Emit } from '../../model/events.ts';
import { isComplete, type SnapshotEntry } from '../../model/snapshot.ts';
import { vaultErrors } from '../errors.ts';
import type { WritableVault, WriteOptions } from '../vault.ts';
import type { BlobReader } from './blob-reader.ts';
import { earlierSnapshots, predecessorOf } from './earlier-snapshots.ts';
import { repositoryErrors } from './errors.ts';
import type { RandomBytes } from './format/sealing.ts';
import { encodeSnapshotFile } from './format/snapshot-file.ts';
import { TimeWriter } from './format/times.ts';
import { keyOf } from './layout.ts';
import { placeOf, type SnapshotListing, type StoredSnapshot } from './listing.ts';
import { type HeldLock, type LockParts, takeLock } from './locks.ts';
import { writeUnpacked } from './objects.ts';
import { loadIndex } from './repository.ts';
import { ResticSnapshotWriter } from './snapshot-writer.ts';
import { StoringCrew } from './storing-crew.ts';
import { tagsFor } from './tags.ts';

export interface WritingParts extends LockParts {
  readonly blobs: BlobReader;
  readonly listing: SnapshotListing;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly threads: number;
  /** the host's time zone */
  readonly zone: string;
}

export interface AcquireOptions {
  readonly wait: number;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

export async function acquireRepository(
  parts: WritingParts,
  options: AcquireOptions,
): Promise<WritableVault> {
  const lock = await takeLock(parts, { ...options, exclusive: false, writes: true });
  const { repository, listing } = parts;
  const crews = new Set<StoringCrew>();
  const version = repository.config.version;
  const held = (signal: AbortSignal) => AbortSignal.any([signal, lock.lost]);

  async function writeSnapshotFile(
    { file }: StoredSnapshot,
    header: SnapshotEntry['header'],
    until: number | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    const json = encodeSnapshotFile({ ...file, tags: tagsFor(header, until) });
    return writeUnpacked({ ...repository, version }, 'snapshots', json, { signal });
  }

  return {
    async predecessor(target, { signal }) {
      return predecessorOf((await listing.read({ signal })).stored, target);
    },
    async begin(draft, writeOptions) {
      const signal = held(writeOptions.signal);
      await requireRoom(parts, writeOptions, signal);
      const earlier = earlierSnapshots((await listing.read({ signal })).stored, draft.target);
      const { clock, random, threads, blobs, owner, zone } = parts;
      const crew = new StoringCrew(repository, { threads, random, clock, signal, dry: false });
      crews.add(crew);
      const times = new TimeWriter(zone);
      return new ResticSnapshotWriter(
        draft,
        { repository, blobs, crew, times, owner, earlier, signal },
        writeOptions,
      );
    },
    async derive(entry, schedule, { signal }) {
      const snapshot = await listing.at(entry.place, { signal });
      const header = { ...snapshot.entry.header, schedule };
      await writeSnapshotFile(snapshot, header, undefined, held(signal));
      return { place: placeOf(header), header, complete: isComplete(header) };
    },
    async remove(entry, { signal }) {
      signal.throwIfAborted();
      const { ids } = await listing.at(entry.place, { signal });
      const alone = await takeAlone(parts, lock, entry, held(signal));
      try {
        for (const id of ids)
          await repository.storage.remove(keyOf('snapshots', id), { signal: held(signal) });
      } finally {
        await alone.release();
      }
    },
    async protect(entry, until, { signal }) {
      const snapshot = await listing.at(entry.place, { signal });
      const id = await writeSnapshotFile(snapshot, snapshot.entry.header, until, held(signal));
      // Only when the new file is there: until then the old one speaks.
      for (const old of snapshot.ids) {
        if (old !== id) await repository.storage.remove(keyOf('snapshots', old), { signal: held(signal) });
      }
    },
    async release() {
      for (const crew of crews) await crew.close();
      await lock.release();
    },
  };
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
    if (!isHikaeError(error, 'VAULT_REPOSITORY_LOCKED', 'VAULT_LOCKED')) throw error;
    throw vaultErrors.SNAPSHOT_IN_USE({ place }, { cause: error });
  }
}

/** What compression will save nobody knows beforehand. */
async function requireRoom(
  { repository }: WritingParts,
  { expects }: WriteOptions,
  signal: AbortSignal,
): Promise<void> {
  await loadIndex(repository, { signal });
  if (expects === undefined) return;
  const { bytes = Number.POSITIVE_INFINITY } = await repository.storage.room({ signal });
  if (bytes >= expects.bytes) return;
  const [free, needed] = [formatSize(bytes), formatSize(expects.bytes)];
  throw repositoryErrors.VAULT_REPOSITORY_NO_ROOM({ path: repository.storage.location, free, needed });
}
