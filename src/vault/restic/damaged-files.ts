/** From blobs that are damaged to the files of snapshots that need them. */
import { breathe } from '../../base/abort.ts';
import { type RawPath, textOf } from '../../base/raw-path.ts';
import type { Finding } from '../../model/finding.ts';
import type { BlobReader } from './blob-reader.ts';
import type { Damage } from './damage.ts';
import { readTree } from './tree-walk.ts';

export interface SnapshotRoot {
  readonly place: string;
  readonly tree: string;
}

/** The files, and the folders as a whole, that need something damaged; one finding for all snapshots that share it. */
export async function nameDamaged(
  snapshots: readonly SnapshotRoot[],
  damage: Damage,
  { blobs }: { readonly blobs: Pick<BlobReader, 'read'> },
  signal: AbortSignal,
): Promise<Finding[]> {
  const found = new Map<string, Finding & { places: string[] }>();
  for (const { place, tree } of [...snapshots].reverse()) {
    const add = (path: RawPath, kind: Finding['kind'], id: string, reason: string) => {
      const key = `${id} ${path}`;
      const shown = textOf(path) ?? path;
      const finding = found.get(key) ?? { kind, places: [], path: shown, reason };
      finding.places.push(place);
      found.set(key, finding);
    };
    const waiting = [{ id: tree, path: '' as RawPath }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { id, path } = next;
      const reason = damage.of('tree', id);
      if (reason !== undefined) {
        add(path, 'manifest', id, reason);
        continue;
      }
      for (const { name, content = [], subtree } of await readTree(blobs, id, { signal })) {
        const below = (path === '' ? name : `${path}/${name}`) as RawPath;
        const bad = content.find((blob) => damage.of('data', blob) !== undefined);
        if (bad !== undefined) add(below, 'content', bad, String(damage.of('data', bad)));
        if (subtree !== undefined) waiting.push({ id: subtree, path: below });
      }
      await breathe(signal);
    }
  }
  return [...found.values()];
}
