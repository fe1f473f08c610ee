/** How much of a snapshot another one has not: by what is listed, without reading any content. */
import type { Node } from '../model/node.ts';
import type { SnapshotEntry } from '../model/snapshot.ts';
import type { SnapshotReader } from '../model/snapshot-reader.ts';
import { mergeNodes } from './diff.ts';
import type { OpenedVault } from './parts.ts';

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

/** Bytes of these snapshots that the one before each of them, among all that are `known`, has not. Oldest first. */
export async function bytesAfter(
  known: readonly SnapshotEntry[],
  chosen: readonly SnapshotEntry[],
  { vault }: OpenedVault,
  { signal }: { readonly signal: AbortSignal },
): Promise<number> {
  let bytes = 0;
  for (const [at, entry] of known.entries()) {
    if (!chosen.some(({ place }) => place === entry.place)) continue;
    const before = known[at - 1];
    const earlier = before && (await vault.open(before, { signal }));
    try {
      const reader = await vault.open(entry, { signal });
      try {
        bytes += await bytesNotIn(earlier, reader, { signal });
      } finally {
        await reader.close();
      }
    } finally {
      await earlier?.close();
    }
  }
  return bytes;
}

async function* none(): AsyncGenerator<readonly Node[]> {}

function isSameFile(old: Node | undefined, now: Node): boolean {
  return old !== undefined && old.sha256 === now.sha256 && old.size === now.size && old.mtime === now.mtime;
}
