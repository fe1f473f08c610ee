/** The trees around the components: the target's folder, hikae's own files, and the root that holds both. */
import { rawFromText } from '../../base/raw-path.ts';
import type { TimeWriter } from './format/times.ts';
import { encodeTree } from './format/tree.ts';
import { encodeMetadata, encodeRest, type TreeNode } from './format/tree-node.ts';
import { OWN } from './listing.ts';

export interface OwnFile {
  readonly name: string;
  readonly content: readonly string[];
  readonly size: number;
}

export interface RootParts {
  readonly target: string;
  /** the components' folders as nodes, by name */
  readonly components: ReadonlyMap<string, string>;
  readonly files: readonly OwnFile[];
  /** milliseconds since 1970 UTC */
  readonly time: number;
  readonly uid: number;
  readonly gid: number;
  readonly times: TimeWriter;
}

/** Stores these trees by `store`, which gives the id of each; returns the root's. */
export function storeRoot(parts: RootParts, store: (tree: Buffer) => string): string {
  const { target, components, files, times } = parts;
  const encoded = (node: MadeNode) =>
    encodeMetadata(node, times) + encodeRest({ xattrs: [], rdev: 0n, ...node });
  const own = inOrder(files, ({ name }) => name).map(({ name, content, size }) =>
    encoded({ ...made(parts, name, 'file'), content, size }),
  );
  const texts = inOrder([...components], ([name]) => name).map(([, text]) => text);
  const folders = [
    { name: OWN, subtree: store(encodeTree(own)) },
    { name: target, subtree: store(encodeTree(texts)) },
  ];
  const root = inOrder(folders, ({ name }) => name).map(({ name, subtree }) =>
    encoded({ ...made(parts, name, 'dir'), subtree }),
  );
  return store(encodeTree(root));
}

type MadeNode = Omit<TreeNode, 'xattrs' | 'rdev'>;

/** Nothing of it lies on any disk: owner and time are those of the run. */
function made({ time, uid, gid }: RootParts, name: string, type: 'file' | 'dir'): MadeNode {
  const now = BigInt(time) * 1_000_000n;
  const nobody = { user: '', group: '', inode: 0n, device: 0n, links: type === 'file' ? 1 : 0, size: 0 };
  const mode = type === 'file' ? 0o600 : 0o700;
  return { name: rawFromText(name), type, mode, uid, gid, mtime: now, ctime: now, ...nobody };
}

/** By the bytes of their names, which are ASCII here. */
function inOrder<One>(all: readonly One[], nameOf: (one: One) => string): One[] {
  return [...all].sort((left, right) => (nameOf(left) < nameOf(right) ? -1 : 1));
}
