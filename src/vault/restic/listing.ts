/** Which snapshots there are. Their files never change, so what was read of one is kept. */
import { dayOf, isoWeekOf } from '../../base/calendar.ts';
import { isHikaeError } from '../../base/errors.ts';
import {
  isComplete,
  type Schedule,
  type SnapshotEntry,
  type SnapshotHeader,
  type UnreadableSnapshot,
} from '../../model/snapshot.ts';
import { vaultErrors } from '../errors.ts';
import { parseHeader } from '../plain/header-line.ts';
import type { SnapshotList } from '../vault.ts';
import { BlobDamaged, type BlobReader } from './blob-reader.ts';
import { foreignHeader } from './foreign-header.ts';
import { parseSnapshotFile, type SnapshotFile } from './format/snapshot-file.ts';
import { keyOf } from './layout.ts';
import { type ListedObject, listIds, readUnpacked, type Signalled } from './objects.ts';
import { loadIndex, type Repository } from './repository.ts';
import { type OwnTags, parseTags } from './tags.ts';
import { readSmallFile } from './tree-walk.ts';

/** hikae's own files in the root tree. */
export const OWN = '.hikae';
export const HEADER = 'snapshot.json';
export const HASHES = 'hashes';
export const POLICY = 'policy.yaml';

const MOST_HEADER = 16 * 1024 * 1024;

export interface StoredSnapshot {
  readonly entry: SnapshotEntry;
  readonly file: SnapshotFile;
  /** hikae wrote it, and its root tree has hikae's own files */
  readonly own: boolean;
  /** the snapshot files that stand for it: more than one after a crash while it was being relabelled */
  readonly ids: readonly string[];
}

interface KnownFile {
  readonly place: string;
  /** what the storage said of the file when it was read */
  readonly stamp: string;
  /** undefined when it could not be read */
  readonly stored: StoredSnapshot | undefined;
}

export class SnapshotListing {
  readonly #repository: Repository;
  readonly #blobs: BlobReader;
  readonly #known = new Map<string, KnownFile>();

  constructor(repository: Repository, blobs: BlobReader) {
    this.#repository = repository;
    this.#blobs = blobs;
  }

  async list(options: { target?: string } & Signalled): Promise<SnapshotList> {
    const { stored, unreadable } = await this.read(options);
    return {
      snapshots: stored
        .map(({ entry }) => entry)
        .filter(({ header }) => options.target === undefined || header.target === options.target),
      unreadable,
      foreign: stored.filter(({ own }) => !own).length,
    };
  }

  /** The snapshot at a place; SNAPSHOT_DAMAGED when it can't be read, or isn't there any more. */
  async at(place: string, options: Signalled): Promise<StoredSnapshot> {
    const { stored } = await this.read(options);
    const found = stored.find(({ entry }) => entry.place === place);
    if (found !== undefined) return found;
    throw vaultErrors.SNAPSHOT_DAMAGED({ place, reason: 'it is not in the repository any more' });
  }

  /** All of them, oldest first. Snapshots are listed before the index is read: what they use was indexed before. */
  async read({ signal }: Signalled): Promise<{ stored: StoredSnapshot[]; unreadable: UnreadableSnapshot[] }> {
    const present = await listIds(this.#repository.storage, 'snapshots', { signal });
    await loadIndex(this.#repository, { signal });
    const byPlace = new Map<string, StoredSnapshot>();
    const unreadable: (UnreadableSnapshot & { readonly file: string })[] = [];
    const oldestFirst = present.sort((one, other) => one.modified - other.modified);
    for (const status of oldestFirst) {
      try {
        const one = await this.#readOne(status, signal);
        const { place } = one.entry;
        const known = byPlace.get(place);
        if (known === undefined || known.file.tree === one.file.tree) byPlace.set(place, merged(known, one));
        else unreadable.push(impostor(keyOf('snapshots', status.id), place));
      } catch (error) {
        signal.throwIfAborted();
        if (!isHikaeError(error) || error.transient) throw error;
        const file = keyOf('snapshots', status.id);
        unreadable.push({ file, place: this.#known.get(status.id)?.place ?? file, reason: error });
      }
    }
    const stored = (await this.#withDates([...byPlace.values()], signal)).sort(
      ({ entry: a }, { entry: b }) => a.header.time - b.header.time || (a.place < b.place ? -1 : 1),
    );
    // A place where there is a sound one is not damaged by what else goes by its name.
    const named = unreadable.map(({ file, place, reason }) => ({
      place: byPlace.has(place) ? file : place,
      reason,
    }));
    return { stored, unreadable: named };
  }

  /** What is locked is protected as well: it can't be removed before. */
  async #withDates(all: readonly StoredSnapshot[], signal: AbortSignal): Promise<StoredSnapshot[]> {
    const { locks } = this.#repository;
    if (locks === undefined) return [...all];
    const dates = await locks.snapshotDates({ signal });
    return all.map((one) => {
      const { entry, ids } = one;
      // Of one that we may not ask about it is assumed that its promise is kept.
      const promised = entry.header.time + locks.settings.for;
      const locked = Math.max(...ids.map((id) => dates.get(id) ?? promised));
      return {
        ...one,
        entry: { ...entry, protectedUntil: Math.max(locked, entry.protectedUntil ?? 0) },
      };
    });
  }

  async #readOne({ id, size, modified }: ListedObject, signal: AbortSignal): Promise<StoredSnapshot> {
    const stamp = `${size} ${modified}`;
    const known = this.#known.get(id);
    if (known?.stamp === stamp && known.stored !== undefined) return known.stored;
    const file = await readUnpacked(this.#repository, keyOf('snapshots', id), parseSnapshotFile, { signal });
    const tags = parseTags(file.tags ?? []);
    const place = placeOfFile(id, file, tags);
    // Its name is known from now on, even if it turns out to be unreadable.
    this.#known.set(id, { place, stamp, stored: undefined });
    const header =
      tags === undefined ? foreignHeader(id, file) : await this.#readHeader(place, file, tags, signal);
    const entry: SnapshotEntry = {
      place,
      header,
      complete: isComplete(header),
      ...(tags?.protectedUntil === undefined ? {} : { protectedUntil: tags.protectedUntil }),
    };
    const stored = { entry, file, own: tags !== undefined, ids: [id] };
    this.#known.set(id, { place, stamp, stored });
    return stored;
  }

  /** The schedule is in the tags: a weekly is the same tree as that day's daily. */
  async #readHeader(
    place: string,
    { tree }: SnapshotFile,
    tags: OwnTags,
    signal: AbortSignal,
  ): Promise<SnapshotHeader> {
    try {
      const bytes = await readSmallFile(this.#blobs, tree, [OWN, HEADER], { most: MOST_HEADER, signal });
      if (bytes === undefined) throw new SyntaxError(`it has no ${OWN}/${HEADER}`);
      const header = parseHeader(bytes.toString('utf8'), place);
      if (header.id !== tags.id) throw new SyntaxError('its header belongs to another snapshot');
      return { ...header, schedule: tags.schedule };
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof BlobDamaged)) throw error;
      throw vaultErrors.SNAPSHOT_DAMAGED({ place, reason: error.message }, { cause: error });
    }
  }
}

/**
 * Like the places of a plain vault, and unique by a part of the id: `daily/mail/2026-11-22-1a2b3c4d`. It stays when the
 * snapshot's file is written anew, because it says nothing that may change.
 */
export function placeOf({ schedule, target, time, zone, id }: SnapshotHeader): string {
  return placeFrom({ schedule, target, id, date: dayOf(time, zone) });
}

/** The same place by the snapshot's file alone; for one that hikae has not written, that file. */
export function placeOfFile(id: string, { paths }: SnapshotFile, tags: OwnTags | undefined): string {
  if (tags === undefined) return keyOf('snapshots', id);
  return placeFrom({ ...tags, target: paths[0]?.slice(1) ?? '' });
}

function placeFrom(of: { schedule: Schedule; target: string; id: string; date: string }): string {
  const day = of.schedule === 'weekly' ? isoWeekOf(of.date) : of.date;
  return `${of.schedule}/${of.target}/${day}-${of.id.slice(0, 8)}`;
}

/** Of two files that give one snapshot different contents the first that was there is true: later ones anybody may have made. */
function impostor(file: string, of: string): UnreadableSnapshot & { readonly file: string } {
  const reason = `it goes by the name of ${of}, which was there before it`;
  return { file, place: file, reason: vaultErrors.SNAPSHOT_DAMAGED({ place: file, reason }) };
}

/** Of two files for one snapshot the one that protects it longer counts. */
function merged(known: StoredSnapshot | undefined, other: StoredSnapshot): StoredSnapshot {
  if (known === undefined) return other;
  const until = ({ entry }: StoredSnapshot) => entry.protectedUntil ?? 0;
  const [first, second] = until(other) > until(known) ? [other, known] : [known, other];
  return { ...first, ids: [...first.ids, ...second.ids] };
}
