/**
 * Putting other index files in the place of some that are there. The new ones are durable before the first old one goes: a
 * crash between the two leaves packs that are named twice, and one that somewhere is in use counts as in use.
 */
import { UnderWay } from '../../base/under-way.ts';
import type { Key } from '../../storage/storage.ts';
import { lockAsLong, longestLock } from '../locking/successor.ts';
import type { Catalog } from './catalog.ts';
import type { PackedBlob } from './format/blob.ts';
import { encodeIndexFile, type IndexedPack, type PackToDelete } from './format/index-file.ts';
import { keyOf } from './layout.ts';
import { writeUnpacked } from './objects.ts';
import type { Repository } from './repository.ts';

/** What an index file of restic's own holds at most. */
const BLOBS_PER_INDEX = 50_000;
const PACKS_PER_INDEX = 10_000;

/** Index files with fewer blobs are put together when there are so many of them, or others are written anyway. */
const SMALL_INDEX = 5_000;
const MOST_SMALL_INDEXES = 8;

/**
 * What indexes are to say of a pack: that it is in use; that it is marked for removal, since it was or from now on; the same
 * without its blobs, because they can't be relied on; or nothing.
 */
export type PackState = 'live' | 'marked' | 'marked-anew' | 'distrusted' | 'gone';

export interface Restatement {
  readonly catalog: Catalog;
  /** of every pack that is named or there */
  readonly states: ReadonlyMap<string, PackState>;
  /** bytes of the packs that are there */
  readonly sizes: ReadonlyMap<string, number>;
  /** packs that were made just now */
  readonly added: readonly IndexedPack[];
  /** milliseconds since 1970 UTC, for the marks */
  readonly now: number;
}

/** Writes anew what indexes say and holds no longer; nothing where all of it holds. */
export async function restatePacks(
  repository: Repository,
  restatement: Restatement,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { catalog } = restatement;
  const { replaced, isNamed, isWritten } = changesOf(restatement);
  if (!isWritten) return;
  const inReplaced = new Set(replaced.flatMap((file) => file.packs));
  const isTold = (pack: string) => inReplaced.has(pack) || !isNamed(pack);
  const old = [...replaced, ...catalog.damaged].map(({ id }) => id);
  await rewriteIndexes(repository, newEntries(restatement, isTold), old, { signal });
}

/** Whether indexes would be written or removed. */
export function changesIndexes(restatement: Restatement): boolean {
  return changesOf(restatement).isWritten;
}

function changesOf(restatement: Restatement) {
  const { catalog, states, added } = restatement;
  const isNamed = (pack: string) => catalog.live.has(pack) || catalog.marked.has(pack);
  const isNew = [...states].some(([pack, state]) => state !== 'gone' && !isNamed(pack));
  const isAdding = isNew || added.length > 0;
  const replaced = filesToReplace(restatement, isAdding);
  return { replaced, isNamed, isWritten: replaced.length > 0 || catalog.damaged.length > 0 || isAdding };
}

/** Those that say of a pack what holds no longer, and the small ones when there are many. */
function filesToReplace({ catalog, states }: Restatement, isAdding: boolean): Catalog['files'] {
  const { files, live, damaged } = catalog;
  const isSame = (pack: string) => states.get(pack) === (live.has(pack) ? 'live' : 'marked');
  const wrong = files.filter(({ packs, isOutdated }) => isOutdated || !packs.every(isSame));
  const small = files.filter((file) => file.blobs < SMALL_INDEX && !wrong.includes(file));
  const isWritten = wrong.length + damaged.length > 0 || isAdding;
  return small.length >= MOST_SMALL_INDEXES || (isWritten && small.length > 0) ? [...wrong, ...small] : wrong;
}

/** What the files that are replaced said, as it is now; and what is new. */
function* newEntries(
  { catalog, states, sizes, added, now }: Restatement,
  isTold: (pack: string) => boolean,
): Generator<IndexEntry> {
  const told = new Set<string>();
  const entryOf = (id: string, blobs: readonly PackedBlob[]): IndexEntry | undefined => {
    told.add(id);
    const state = states.get(id) ?? 'gone';
    if (state === 'live') return { pack: { id, blobs } };
    if (state === 'gone') return undefined;
    const marked = state === 'marked' ? (catalog.marked.get(id) ?? now) : now;
    const time = new Date(marked).toISOString();
    return { toDelete: { id, time, size: sizes.get(id), blobs: state === 'distrusted' ? [] : blobs } };
  };
  for (const { pack, blobs } of catalog.blobs.everyPack(new Uint8Array(), isTold)) {
    const entry = entryOf(pack, blobs);
    if (entry !== undefined) yield entry;
  }
  for (const pack of states.keys()) {
    if (told.has(pack) || !isTold(pack)) continue;
    const entry = entryOf(pack, []);
    if (entry !== undefined) yield entry;
  }
  for (const pack of added) yield { pack };
}

/** What an index says of one pack. */
type IndexEntry =
  | { readonly pack: IndexedPack }
  /** it is marked for removal */
  | { readonly toDelete: PackToDelete };

async function rewriteIndexes(
  repository: Repository,
  entries: Iterable<IndexEntry>,
  replaced: readonly string[],
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { config } = repository;
  let packs: IndexedPack[] = [];
  let toDelete: PackToDelete[] = [];
  let blobs = 0;
  const written = new Set<Key>();
  const old = new Set(replaced.map((id) => keyOf('index', id)));
  const lock = await longestLock(repository.storage, 'index' as Key, old, { signal });
  const to = { ...repository, version: config.version };
  const write = async () => {
    if (packs.length + toDelete.length === 0) return;
    const json = encodeIndexFile(packs, toDelete);
    [packs, toDelete, blobs] = [[], [], 0];
    const key = keyOf('index', await writeUnpacked(to, 'index', json, { signal }));
    await lockAsLong(repository.storage, key, lock, { signal });
    written.add(key);
  };
  for (const entry of entries) {
    if ('pack' in entry) packs.push(entry.pack);
    else toDelete.push(entry.toDelete);
    blobs += ('pack' in entry ? entry.pack : entry.toDelete).blobs.length;
    if (blobs >= BLOBS_PER_INDEX || packs.length + toDelete.length >= PACKS_PER_INDEX) await write();
  }
  await write();
  await removeObjects(
    repository,
    [...old].filter((key) => !written.has(key)),
    { signal },
  );
}

/** An index that never was. */
const NO_INDEX = keyOf('index', '0'.repeat(64));

/**
 * Whether we may remove at all is found out before anything is written: STORAGE_REFUSED. What is removed was never there; a
 * medium with versions keeps a mark of it, as of everything that is removed.
 */
export async function requireRemoval(
  { storage }: Pick<Repository, 'storage'>,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  await storage.remove(NO_INDEX, { signal });
}

/** Removes objects, several at a time; when it resolves they stay removed. */
export async function removeObjects(
  { storage }: Pick<Repository, 'storage'>,
  keys: readonly Key[],
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const removals = new UnderWay();
  for (const key of keys) {
    removals.add(storage.remove(key, { signal, durable: 'at-sync' }));
    await removals.below(storage.capabilities.parallel);
  }
  await removals.below(1);
  if (keys.length > 0) await storage.sync({ signal });
}
