/** How much a snapshot will come to, before it is begun: for the bar that shows progress, and to see whether there is room. */
import { isHikaeError } from '../base/errors.ts';
import type { Origin } from '../model/snapshot.ts';
import { originOf, type Target } from '../policy/policy.ts';
import type { Room, WritableVault } from '../vault/vault.ts';
import { avoided } from './avoided-places.ts';
import type { PolicyParts } from './parts.ts';

/** What a node takes in the manifest and in the checksums, and what a folder takes on the disk, in bytes. */
const LISTED = 700;
const FOLDER = 4096;

/**
 * With a snapshot before it, most is unchanged: it takes its folders and its lists. The first one takes everything,
 * so what there is is counted.
 */
export async function estimate(
  name: string,
  target: Target,
  writable: WritableVault,
  parts: PolicyParts,
): Promise<Room & { readonly isFirst: boolean }> {
  const predecessor = await writable.predecessor(name, parts);
  if (predecessor !== undefined) {
    const { nodes, files, bytes } = sum(predecessor.header.components);
    parts.emit({ type: 'work.expected', files: nodes, bytes, exact: false });
    return { bytes: nodes * LISTED + (nodes - files) * FOLDER, files: nodes - files, isFirst: false };
  }
  parts.emit({ type: 'phase', phase: 'listing' });
  const counted = await count(target, parts);
  parts.emit({ type: 'work.expected', files: counted.nodes, bytes: counted.bytes, exact: false });
  return { bytes: counted.bytes + counted.nodes * LISTED, files: counted.nodes, isFirst: true };
}

/** Sizes of everything that files components hold. What can't be read is no matter here: the capture tells of it. */
async function count(target: Target, parts: PolicyParts): Promise<{ nodes: number; bytes: number }> {
  const total = { nodes: 0, bytes: 0 };
  for (const [component, settings] of Object.entries(target.components)) {
    const origin = countable(originOf(settings));
    if (origin === undefined) continue;
    try {
      const { signal } = parts;
      const options = { component, troubles: () => {}, signal, avoid: avoided(parts) };
      const source = await parts.source(origin.kind);
      const capture = await source.capture(origin, options);
      try {
        for await (const batch of capture.nodes()) {
          for (const { metadata, content } of batch) {
            total.nodes += 1;
            total.bytes += metadata.size;
            if (content?.kind === 'file') content.release();
          }
        }
      } finally {
        await capture.close();
      }
    } catch (error) {
      parts.signal.throwIfAborted();
      if (!isHikaeError(error)) throw error;
    }
  }
  return total;
}

/** What can be looked at beforehand without a trace: files, and volumes whose containers go on meanwhile. */
export function countable(origin: Origin): Origin | undefined {
  if (origin.kind === 'files') return origin;
  return origin.kind === 'docker-volume' ? { ...origin, pause: 0 } : undefined;
}

function sum(components: readonly { nodes: number; files: number; bytes: number }[]) {
  const total = { nodes: 0, files: 0, bytes: 0 };
  for (const { nodes, files, bytes } of components) {
    total.nodes += nodes;
    total.files += files;
    total.bytes += bytes;
  }
  return total;
}
