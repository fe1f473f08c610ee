/** A folder of an earlier snapshot, gone through beside the one that is being written. */
import { goUnquote } from '../../base/go-quoting.ts';
import { type RawName, rawFromText } from '../../base/raw-path.ts';
import { BlobDamaged, type BlobReader } from './blob-reader.ts';
import { isCanonical, nodesInTree } from './format/tree.ts';
import type { Signalled } from './objects.ts';

export class EarlierTree {
  readonly id: string;
  readonly #nodes: Iterator<string>;
  readonly #tree: Buffer;
  #text: string | undefined;
  #name: RawName | undefined;

  private constructor(id: string, tree: Buffer) {
    this.id = id;
    this.#tree = tree;
    this.#nodes = nodesInTree(tree);
    this.#advance();
  }

  /** undefined for a tree that can't be read: then there is nothing to compare with. */
  static async open(blobs: BlobReader, id: string, options: Signalled): Promise<EarlierTree | undefined> {
    try {
      return new EarlierTree(id, await blobs.read('tree', id, options));
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof BlobDamaged)) throw error;
      return undefined;
    }
  }

  /** The text of the node with this name. Names are asked for in their order. */
  find(name: RawName): string | undefined {
    while (this.#name !== undefined && this.#name < name) this.#advance();
    return this.#name === name ? this.#text : undefined;
  }

  /** True when its bytes are those that encodeTree makes of these nodes, each of which was found here. */
  consistsOf(count: number, bytes: number): boolean {
    return isCanonical(this.#tree, count, bytes);
  }

  #advance(): void {
    this.#name = undefined;
    try {
      const next = this.#nodes.next();
      if (next.done === true) return;
      this.#text = next.value;
      this.#name = nameIn(next.value);
    } catch (error) {
      // Damaged, or not in the form that is compared: the rest is as if it weren't there.
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
}

const START = '{"name":"';
const END = '","type":"';

/** Of a text that begins like restic's. */
function nameIn(text: string): RawName {
  const end = text.indexOf(END);
  if (!text.startsWith(START) || end < 0) throw new SyntaxError('a node that begins otherwise');
  const quoted = text.slice(START.length, end);
  return quoted.includes('\\') ? goUnquote(JSON.parse(`"${quoted}"`) as string) : rawFromText(quoted);
}
