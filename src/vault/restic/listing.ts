/** Which snapshots there are. Their files never change, so what was read of one is kept. */
import { dayOf, isoWeekOf } from '../../base/calendar.ts';
import { type HikaeError, isHikaeError } from '../../base/errors.ts';
import { inOrder } from '../../base/lanes.ts';
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
import { type ListedObject, listIds, READ_AHEAD, readUnpacked, type Signalled } from './objects.ts';
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
  /** what the storage said of the file when it was read; undefined of one that was just written */
  readonly stamp: string | undefined;
  /** undefined when it could not be read */
  readonly stored: StoredSnapshot | undefined;
}

export interface ListedSnapshots {
  readonly stored: readonly StoredSnapshot[];
  readonly unreadable: readonly UnreadableSnapshot[];
}

/** What was listed under a lock. */
interface HeldListing {
  /** the index was read since it was taken */
  indexed: boolean;
  /** undefined until then, and when we have changed something since */
  listed: ListedSnapshots | undefined;
}

export class SnapshotListing {
  readonly #repository: Repository;
  readonly #blobs: BlobReader;
  readonly #known = new Map<string, KnownFile>();
  #held: HeldListing | undefined;

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

  /** From now on the repository is locked for a writer: what is listed once holds until `changed` or `letGo`. */
  hold(): void {
    this.#held = { indexed: false, listed: undefined };
  }

  /** Whoever holds the lock has changed which snapshots there are. */
  changed(): void {
    if (this.#held !== undefined) this.#held = { ...this.#held, listed: undefined };
  }

  letGo(): void {
    this.#held = undefined;
  }

  /** A snapshot that was just written, under the id of its file, need not be read. */
  wrote(id: string, file: SnapshotFile, entry: SnapshotEntry): void {
    this.#known.set(id, {
      place: entry.place,
      stamp: undefined,
      stored: { entry, file, own: true, ids: [id] },
    });
    this.changed();
  }

  /** All of them, oldest first. */
  async read({ signal }: Signalled): Promise<ListedSnapshots> {
    const held = this.#held;
    if (held?.listed !== undefined) return held.listed;
    const listed = await this.#readAnew(held, signal);
    if (held !== undefined) held.listed = listed;
    return listed;
  }

  /** Snapshots are listed before the index is read: what they use was indexed before. */
  async #readAnew(held: HeldListing | undefined, signal: AbortSignal): Promise<ListedSnapshots> {
    const present = await listIds(this.#repository.storage, 'snapshots', { signal });
    // What we store ourselves is in the index already, and nobody takes anything out of it while we hold the lock.
    if (held?.indexed !== true || !present.every((one) => this.#knows(one)))
      await loadIndex(this.#repository, { signal });
    if (held !== undefined) held.indexed = true;
    const byPlace = new Map<string, StoredSnapshot>();
    const unreadable: (UnreadableSnapshot & { readonly file: string })[] = [];
    const oldestFirst = present.sort((one, other) => one.modified - other.modified);
    const read = (status: ListedObject, either: AbortSignal) => this.#tryOne(status, either);
    for await (const { id, found } of inOrder(oldestFirst, { lanes: READ_AHEAD, signal }, read)) {
      const file = keyOf('snapshots', id);
      if (isHikaeError(found)) {
        unreadable.push({ file, place: this.#known.get(id)?.place ?? file, reason: found });
        continue;
      }
      const { place } = found.entry;
      const known = byPlace.get(place);
      if (known === undefined || known.file.tree === found.file.tree)
        byPlace.set(place, merged(known, found));
      else unreadable.push(impostor(file, place));
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

  #knows(listed: ListedObject): boolean {
    const known = this.#known.get(listed.id);
    return known?.stored !== undefined && (known.stamp === undefined || known.stamp === stampOf(listed));
  }

  /** The snapshot, or why it can't be read. */
  async #tryOne(
    listed: ListedObject,
    signal: AbortSignal,
  ): Promise<{ readonly id: string; readonly found: StoredSnapshot | HikaeError }> {
    const { id } = listed;
    try {
      return { id, found: await this.#readOne(listed, signal) };
    } catch (error) {
      signal.throwIfAborted();
      if (!isHikaeError(error) || error.transient) throw error;
      return { id, found: error };
    }
  }

  async #readOne(listed: ListedObject, signal: AbortSignal): Promise<StoredSnapshot> {
    const { id } = listed;
    const stamp = stampOf(listed);
    const known = this.#known.get(id);
    if (known?.stored !== undefined && this.#knows(listed)) {
      this.#known.set(id, { ...known, stamp });
      return known.stored;
    }
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

function stampOf({ size, modified }: ListedObject): string {
  return `${size} ${modified}`;
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
