/** What a prune has to know, all of it for certain: what snapshots need, what indexes name, what lies in the storage. */

import { isHikaeError } from '../../../base/errors.ts';
import type { Emit } from '../../../model/events.ts';
import type { BlobReader } from '../blob-reader.ts';
import { type Catalog, readCatalog, readerOf } from '../catalog.ts';
import { Damage } from '../damage.ts';
import { repositoryErrors } from '../errors.ts';
import { parseSnapshotFile } from '../format/snapshot-file.ts';
import { keyOf } from '../layout.ts';
import { markNeeded } from '../needed-blobs.ts';
import { listIds, readUnpacked } from '../objects.ts';
import type { Repository } from '../repository.ts';

export interface Survey {
  readonly catalog: Catalog;
  readonly needed: Uint8Array;
  /** the packs in the storage, with their bytes */
  readonly present: ReadonlyMap<string, number>;
  /** data blobs that snapshots need and no index names */
  readonly unnamed: readonly string[];
  /** reads by what the catalog knows */
  readonly blobs: BlobReader;
}

/** VAULT_PRUNE_UNSAFE when a snapshot, a tree or an index can't be read. */
export async function surveyRepository(
  repository: Repository,
  { emit, signal }: { readonly emit: Emit; readonly signal: AbortSignal },
): Promise<Survey> {
  const roots = await readRoots(repository, signal);
  const catalog = await readCatalog(repository, { signal });
  const [wrong] = catalog.damaged;
  if (wrong !== undefined) throw unsafe(repository, keyOf('index', wrong.id), wrong.error.details.reason);
  const seen = readerOf(repository, catalog);
  const needed = catalog.blobs.newMarks();
  const damage = new Damage();
  await markNeeded(roots, needed, damage, seen, { emit, signal });
  for (const [id, reason] of damage.all('tree')) throw unsafe(repository, `tree ${id}`, reason);
  const present = new Map<string, number>();
  for (const { id, size } of await listIds(repository.storage, 'data', { signal })) present.set(id, size);
  const unnamed = [...damage.all('data')].map(([id]) => id);
  return { catalog, needed, present, unnamed, blobs: seen.blobs };
}

export function unsafe({ storage }: Repository, object: string, reason: unknown): Error {
  return repositoryErrors.VAULT_PRUNE_UNSAFE({ path: storage.location, object, reason: String(reason) });
}

/** The root trees of all snapshots, whoever wrote them. */
async function readRoots(repository: Repository, signal: AbortSignal): Promise<readonly string[]> {
  const roots = new Set<string>();
  for (const { id } of await listIds(repository.storage, 'snapshots', { signal })) {
    const key = keyOf('snapshots', id);
    try {
      roots.add((await readUnpacked(repository, key, parseSnapshotFile, { signal })).tree);
    } catch (error) {
      if (!isHikaeError(error, 'VAULT_OBJECT_DAMAGED')) throw error;
      throw unsafe(repository, key, error.details.reason);
    }
  }
  return [...roots];
}
