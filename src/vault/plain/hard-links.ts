/**
 * Files with several names. The first name of a group in the snapshot's order is stored, the others become links to it
 * within the same snapshot; so two files that are separate at the source are separate in every snapshot.
 */
import type { CapturedNode } from '../../model/capture.ts';
import type { Node } from '../../model/node.ts';
import { hardLinkKey } from '../hard-link-key.ts';

export class HardLinks<Entry> {
  /** A group is forgotten when all its names were seen; one with names outside the component stays to the end. */
  readonly #groups = new Map<string, { group: HardLinkGroup<Entry>; seen: number }>();

  groupOf(captured: CapturedNode): HardLinkGroup<Entry> {
    const key = hardLinkKey(captured);
    const known = this.#groups.get(key) ?? { group: new HardLinkGroup<Entry>(), seen: 0 };
    known.seen += 1;
    if (known.seen < captured.metadata.links) this.#groups.set(key, known);
    else this.#groups.delete(key);
    return known.group;
  }
}

export class HardLinkGroup<Entry> {
  #leader: Entry | undefined;
  #waiting: Entry[] = [];
  #stored: Node | undefined;
  #isShared = false;

  /** The node of the leader, as soon as it is stored. */
  get stored(): Node | undefined {
    return this.#stored;
  }

  /** True if the entry is the first and is to be stored; false if it is to follow. */
  lead(entry: Entry): boolean {
    this.#leader ??= entry;
    return this.#leader === entry;
  }

  wait(entry: Entry): void {
    this.#waiting.push(entry);
  }

  /** The leader shares its data with an earlier snapshot. */
  get isShared(): boolean {
    return this.#isShared;
  }

  /** The leader is stored; returns those who have waited for it. */
  store(node: Node, isShared: boolean): Entry[] {
    this.#stored = node;
    this.#isShared = isShared;
    return this.#waiting.splice(0);
  }

  /** The leader could not be stored; returns those who have waited, one of whom may lead now. */
  disband(): Entry[] {
    this.#leader = undefined;
    return this.#waiting.splice(0);
  }
}
