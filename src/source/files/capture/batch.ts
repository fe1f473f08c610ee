/** Nodes on their way to the vault. Until the next batch is asked for, the directories that they hang on stay open. */

import type { OpenDirectory } from '../../../base/open-directory.ts';
import type { CapturedNode } from '../../../model/capture.ts';

const SIZE = 256;

export class Batch {
  #nodes: CapturedNode[] = [];
  #held: OpenDirectory[] = [];

  get isFull(): boolean {
    return this.#nodes.length >= SIZE;
  }

  /** `directory`: what the node's attributes are read from */
  add(node: CapturedNode, directory: OpenDirectory): void {
    this.#nodes.push(node);
    if (this.#held.at(-1) === directory) return;
    directory.hold();
    this.#held.push(directory);
  }

  *handOver(): Generator<readonly CapturedNode[]> {
    const nodes = this.#nodes;
    const held = this.#held;
    this.#nodes = [];
    this.#held = [];
    for (let from = 0; from < nodes.length; from += SIZE) yield nodes.slice(from, from + SIZE);
    for (const directory of held) directory.release();
  }
}
