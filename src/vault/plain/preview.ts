/** What storing a capture would come to, found with the same comparisons that storing it makes. */
import { systemCode } from '../../base/errors.ts';
import { joinRaw, parentOf, type RawPath } from '../../base/raw-path.ts';
import type { Capture } from '../../model/capture.ts';
import type { NodeMetadata } from '../../model/node.ts';
import { hardLinkKey } from '../hard-link-key.ts';
import type { ComponentDraft, Preview } from '../vault.ts';
import { isAsStored } from './file-link.ts';
import { isPacked, metadataEnd, parseNode } from './node-line.ts';
import { Predecessor } from './predecessor.ts';
import { predecessorsOf, publishedSource } from './predecessors.ts';
import { storedAs } from './stored-form.ts';

export async function previewComponent(
  root: string,
  target: string,
  draft: ComponentDraft,
  capture: Capture,
  signal: AbortSignal,
): Promise<Preview> {
  const predecessors = predecessorsOf(root, target).map(
    (entry) => new Predecessor(publishedSource(root, entry)),
  );
  const preview = { nodes: 0, bytes: 0, unchanged: 0, newBytes: 0 };
  /** whether the first of each hard-link group is unchanged: the others share its data */
  const groups = new Map<string, boolean>();
  try {
    for await (const batch of capture.nodes()) {
      signal.throwIfAborted();
      for (const captured of batch) {
        const { metadata, content } = captured;
        const path =
          metadata.path === '' ? (draft.name as RawPath) : joinRaw(draft.name as RawPath, metadata.path);
        const own = isUnchanged(path, metadata, predecessors);
        const group = metadata.type === 'file' && metadata.links > 1 ? hardLinkKey(captured) : undefined;
        const first = group === undefined ? undefined : groups.get(group);
        if (group !== undefined && first === undefined) groups.set(group, own);
        preview.nodes += 1;
        preview.bytes += metadata.size;
        if (first ?? own) preview.unchanged += 1;
        else if (first === undefined) preview.newBytes += metadata.size;
        if (content?.kind === 'file') content.release();
      }
    }
  } finally {
    for (const predecessor of predecessors) predecessor.close();
  }
  return preview;
}

function isUnchanged(path: RawPath, metadata: NodeMetadata, predecessors: readonly Predecessor[]): boolean {
  // Every one has to move along; the first that has it is the one that would be shared.
  const lines = predecessors.map((predecessor) => predecessor.find(path));
  const at = lines.findIndex((line) => line !== undefined && metadataEnd(line, metadata, path) !== undefined);
  const predecessor = predecessors[at];
  if (predecessor === undefined) return false;
  if (metadata.type !== 'file' && metadata.type !== 'symlink') return true;
  const folder = predecessor.folder(parentOf(path));
  if (folder === undefined) return false;
  try {
    const line = lines[at] ?? '';
    const stored = storedAs(isPacked(line) ? parseNode(line) : { ...metadata, path });
    const place = { directory: folder.descriptor, name: stored.name };
    return isAsStored(place, stored.size, metadata.mtime);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}
