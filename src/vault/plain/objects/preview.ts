/** What storing a capture would come to, found with the same comparisons that storing it makes. */
import { joinRaw, type RawPath } from '../../../base/raw-path.ts';
import type { Capture } from '../../../model/capture.ts';
import type { CallOptions } from '../../../storage/storage.ts';
import { hardLinkKey } from '../../hard-link-key.ts';
import type { ComponentDraft, Preview } from '../../vault.ts';
import { findUnchanged } from '../unchanged.ts';
import { Earlier, earlierSources } from './earlier.ts';
import { Spool } from './spool.ts';
import type { VaultParts } from './vault-parts.ts';

export async function previewComponent(
  parts: VaultParts,
  target: string,
  { name }: ComponentDraft,
  capture: Capture,
  { signal }: CallOptions,
): Promise<Preview> {
  const spool = new Spool(parts.spool);
  const earlier: Earlier[] = [];
  const preview = { nodes: 0, bytes: 0, unchanged: 0, newBytes: 0 };
  /** whether the first of each hard-link group is unchanged: the others share its data */
  const groups = new Map<string, boolean>();
  try {
    const { snapshots } = await parts.listing.snapshots({ target, signal });
    const sources = await earlierSources({ storage: parts.storage, spool }, snapshots, { signal });
    earlier.push(...sources.map((source) => new Earlier(source)));
    for await (const batch of capture.nodes()) {
      signal.throwIfAborted();
      for (const captured of batch) {
        const { metadata, content } = captured;
        const path = metadata.path === '' ? (name as RawPath) : joinRaw(name as RawPath, metadata.path);
        const own = findUnchanged(earlier, metadata, path) !== undefined;
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
    for (const one of earlier) one.close();
    spool.close();
  }
  return preview;
}
