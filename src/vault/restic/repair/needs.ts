/**
 * What snapshots need and no pack has sound; and bringing it back from another vault, blob by blob. A tree that comes back
 * tells of more that is needed.
 */
import { breathe } from '../../../base/abort.ts';
import type { Emit } from '../../../model/events.ts';
import type { Vault } from '../../vault.ts';
import type { BlobReader } from '../blob-reader.ts';
import { readerOf } from '../catalog.ts';
import { Damage } from '../damage.ts';
import { type BlobType, idOf } from '../format/blob.ts';
import { parseTree } from '../format/tree.ts';
import { packKey } from '../layout.ts';
import { markNeeded } from '../needed-blobs.ts';
import type { PackCopier } from '../pack-copier.ts';
import type { Repository } from '../repository.ts';
import { type Inspection, isSound } from './inspection.ts';

export interface Needs {
  /** marks of the blobs that snapshots need */
  readonly needed: Uint8Array;
  readonly lost: Damage;
  readonly fetched: { blobs: number; bytes: number };
  /** reads what is sound, and what was fetched */
  readonly blobs: Pick<BlobReader, 'read'>;
}

export interface FetchOptions {
  readonly from: Vault | undefined;
  /** gets what was fetched; without one it is only found out what could be */
  readonly copier: PackCopier | undefined;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

const types = ['tree', 'data'] as const;

export async function findNeeds(
  inspection: Inspection,
  repository: Repository,
  { from, copier, emit, signal }: FetchOptions,
): Promise<Needs> {
  const { catalog } = inspection;
  const seen = readerOf(repository, catalog);
  const trees = new Map<string, Buffer>();
  const blobs: Needs['blobs'] = {
    read: async (type, id, options) =>
      (type === 'tree' ? trees.get(id) : undefined) ?? seen.blobs.read(type, id, options),
  };
  const needed = catalog.blobs.newMarks();
  const lost = new Damage();
  const fetched = { blobs: 0, bytes: 0 };
  const asked = new Set<string>();
  /** what was fetched */
  const here = new Set<string>();
  const mark = (roots: readonly string[]) =>
    markNeeded(roots, needed, lost, { repository: seen.repository, blobs }, { emit, signal });

  async function fetchOne(type: BlobType, id: string): Promise<Buffer | undefined> {
    const bytes = await from?.blob?.(type, id, { signal });
    if (bytes === undefined || idOf(bytes) !== id) return undefined;
    await copier?.add(type, id, bytes);
    here.add(`${type} ${id}`);
    fetched.blobs += 1;
    fetched.bytes += bytes.length;
    return Buffer.from(bytes);
  }

  await mark(inspection.roots.map(({ tree }) => tree));
  // Once more when nothing was found any more: what was, is not lost.
  for (let isOver = false; ; ) {
    addUnsound(inspection, needed, lost);
    for (const type of types)
      for (const [id] of lost.all(type)) if (here.has(`${type} ${id}`)) lost.remove(type, id);
    const found: Buffer[] = [];
    for (const type of types) {
      for (const [id] of [...lost.all(type)]) {
        if (asked.has(`${type} ${id}`)) continue;
        asked.add(`${type} ${id}`);
        const bytes = await fetchOne(type, id);
        if (bytes === undefined || type === 'data') continue;
        trees.set(id, bytes);
        found.push(bytes);
      }
      await breathe(signal);
    }
    if (isOver) break;
    isOver = found.length === 0;
    for (const tree of found) {
      for (const { content = [], subtree } of parseTree(tree)) {
        for (const id of content) {
          if (!isSound(inspection, 'data', id)) lost.add('data', id, 'no index names it');
          else catalog.blobs.mark(needed, 'data', id);
        }
        if (subtree !== undefined) await mark([subtree]);
      }
    }
  }
  return { needed, lost, fetched, blobs };
}

/** Trees that could be read are sound; of data only the packs tell. */
function addUnsound(inspection: Inspection, needed: Uint8Array, lost: Damage): void {
  for (const { pack, blobs } of inspection.catalog.blobs.inUse(needed)) {
    for (const { type, id } of blobs) {
      if (isSound(inspection, type, id)) continue;
      const reason = inspection.present.has(pack) ? 'is damaged' : 'is missing';
      lost.add(type, id, `${packKey(pack)} ${reason}`);
    }
  }
}
