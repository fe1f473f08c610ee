/** Everything that a snapshot needs to be restored: its packs, and whatever lies in the folders beside them. */
import { breathe } from '../../../base/abort.ts';
import type { Key } from '../../../storage/storage.ts';
import { vaultErrors } from '../../errors.ts';
import { BlobDamaged, type BlobReader } from '../blob-reader.ts';
import { packKey } from '../layout.ts';
import type { Signalled } from '../objects.ts';
import type { Repository } from '../repository.ts';
import { readTree } from '../tree-walk.ts';

/**
 * The packs that hold a blob of the tree, each place of a blob counting. SNAPSHOT_DAMAGED when a tree can't be read, or a
 * blob is in no pack: such a snapshot can't be restored, and there is nothing to promise.
 */
export async function packsUsed(
  { repository, blobs }: { readonly repository: Repository; readonly blobs: BlobReader },
  { place, tree }: { readonly place: string; readonly tree: string },
  { signal }: Signalled,
): Promise<ReadonlySet<Key>> {
  const { blobs: index } = repository.index;
  const marks = index.newMarks();
  const damaged = (reason: string) => vaultErrors.SNAPSHOT_DAMAGED({ place, reason });
  const waiting = [tree];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (index.placesOf('tree', id).length > 0 && !index.mark(marks, 'tree', id)) continue;
    for (const { content = [], subtree } of await readOr(blobs, id, damaged, signal)) {
      for (const blob of content) {
        if (!index.mark(marks, 'data', blob) && index.placesOf('data', blob).length === 0)
          throw damaged(`no index names the data blob ${blob}`);
      }
      if (subtree !== undefined) waiting.push(subtree);
    }
    await breathe(signal);
  }
  const packs = new Set<Key>();
  for (const { pack } of index.inUse(marks)) packs.add(packKey(pack));
  return packs;
}

async function readOr(
  blobs: BlobReader,
  id: string,
  damaged: (reason: string) => Error,
  signal: AbortSignal,
) {
  try {
    return await readTree(blobs, id, { signal });
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof BlobDamaged)) throw error;
    throw damaged(error.message);
  }
}
