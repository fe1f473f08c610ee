/**
 * Putting other index files in the place of some that are there. The new ones are durable before the first old one goes: a
 * crash between the two leaves packs that are named twice, and one that somewhere is in use counts as in use.
 */
import { UnderWay } from '../../base/under-way.ts';
import type { Key } from '../../storage/storage.ts';
import { encodeIndexFile, type IndexedPack, type PackToDelete } from './format/index-file.ts';
import { keyOf } from './layout.ts';
import { writeUnpacked } from './objects.ts';
import type { Repository } from './repository.ts';

/** What an index file of restic's own holds at most. */
const BLOBS_PER_INDEX = 50_000;
const PACKS_PER_INDEX = 10_000;

/** What an index says of one pack. */
export type IndexEntry =
  | { readonly pack: IndexedPack }
  /** it is marked for removal */
  | { readonly toDelete: PackToDelete };

export async function rewriteIndexes(
  repository: Repository,
  entries: Iterable<IndexEntry>,
  replaced: readonly string[],
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { config } = repository;
  let packs: IndexedPack[] = [];
  let toDelete: PackToDelete[] = [];
  let blobs = 0;
  const written = new Set<string>();
  const write = async () => {
    if (packs.length + toDelete.length === 0) return;
    const json = encodeIndexFile(packs, toDelete);
    [packs, toDelete, blobs] = [[], [], 0];
    written.add(await writeUnpacked({ ...repository, version: config.version }, 'index', json, { signal }));
  };
  for (const entry of entries) {
    if ('pack' in entry) packs.push(entry.pack);
    else toDelete.push(entry.toDelete);
    blobs += ('pack' in entry ? entry.pack : entry.toDelete).blobs.length;
    if (blobs >= BLOBS_PER_INDEX || packs.length + toDelete.length >= PACKS_PER_INDEX) await write();
  }
  await write();
  const old = replaced.filter((id) => !written.has(id)).map((id) => keyOf('index', id));
  await removeObjects(repository, old, { signal });
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
