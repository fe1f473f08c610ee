/** Which files of a snapshot are one file with several names: the format has only inode numbers for that. */
import type { RawPath } from '../../base/raw-path.ts';
import { componentOf } from '../../model/snapshot.ts';
import type { TreeNode } from './format/tree-node.ts';

interface Group {
  readonly first: RawPath;
  readonly content: string;
  left: number;
}

export class HardLinkNames {
  readonly #groups = new Map<string, Group>();

  /** The first path of the group that this file belongs to; undefined for the first itself, and for a file by itself. */
  firstNameOf(path: RawPath, { device, inode, links, content = [] }: TreeNode): RawPath | undefined {
    if (links < 2 || inode === 0n) return undefined;
    // Components are captured one after the other: by then the number may have become another file's.
    const key = `${componentOf(path)}/${device}:${inode}`;
    const same = content.join();
    const known = this.#groups.get(key);
    if (known === undefined || known.content !== same) {
      this.#groups.set(key, { first: path, content: same, left: links - 1 });
      return undefined;
    }
    known.left -= 1;
    if (known.left === 0) this.#groups.delete(key);
    return known.first;
  }
}
