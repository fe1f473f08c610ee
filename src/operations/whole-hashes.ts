/** The hashes of whole contents, where a vault knows those of the parts alone. */
import { createHash } from 'node:crypto';
import type { Node } from '../model/node.ts';
import type { SnapshotReader } from '../model/snapshot-reader.ts';

/** Where one of the two has no hash of the whole, it is read. */
export async function withHashes(
  [left, before]: readonly [SnapshotReader, Node],
  [right, after]: readonly [SnapshotReader, Node],
  signal: AbortSignal,
): Promise<readonly [Node, Node]> {
  if (before.inParts !== true && after.inParts !== true) return [before, after];
  return [await hashed(left, before, signal), await hashed(right, after, signal)];
}

async function hashed(reader: SnapshotReader, node: Node, signal: AbortSignal): Promise<Node> {
  if (node.type !== 'file' || node.sha256 !== undefined) return node;
  const hash = createHash('sha256');
  for await (const part of reader.content(node, { signal })) hash.update(part);
  return { ...node, sha256: hash.digest('hex') };
}
