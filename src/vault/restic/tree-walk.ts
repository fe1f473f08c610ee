/** Going through the trees of a snapshot, depth first, in the order of their names' bytes: the order of hikae's own lists. */
import { joinRaw, type RawPath } from '../../base/raw-path.ts';
import { BlobDamaged, type BlobReader } from './blob-reader.ts';
import { parseTree } from './format/tree.ts';
import type { TreeNode } from './format/tree-node.ts';
import type { Signalled } from './objects.ts';

/** Deeper than any file system that can be walked by paths; it ends a tree that was made up. */
const DEEPEST = 2048;

export interface WalkedNode {
  readonly path: RawPath;
  readonly node: TreeNode;
}

/** The nodes of one tree, parsed, with their names checked to be in order. Throws a SyntaxError, or BlobDamaged. */
export async function readTree(
  blobs: Pick<BlobReader, 'read'>,
  id: string,
  options: Signalled,
): Promise<TreeNode[]> {
  const nodes: TreeNode[] = [];
  for (const node of parseTree(await blobs.read('tree', id, options))) {
    const last = nodes.at(-1);
    if (last !== undefined && last.name >= node.name) throw new SyntaxError('a tree is out of order');
    nodes.push(node);
  }
  return nodes;
}

export interface WalkOptions extends Signalled {
  /** told of a folder whose tree can't be read, which is then passed over; without this the walk ends there */
  readonly damaged?: ((path: RawPath, reason: string) => void) | undefined;
}

/**
 * Everything below the tree `id`, whose own place is `path`; at a time the nodes up to and including the next folder, because
 * to wait for each takes longer than to parse it.
 */
export async function* walkTree(
  blobs: BlobReader,
  id: string,
  path: RawPath,
  options: WalkOptions,
): AsyncGenerator<readonly WalkedNode[]> {
  const open = [{ path, nodes: await nodesOf(blobs, id, path, options) }];
  for (let folder = open.at(-1); folder !== undefined; folder = open.at(-1)) {
    const stretch = takeUntilFolder(folder.path, folder.nodes);
    if (stretch.length > 0) yield stretch;
    const last = stretch.at(-1);
    if (last?.node.subtree === undefined) {
      open.pop();
      continue;
    }
    if (open.length >= DEEPEST) throw new SyntaxError('its folders are nested too deep');
    open.push({ path: last.path, nodes: await nodesOf(blobs, last.node.subtree, last.path, options) });
  }
}

/** The next nodes of a folder: up to one that is a folder itself, or all that are left. */
function takeUntilFolder(folder: RawPath, nodes: ArrayIterator<TreeNode>): WalkedNode[] {
  const taken: WalkedNode[] = [];
  for (let next = nodes.next(); next.done !== true; next = nodes.next()) {
    const node = next.value;
    taken.push({ path: joinRaw(folder, node.name), node });
    if (node.subtree !== undefined) break;
  }
  return taken;
}

async function nodesOf(
  blobs: BlobReader,
  id: string,
  path: RawPath,
  options: WalkOptions,
): Promise<ArrayIterator<TreeNode>> {
  try {
    return (await readTree(blobs, id, options)).values();
  } catch (error) {
    if (options.damaged === undefined || !isTreeDamage(error)) throw error;
    options.damaged(path, error.message);
    return [].values();
  }
}

/** What a tree that can't be read is told by: no place has it, or what is there is no tree. */
export function isTreeDamage(error: unknown): error is Error {
  return error instanceof SyntaxError || error instanceof BlobDamaged;
}

/** The bytes of a small file of hikae's own at a path of names below a tree; undefined when it isn't there. */
export async function readSmallFile(
  blobs: BlobReader,
  tree: string,
  names: readonly string[],
  { most, signal }: Signalled & { readonly most: number },
): Promise<Buffer | undefined> {
  let id: string | undefined = tree;
  for (const [at, name] of names.entries()) {
    if (id === undefined) return undefined;
    const node: TreeNode | undefined = (await readTree(blobs, id, { signal })).find(
      (one) => one.name === name,
    );
    if (at < names.length - 1) {
      id = node?.subtree;
      continue;
    }
    if (node?.content === undefined) return undefined;
    if (node.size > most) throw new SyntaxError(`${name} has ${node.size} bytes`);
    const parts: Buffer[] = [];
    for (const blob of node.content) {
      parts.push(await blobs.read('data', blob, { signal, isOwn: true }));
      if (parts.reduce((sum, part) => sum + part.length, 0) > most)
        throw new SyntaxError(`${name} is too long`);
    }
    return Buffer.concat(parts);
  }
  return undefined;
}
