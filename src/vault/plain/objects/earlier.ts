/** Earlier snapshots, and what interrupted runs left, as a new one takes its unchanged data from them. */
import type { RawPath } from '../../../base/raw-path.ts';
import type { SnapshotEntry } from '../../../model/snapshot.ts';
import { type CallOptions, type Key, keyFrom, type Storage } from '../../../storage/storage.ts';
import { EarlierLines } from '../earlier-lines.ts';
import { OWN, placeText } from '../layout.ts';
import { isWholeManifest } from '../manifest-file.ts';
import { fetchTo, manifestIn } from './fetched.ts';
import type { FoundPlace } from './placing.ts';
import { readDamage } from './records.ts';
import { removeObjects } from './removing.ts';
import type { Spool } from './spool.ts';

export interface EarlierSource {
  /** where its objects lie */
  readonly folder: Key;
  /** its lines, on this machine */
  readonly path: string;
  readonly headed: boolean;
  readonly published: boolean;
  readonly damaged: ReadonlySet<RawPath>;
}

/** The lines of a source, and where what they tell of lies. */
export class Earlier extends EarlierLines {
  readonly folder: Key;

  constructor(source: EarlierSource) {
    super(source);
    this.folder = source.folder;
  }
}

export interface EarlierParts {
  readonly storage: Storage;
  readonly spool: Spool;
}

/**
 * The newest snapshot of the target, the newest complete one where that lacks something, and a safety snapshot that is
 * newer: the same choice as on a disk. Only such as are whole.
 */
export async function earlierSources(
  parts: EarlierParts,
  snapshots: readonly SnapshotEntry[],
  options: CallOptions,
): Promise<readonly EarlierSource[]> {
  const damaged = await damagedPaths(parts.storage, options);
  const newestOf = async (entries: readonly SnapshotEntry[]) => {
    for (const entry of [...entries].reverse()) {
      const source = await publishedSource(parts, entry, damaged, options);
      if (source !== undefined) return { entry, source };
    }
    return undefined;
  };
  const regular = snapshots.filter((entry) => !isSafety(entry));
  const newest = await newestOf(regular);
  const complete =
    newest === undefined || newest.entry.complete
      ? undefined
      : await newestOf(regular.filter((entry) => entry.complete));
  const since = newest?.entry.header.time ?? Number.NEGATIVE_INFINITY;
  const safety = await newestOf(snapshots.filter((entry) => isSafety(entry) && entry.header.time >= since));
  return [newest, complete, safety].flatMap((one) => (one === undefined ? [] : [one.source]));
}

/** The one whose size the next snapshot will have. */
export function predecessorOf(snapshots: readonly SnapshotEntry[]): SnapshotEntry | undefined {
  return snapshots.findLast((entry) => !isSafety(entry));
}

/** One snapshot as a source. */
export async function sourceOf(
  parts: EarlierParts,
  entry: SnapshotEntry,
  options: CallOptions,
): Promise<readonly EarlierSource[]> {
  const source = await publishedSource(parts, entry, await damagedPaths(parts.storage, options), options);
  return source === undefined ? [] : [source];
}

async function publishedSource(
  { storage, spool }: EarlierParts,
  { place }: SnapshotEntry,
  damaged: ReadonlySet<RawPath>,
  options: CallOptions,
): Promise<EarlierSource | undefined> {
  const folder = keyFrom(place);
  const path = await fetchTo(spool, storage, [manifestIn(folder)], options);
  return isWholeManifest(path) ? { folder, path, headed: true, published: true, damaged } : undefined;
}

/** In whichever snapshot it was found: others may share the very file, and the medium doesn't say which do. */
async function damagedPaths(storage: Storage, options: CallOptions): Promise<ReadonlySet<RawPath>> {
  return new Set([...(await readDamage(storage, options)).values()].flatMap((paths) => [...paths]));
}

function isSafety({ header }: SnapshotEntry): boolean {
  return header.schedule === 'safety';
}

const DONE = keyFrom(`${OWN}/done`);

/** Where pieces of such lists lie. */
export async function placesWithDone(storage: Storage, options: CallOptions): Promise<ReadonlySet<string>> {
  const places = new Set<string>();
  for await (const batch of storage.list(DONE, options))
    for (const { key } of batch) places.add(key.slice(DONE.length + 1, key.lastIndexOf('/')));
  return places;
}

/** The list of what a run has stored, in pieces that it puts from time to time. */
export class DoneList {
  readonly #storage: Storage;
  readonly #folder: Key;

  constructor(storage: Storage, { place }: Pick<FoundPlace, 'place'>) {
    this.#storage = storage;
    this.#folder = keyFrom(`${DONE}/${placeText(place)}`);
  }

  async put(number: number, lines: Uint8Array, options: CallOptions): Promise<void> {
    await this.#storage.put(this.#key(number), lines, { ...options, isNew: true });
  }

  /** Those that came last are taken back. */
  async removeFrom(number: number, end: number, options: CallOptions): Promise<void> {
    for (let one = number; one < end; one++) await this.#storage.remove(this.#key(one), options);
  }

  async clear(options: CallOptions): Promise<void> {
    await removeObjects(this.#storage, this.#folder, options);
  }

  /** The lines of all pieces on this machine; undefined where there are none. And the number that is free. */
  async fetch(spool: Spool, options: CallOptions): Promise<{ path: string | undefined; next: number }> {
    const keys: Key[] = [];
    for await (const batch of this.#storage.list(this.#folder, options))
      keys.push(...batch.map(({ key }) => key));
    if (keys.length === 0) return { path: undefined, next: 1 };
    const last = Number(keys.at(-1)?.slice(this.#folder.length + 1));
    return { path: await fetchTo(spool, this.#storage, keys, options), next: (last || 0) + 1 };
  }

  #key(number: number): Key {
    return keyFrom(`${this.#folder}/${String(number).padStart(9, '0')}`);
  }
}
