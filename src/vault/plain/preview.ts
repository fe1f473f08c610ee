/** What storing a capture would come to, found with the same comparison that storing it makes. */
import { joinRaw, type RawPath } from '../../base/raw-path.ts';
import type { Capture } from '../../model/capture.ts';
import type { ComponentDraft, Preview } from '../vault.ts';
import { encodeMetadata, restAfter } from './node-line.ts';
import { Predecessor } from './predecessor.ts';
import { predecessorsOf, publishedSource } from './predecessors.ts';

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
  try {
    for await (const batch of capture.nodes()) {
      signal.throwIfAborted();
      for (const { metadata, content } of batch) {
        const path =
          metadata.path === '' ? (draft.name as RawPath) : joinRaw(draft.name as RawPath, metadata.path);
        const text = encodeMetadata(metadata, path);
        const lines = predecessors.map((predecessor) => predecessor.find(path));
        const same = lines.some((line) => line !== undefined && restAfter(line, text) !== undefined);
        preview.nodes += 1;
        preview.bytes += metadata.size;
        if (same) preview.unchanged += 1;
        else preview.newBytes += metadata.size;
        if (content?.kind === 'file') content.release();
      }
    }
  } finally {
    for (const predecessor of predecessors) predecessor.close();
  }
  return preview;
}
