/** An earlier snapshot, or what an interrupted run left, to take unchanged data from. */
import type { OpenDirectory } from '../../base/open-directory.ts';
import type { RawPath } from '../../base/raw-path.ts';
import { EarlierLines, type LineSource } from './earlier-lines.ts';
import { StoredTree } from './stored-tree.ts';

export interface PredecessorSource extends Omit<LineSource, 'path'> {
  /** absolute path of the snapshot's folder */
  readonly folder: string;
  /** the file with its nodes, in that folder */
  readonly nodes: string;
  /** it was published, so that its stored files are as its nodes say; if not, each is hashed before it is shared */
  readonly published: boolean;
}

/** Its lines, and the stored files that they tell of. */
export class Predecessor extends EarlierLines {
  readonly #tree: StoredTree;

  constructor(source: PredecessorSource) {
    super({ ...source, path: `${source.folder}/${source.nodes}` });
    this.#tree = StoredTree.open(source.folder);
  }

  /** The folder that its stored files of a path lie in, held until the next is asked for. */
  folder(path: RawPath): OpenDirectory | undefined {
    return this.#tree.folder(path);
  }

  override close(): void {
    super.close();
    this.#tree.close();
  }
}
