/** Reading a snapshot of a repository. */
import { breathe } from '../../base/abort.ts';
import { type RawPath, textOf } from '../../base/raw-path.ts';
import type { Writable } from '../../base/writable.ts';
import type { ContentParts } from '../../model/capture.ts';
import type { Node } from '../../model/node.ts';
import type { SnapshotHeader } from '../../model/snapshot.ts';
import type { Delivery, ReadOptions, Receiver, SnapshotReader } from '../../model/snapshot-reader.ts';
import { vaultErrors } from '../errors.ts';
import { BlobDamaged, type BlobReader } from './blob-reader.ts';
import { HashList } from './content-hashes.ts';
import { readContent } from './file-content.ts';
import { FOREIGN_COMPONENT } from './foreign-header.ts';
import { idOf } from './format/blob.ts';
import type { TreeNode } from './format/tree-node.ts';
import { HardLinkNames } from './hard-link-names.ts';
import { HASHES, OWN, POLICY, type StoredSnapshot } from './listing.ts';
import type { Repository } from './repository.ts';
import { PackDelivery } from './restoring-delivery.ts';
import { linesOf } from './text-lines.ts';
import { isTreeDamage, readSmallFile, readTree, type WalkedNode, walkTree } from './tree-walk.ts';

const BATCH = 512;
const MOST_POLICY = 16 * 1024 * 1024;
const EMPTY = idOf(Buffer.alloc(0));

export interface ReaderParts {
  readonly repository: Repository;
  readonly blobs: BlobReader;
  readonly snapshot: StoredSnapshot;
  readonly threads: number;
  readonly aroundDamage: boolean;
  /** lets go of what kept the snapshot from being removed */
  readonly release: () => Promise<void>;
}

export class ResticSnapshotReader implements SnapshotReader {
  readonly header: SnapshotHeader;
  readonly damagedFolders = new Map<RawPath, string>();
  readonly #parts: ReaderParts;
  /** the blobs of files that were given out */
  readonly #contents = new WeakMap<Node, readonly string[]>();

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    this.header = parts.snapshot.entry.header;
  }

  async *nodes(options: ReadOptions & { readonly component?: string } = {}): AsyncGenerator<readonly Node[]> {
    const signal = options.signal ?? never;
    let batch: Node[] = [];
    try {
      const findHash = await this.#openHashes(signal);
      const names = new HardLinkNames();
      for await (const stretch of this.#walk(options.component, signal)) {
        for (const { path, node } of stretch) {
          const { content } = node;
          const sha256 = content === undefined ? undefined : (hashOf(content) ?? (await findHash(path)));
          const made = nodeFrom(path, node, sha256, names);
          if (content !== undefined) this.#contents.set(made, content);
          batch.push(made);
          if (batch.length < BATCH) continue;
          yield batch;
          batch = [];
          await breathe(signal);
        }
      }
    } catch (error) {
      throw this.#damaged(error);
    }
    if (batch.length > 0) yield batch;
  }

  /** The nodes of all components, or of one, with the component's name in front of their paths. */
  async *#walk(component: string | undefined, signal: AbortSignal): AsyncGenerator<readonly WalkedNode[]> {
    const { blobs, snapshot } = this.#parts;
    const { tree } = snapshot.file;
    const damaged = !this.#parts.aroundDamage
      ? undefined
      : (path: RawPath, reason: string) => void this.damagedFolders.set(path, reason);
    if (!snapshot.own) {
      if (component !== undefined && component !== FOREIGN_COMPONENT) return;
      const path = FOREIGN_COMPONENT as RawPath;
      yield [{ path, node: { ...foreignRoot, name: path, subtree: tree } }];
      yield* walkTree(blobs, tree, path, { signal, damaged });
      return;
    }
    const expected = new Set(
      this.header.components.filter(({ complete }) => complete).map(({ name }) => name),
    );
    for (const node of await this.#componentRoots(signal)) {
      if (!expected.delete(node.name) || node.subtree === undefined) throw this.#unsafe(node.name);
      if (component !== undefined && component !== node.name) continue;
      yield [{ path: node.name, node }];
      yield* walkTree(blobs, node.subtree, node.name, { signal, damaged });
    }
    const [missing] = expected;
    if (missing !== undefined) throw new SyntaxError(`the component ${missing} is missing`);
  }

  async #componentRoots(signal: AbortSignal): Promise<readonly TreeNode[]> {
    const { blobs, snapshot } = this.#parts;
    const root = await readTree(blobs, snapshot.file.tree, { signal });
    const target = root.find(({ name }) => name === this.header.target)?.subtree;
    if (target === undefined) throw new SyntaxError(`it has no folder ${this.header.target}`);
    return readTree(blobs, target, { signal });
  }

  async *content(
    node: Node,
    options: ReadOptions & { readonly offset?: number; readonly length?: number } = {},
  ): AsyncGenerator<Uint8Array> {
    const { signal = never, ...range } = options;
    const { repository, blobs } = this.#parts;
    const content = this.#contents.get(node) ?? (await this.#findContent(node.path, signal));
    try {
      yield* readContent(repository, blobs, content, { ...range, signal });
    } catch (error) {
      throw this.#contentDamaged(node, error);
    }
  }

  deliver(receiver: Receiver, options: { readonly signal: AbortSignal }): Delivery {
    const { repository, threads } = this.#parts;
    const contentOf = (node: Node) =>
      this.#contents.get(node) ?? this.#findContent(node.path, options.signal);
    return new PackDelivery({ repository, threads, contentOf }, receiver, options);
  }

  parts(node: Node): readonly string[] | undefined {
    return this.#contents.get(node);
  }

  /** For a node that came from elsewhere: by its path, name by name. */
  async #findContent(path: RawPath, signal: AbortSignal): Promise<readonly string[]> {
    const { blobs, snapshot } = this.#parts;
    try {
      const [component = '', ...names] = path.split('/');
      let subtree: string | undefined = snapshot.file.tree;
      let node: TreeNode | undefined;
      if (snapshot.own)
        subtree = (await this.#componentRoots(signal)).find(({ name }) => name === component)?.subtree;
      for (const name of names) {
        if (subtree === undefined) break;
        node = (await readTree(blobs, subtree, { signal })).find((one) => one.name === name);
        subtree = node?.subtree;
      }
      if (node?.content === undefined) throw new SyntaxError(`it has no file ${textOf(path) ?? path}`);
      return node.content;
    } catch (error) {
      throw this.#damaged(error);
    }
  }

  /** Where the list of hashes is damaged, whoever goes around damage does without it: blobs are checked each by itself. */
  async #openHashes(signal: AbortSignal): Promise<(path: RawPath) => Promise<string | undefined>> {
    let hashes = new HashList(linesOf(nothing()));
    const without = (error: unknown): undefined => {
      if (!this.#parts.aroundDamage || !isTreeDamage(error)) throw error;
      hashes = new HashList(linesOf(nothing()));
    };
    hashes = (await this.#hashList(signal).catch(without)) ?? hashes;
    return (path) => hashes.find(path).catch(without);
  }

  async #hashList(signal: AbortSignal): Promise<HashList> {
    const { repository, blobs, snapshot } = this.#parts;
    if (!snapshot.own) return new HashList(linesOf(nothing()));
    const root = await readTree(blobs, snapshot.file.tree, { signal });
    const own = root.find(({ name }) => name === OWN)?.subtree;
    const files = own === undefined ? [] : await readTree(blobs, own, { signal });
    const content = files.find(({ name }) => name === HASHES)?.content ?? [];
    return new HashList(linesOf(readContent(repository, blobs, content, { signal, isOwn: true })));
  }

  readableParts(node: Node): ContentParts | undefined {
    const { blobs } = this.#parts;
    const ids = this.#contents.get(node);
    if (ids === undefined) return undefined;
    const read = async (id: string, signal: AbortSignal) => {
      try {
        return await blobs.read('data', id, { signal });
      } catch (error) {
        throw this.#contentDamaged(node, error);
      }
    };
    return { ids, read };
  }

  /** It never lies anywhere as plain bytes. */
  locate(): undefined {
    return undefined;
  }

  async policy({ signal = never }: ReadOptions = {}): Promise<Uint8Array | undefined> {
    const { blobs, snapshot } = this.#parts;
    if (!snapshot.own) return undefined;
    try {
      return await readSmallFile(blobs, snapshot.file.tree, [OWN, POLICY], { most: MOST_POLICY, signal });
    } catch (error) {
      throw this.#damaged(error);
    }
  }

  async close(): Promise<void> {
    await this.#parts.release();
  }

  #contentDamaged({ path: raw }: Node, error: unknown): unknown {
    if (!(error instanceof BlobDamaged)) return error;
    const path = textOf(raw) ?? raw;
    const { place } = this.#parts.snapshot.entry;
    return vaultErrors.SNAPSHOT_CONTENT_DAMAGED({ path, place }, { cause: error });
  }

  #damaged(error: unknown): unknown {
    if (!isTreeDamage(error)) return error;
    const { place } = this.#parts.snapshot.entry;
    return vaultErrors.SNAPSHOT_DAMAGED({ place, reason: error.message }, { cause: error });
  }

  #unsafe(name: RawPath): Error {
    const reason = `${textOf(name) ?? name} is no component of it`;
    return vaultErrors.SNAPSHOT_UNSAFE({ place: this.#parts.snapshot.entry.place, reason });
  }
}

const foreignRoot: Omit<TreeNode, 'name'> = {
  type: 'dir',
  mode: 0o700,
  uid: 0,
  gid: 0,
  user: '',
  group: '',
  mtime: 0n,
  ctime: 0n,
  inode: 0n,
  device: 0n,
  links: 0,
  size: 0,
  rdev: 0n,
  xattrs: [],
};

/** Undefined where the content is several blobs, of which the ids tell nothing of the whole. */
function hashOf(content: readonly string[]): string | undefined {
  return content.length === 0 ? EMPTY : content.length === 1 ? content[0] : undefined;
}

function nodeFrom(path: RawPath, from: TreeNode, sha256: string | undefined, names: HardLinkNames): Node {
  const node: Writable<Node> = {
    path,
    type: from.type,
    mode: from.mode,
    uid: from.uid,
    gid: from.gid,
    user: from.user,
    group: from.group,
    mtime: from.mtime,
    ctime: from.ctime,
    inode: from.inode,
    device: from.device,
    links: from.links,
    size: from.size,
    rdev: from.rdev,
    xattrs: from.xattrs,
    holes: none,
  };
  if (from.target !== undefined) node.target = from.target;
  if (from.type !== 'file') return node;
  if (sha256 === undefined) node.inParts = true;
  else node.sha256 = sha256;
  const first = names.firstNameOf(path, from);
  if (first !== undefined) node.hardlink = first;
  return node;
}

const none: readonly never[] = [];

async function* nothing(): AsyncGenerator<Uint8Array> {}

const never = new AbortController().signal;
