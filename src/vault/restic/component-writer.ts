/**
 * Storing one component: every captured node is compared with the same path of earlier snapshots; what is unchanged is taken
 * over as it stands there, of everything else threads store the content. This module only decides.
 */
import { nameOf, type RawPath } from '../../base/raw-path.ts';
import type { Capture, CapturedNode } from '../../model/capture.ts';
import { earlierTexts, findUnchanged } from './earlier-nodes.ts';
import { EarlierTree } from './earlier-tree.ts';
import { FileWriter } from './file-writer.ts';
import { encodeMetadata, encodeRest, parseTreeNode, type TreeNode } from './format/tree-node.ts';
import { storeStream } from './stream-storing.ts';
import { type Folder, TreeBuilder } from './tree-builder.ts';
import { type ComponentParts, countFile, treeNode, xattrsOf } from './writer-parts.ts';

export class ComponentWriter {
  readonly #parts: ComponentParts;
  readonly #trees: TreeBuilder;
  readonly #files: FileWriter;
  /** the folders that the present path lies in, the component's first; what is in one begins with `within` */
  readonly #open: { readonly within: string; readonly folder: Folder }[] = [];

  constructor(parts: ComponentParts) {
    this.#parts = parts;
    this.#trees = new TreeBuilder((tree) => parts.crew.storeTree(tree));
    this.#files = new FileWriter(parts, this.#trees);
  }

  /** Resolves, with the component's folder as a node, when everything of the capture is stored. */
  async write(capture: Capture): Promise<string> {
    const { crew, signal } = this.#parts;
    try {
      for await (const batch of capture.nodes()) {
        for (const captured of batch) {
          const taken = this.#take(captured);
          if (taken !== undefined) await taken;
        }
        signal.throwIfAborted();
        await this.#files.room();
        await crew.indexIfDue();
      }
      await this.#files.drain();
      this.#leaveFolders('' as RawPath);
    } catch (error) {
      // Nobody may still be reading when what the source holds open is let go.
      await this.#files.end(error);
      signal.throwIfAborted();
      crew.throwIfFailed();
      throw error;
    }
    if (this.#trees.result === undefined) throw new TypeError('a capture without its root');
    return this.#trees.result;
  }

  /** Waits only for what takes its time: most entries are taken at once. */
  #take(captured: CapturedNode): Promise<void> | undefined {
    const { component } = this.#parts;
    const relative = captured.metadata.path;
    const path = (relative === '' ? component : `${component}/${relative}`) as RawPath;
    this.#leaveFolders(path);
    const { type } = captured.metadata;
    if (type === 'dir') return this.#takeFolder(path, captured);
    if (type !== 'file') return this.#takeEntry(path, captured);
    if (captured.content?.kind === 'stream' && captured.kept === undefined)
      return this.#takeStream(path, captured);
    return this.#takeFile(path, captured);
  }

  /** Closes the folders that `path` doesn't lie in. */
  #leaveFolders(path: RawPath): void {
    for (let last = this.#open.at(-1); last !== undefined; last = this.#open.at(-1)) {
      if (path.startsWith(last.within)) return;
      this.#open.pop();
      this.#trees.close(last.folder);
    }
  }

  async #takeFolder(path: RawPath, captured: CapturedNode): Promise<void> {
    const { blobs, counts, signal, times } = this.#parts;
    const start = encodeMetadata(treeNode(captured, path), times);
    const texts = this.#earlierTexts(path);
    const unchanged = findUnchanged(texts, start);
    const xattrs =
      unchanged === undefined ? xattrsOf(this.#parts, captured, path) : parseTreeNode(unchanged.text).xattrs;
    const earlier = await Promise.all(
      texts.map((text) => {
        const subtree = text === undefined ? undefined : subtreeIn(text);
        return subtree === undefined ? undefined : EarlierTree.open(blobs, subtree, { signal });
      }),
    );
    counts.nodes += 1;
    if (unchanged !== undefined) counts.unchanged += 1;
    const textWith = (subtree: string) => start + encodeRest({ xattrs, rdev: 0n, subtree });
    const around = this.#open.at(-1)?.folder;
    const folder = this.#trees.open({ textWith, earlier, earlierText: texts[0] }, around);
    this.#open.push({ within: `${path}/`, folder });
  }

  /** A symlink, a FIFO, a socket or a device: all that it is stands in its node. */
  #takeEntry(path: RawPath, captured: CapturedNode): undefined {
    const { counts, times } = this.#parts;
    const { metadata, target } = captured;
    const start = encodeMetadata(treeNode(captured, path), times);
    const unchanged = findUnchanged(this.#earlierTexts(path), start);
    const slot = this.#trees.announce(this.#folder());
    counts.nodes += 1;
    if (unchanged !== undefined) {
      counts.unchanged += 1;
      this.#trees.fill(slot, { text: unchanged.text, same: unchanged.first });
      return;
    }
    const xattrs = xattrsOf(this.#parts, captured, path);
    const rest = encodeRest({ xattrs, rdev: metadata.rdev, ...(target === undefined ? {} : { target }) });
    this.#trees.fill(slot, { text: start + rest, same: false });
  }

  #takeFile(path: RawPath, captured: CapturedNode): Promise<void> | undefined {
    const texts = this.#earlierTexts(path);
    return this.#files.take(path, captured, { slot: this.#trees.announce(this.#folder()), texts });
  }

  async #takeStream(path: RawPath, captured: CapturedNode): Promise<void> {
    const { counts, crew, signal, times } = this.#parts;
    const slot = this.#trees.announce(this.#folder());
    const earlier = this.#earlierTexts(path);
    const stored = await storeStream(captured, { crew, signal, counts });
    counts.newBytes += stored.newBytes;
    countFile(this.#parts, path, stored.size, stored.sha256);
    const node = { ...treeNode(captured, path), size: stored.size };
    const same = earlier.findIndex((text) => text !== undefined && isSameStream(text, node, stored.content));
    if (same >= 0) {
      // A stream has no time of its own: with the same content it is the earlier node once more.
      counts.unchanged += 1;
      this.#trees.fill(slot, { text: earlier[same] as string, same: same === 0 });
      return;
    }
    const rest = encodeRest({
      xattrs: xattrsOf(this.#parts, captured, path),
      rdev: 0n,
      content: stored.content,
    });
    this.#trees.fill(slot, { text: encodeMetadata(node, times) + rest, same: false });
  }

  #folder(): Folder {
    const last = this.#open.at(-1);
    if (last === undefined) throw new TypeError('a capture that does not begin with its root');
    return last.folder;
  }

  #earlierTexts(path: RawPath): (string | undefined)[] {
    const around = this.#open.at(-1)?.folder;
    if (around === undefined) return this.#parts.earlier.map(({ text }) => text);
    return earlierTexts(around.options.earlier, nameOf(path));
  }
}

const endOfFolder = /^"subtree":"([0-9a-f]{64})"\}$/;
/** The length of such an end. */
const SUBTREE = '"subtree":""}'.length + 64;

function subtreeIn(text: string): string | undefined {
  return endOfFolder.exec(text.slice(-SUBTREE))?.[1];
}

function isSameStream(
  text: string,
  node: Pick<TreeNode, 'mode' | 'uid' | 'gid' | 'size'>,
  content: readonly string[],
): boolean {
  const earlier = parseTreeNode(text);
  return (
    earlier.type === 'file' &&
    earlier.mode === node.mode &&
    earlier.uid === node.uid &&
    earlier.gid === node.gid &&
    earlier.size === node.size &&
    earlier.content?.join() === content.join()
  );
}
