/** What is wanted of a pack that is not read yet, and the stretches that it is read in. */
import type { Node } from '../../model/node.ts';
import type { BlobPlace } from './format/blob.ts';
import { type SealedBlob, sizeOf } from './restoring-jobs.ts';

/** A place in a file that a blob belongs to. */
export interface Use {
  readonly node: Node;
  readonly offset: number;
}

export interface WantedBlob extends SealedBlob {
  readonly uses: Use[];
}

/** What is read at once and becomes one job. */
export interface Stretch {
  readonly pack: string;
  readonly offset: number;
  readonly length: number;
  readonly blobs: readonly WantedBlob[];
}

/** A stretch ends before it has more of these than so many; a single blob may. */
const MOST_BYTES = 8 * 1024 * 1024;
const MOST_BLOBS = 512;
/** To read so much that nobody wants is quicker than to ask twice. */
const WIDEST_GAP = 64 * 1024;

export class WantedPack {
  readonly id: string;
  readonly #blobs = new Map<string, WantedBlob>();
  /** sealed bytes that are wanted */
  bytes = 0;
  /** places in files that they are wanted for */
  uses = 0;

  constructor(id: string) {
    this.id = id;
  }

  add(id: string, { offset, length, plainLength }: BlobPlace, use: Use): void {
    this.uses += 1;
    const known = this.#blobs.get(id);
    if (known !== undefined) {
      known.uses.push(use);
      return;
    }
    this.bytes += length;
    this.#blobs.set(id, { id, offset, length, plainLength, uses: [use] });
  }

  /** In the order of the pack. */
  *stretches(): Generator<Stretch> {
    const blobs = [...this.#blobs.values()].sort((left, right) => left.offset - right.offset);
    for (let from = 0; from < blobs.length; ) {
      const first = blobs[from] as WantedBlob;
      let end = first.offset + first.length;
      let opened = sizeOf(first);
      let to = from + 1;
      for (; to < blobs.length && to - from < MOST_BLOBS; to++) {
        const next = blobs[to] as WantedBlob;
        opened += sizeOf(next);
        if (next.offset - end > WIDEST_GAP || opened > MOST_BYTES) break;
        if (next.offset + next.length - first.offset > MOST_BYTES) break;
        end = Math.max(end, next.offset + next.length);
      }
      const { offset } = first;
      yield { pack: this.id, offset, length: end - offset, blobs: blobs.slice(from, to) };
      from = to;
    }
  }
}
