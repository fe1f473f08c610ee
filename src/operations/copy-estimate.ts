/** How much of a snapshot another one has not: by what is listed, without reading any content. */
import type { Node } from '../model/node.ts';
import type { SnapshotReader } from '../model/snapshot-reader.ts';
import { mergeNodes } from './diff.ts';

/** Bytes of the files that are not in `before` under the same path; all of them without one. */
export async function bytesNotIn(
  before: SnapshotReader | undefined,
  reader: SnapshotReader,
  { signal }: { readonly signal: AbortSignal },
): Promise<number> {
  let bytes = 0;
  for await (const batch of mergeNodes(before?.nodes({ signal }) ?? none(), reader.nodes({ signal }))) {
    for (const { before: old, after } of batch) {
      if (after !== undefined && after.hardlink === undefined && !isSameFile(old, after)) bytes += after.size;
    }
  }
  return bytes;
}

async function* none(): AsyncGenerator<readonly Node[]> {}

function isSameFile(old: Node | undefined, now: Node): boolean {
  return old !== undefined && old.sha256 === now.sha256 && old.size === now.size && old.mtime === now.mtime;
}
