/** Files with several names: the content is read by the first, and the others have the same. */
import type { CapturedNode } from '../../model/capture.ts';
import { hardLinkKey } from '../hard-link-key.ts';

export interface ContentGroup<Entry, Content> {
  content: Content | undefined;
  /** who is being read */
  leader: Entry | undefined;
  readonly waiting: Entry[];
}

export class ContentGroups<Entry, Content> {
  /** A group is forgotten when all its names were seen; one with names outside the component stays to the end. */
  readonly #groups = new Map<string, { group: ContentGroup<Entry, Content>; seen: number }>();

  of(captured: CapturedNode): ContentGroup<Entry, Content> {
    const key = hardLinkKey(captured);
    const known = this.#groups.get(key) ?? {
      group: { content: undefined, leader: undefined, waiting: [] },
      seen: 0,
    };
    known.seen += 1;
    if (known.seen < captured.metadata.links) this.#groups.set(key, known);
    else this.#groups.delete(key);
    return known.group;
  }
}
