/** Which blobs snapshots need: every tree of theirs is read once, and what it names is marked. */
import { breathe } from '../../base/abort.ts';
import type { Emit } from '../../model/events.ts';
import { BlobDamaged, type BlobReader } from './blob-reader.ts';
import type { Damage } from './damage.ts';
import type { TreeNode } from './format/tree-node.ts';
import type { Repository } from './repository.ts';
import { readTree } from './tree-walk.ts';

interface ReadingParts {
  readonly repository: Pick<Repository, 'index'>;
  readonly blobs: Pick<BlobReader, 'read'>;
}

/**
 * Marks what the snapshots of these root trees need. Trees that can't be read, and data that no index names, come to be
 * known as damage. Gives the number of nodes that were seen.
 */
export async function markNeeded(
  roots: readonly string[],
  marks: Uint8Array,
  damage: Damage,
  { repository, blobs }: ReadingParts,
  { emit, signal }: { readonly emit: Emit; readonly signal: AbortSignal },
): Promise<{ nodes: number }> {
  const { blobs: index } = repository.index;
  const waiting = [...roots];
  let seen = 0;
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (index.placesOf('tree', id).length > 0 && !index.mark(marks, 'tree', id)) continue;
    const nodes = await readOr(blobs, id, damage, signal);
    for (const { content = [], subtree } of nodes) {
      for (const blob of content) {
        if (!index.mark(marks, 'data', blob) && index.placesOf('data', blob).length === 0)
          damage.add('data', blob, 'no index names it');
      }
      if (subtree !== undefined && damage.of('tree', subtree) === undefined) waiting.push(subtree);
    }
    seen += nodes.length;
    emit({ type: 'work.done', files: nodes.length, bytes: 0, unchanged: 0, changed: 0 });
    await breathe(signal);
  }
  return { nodes: seen };
}

async function readOr(
  blobs: Pick<BlobReader, 'read'>,
  id: string,
  damage: Damage,
  signal: AbortSignal,
): Promise<readonly TreeNode[]> {
  try {
    return await readTree(blobs, id, { signal });
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof BlobDamaged)) throw error;
    damage.add('tree', id, error.message);
    return [];
  }
}
