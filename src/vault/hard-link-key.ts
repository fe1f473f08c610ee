/** What all names of one file have in common, within one component. */
import type { CapturedNode } from '../model/capture.ts';

/** A snapshot names the first of them; a live file system has numbers, which a snapshot may hold twice for different files. */
export function hardLinkKey({ metadata, kept }: Pick<CapturedNode, 'metadata' | 'kept'>): string {
  return kept === undefined ? `${metadata.device}:${metadata.inode}` : `/${kept.first}`;
}
