/**
 * Storing the files of one component: the content of those that have changed is read by threads, and only once for all names
 * of a file; of the others it is known.
 */
import type { RawPath } from '../../base/raw-path.ts';
import type { CapturedNode, ContentParts } from '../../model/capture.ts';
import type { Xattr } from '../../model/node.ts';
import { trouble } from '../../model/trouble.ts';
import { type ContentGroup, ContentGroups } from './content-groups.ts';
import {
  findUnchanged,
  type KnownContent,
  knownContent,
  onlyBlobIn,
  type UnchangedEntry,
} from './earlier-nodes.ts';
import { FileQueue } from './file-queue.ts';
import { idOf } from './format/blob.ts';
import { encodeMetadata, encodeRest, type TreeNode } from './format/tree-node.ts';
import { PartQueue } from './part-queue.ts';
import type { FileResult, StoredFile } from './storing-jobs.ts';
import { storeStream } from './stream-storing.ts';
import type { Slot, TreeBuilder } from './tree-builder.ts';
import {
  type ComponentParts,
  contentDamaged,
  countFile,
  requireSame,
  shown,
  treeNode,
  xattrsOf,
} from './writer-parts.ts';

/** A file's content, and what is known of the file since it was read. */
interface FileContent extends KnownContent {
  readonly xattrs: readonly Xattr[];
  readonly status: StoredFile['status'] | undefined;
}

/** A file on its way: announced in its folder, and not there yet. */
interface Pending {
  readonly slot: Slot;
  /** with the component's name in front */
  readonly path: RawPath;
  readonly captured: CapturedNode;
  readonly group: ContentGroup<Pending, FileContent> | undefined;
  moves: number;
}

/** Where a file goes in its folder, and what each of the earlier snapshots has there. */
interface Place {
  readonly slot: Slot;
  readonly texts: readonly (string | undefined)[];
}

const EMPTY = idOf(Buffer.alloc(0));
/** How often a file that moves away under the reader is followed. */
const MOST_MOVES = 8;

export class FileWriter {
  readonly #parts: ComponentParts;
  readonly #trees: TreeBuilder;
  readonly #queue: FileQueue<Pending>;
  readonly #groups = new ContentGroups<Pending, FileContent>();
  /** every file that its source holds open; after a failure all of them are let go */
  readonly #held = new Set<Pending>();
  /** files of a snapshot whose content comes as a stream */
  #streams: Pending[] = [];
  readonly #cut: PartQueue;

  constructor(parts: ComponentParts, trees: TreeBuilder) {
    this.#parts = parts;
    this.#trees = trees;
    const { crew, signal, counts, repository } = parts;
    this.#cut = new PartQueue({ crew, signal, counts, index: repository.index.blobs });
    this.#queue = new FileQueue(parts.crew, (pending, result) => this.#receive(pending, result));
  }

  /**
   * Takes a file whose place in its folder is `slot`; `texts` is what earlier snapshots have there. Of the most usual, one that
   * is unchanged and one blob, nobody has to wait for anything.
   */
  take(path: RawPath, captured: CapturedNode, { slot, texts }: Place): Promise<void> | undefined {
    const { repository, times } = this.#parts;
    const start = encodeMetadata(treeNode(captured, path), times);
    const unchanged = captured.metadata.links > 1 ? undefined : findUnchanged(texts, start);
    const blob = unchanged === undefined ? undefined : onlyBlobIn(unchanged.text);
    const isKnown =
      blob !== undefined &&
      (captured.sha256 === undefined || captured.sha256 === blob) &&
      repository.index.blobs.has('data', blob);
    if (unchanged === undefined || !isKnown) return this.#take(path, captured, start, { slot, texts });
    this.#keep(path, captured, slot, unchanged, undefined);
    release(captured);
    return undefined;
  }

  async #take(path: RawPath, captured: CapturedNode, start: string, { slot, texts }: Place): Promise<void> {
    const { counts, earlier, repository } = this.#parts;
    const { metadata } = captured;
    const hashes = earlier.map((one) => one.hashes);
    const { blobs: index } = repository.index;
    const found = await knownContent(texts, { node: metadata, start }, path, { hashes, index });
    const known = found !== undefined && isContentOf(captured, found) ? found : undefined;
    const group = metadata.links > 1 ? this.#groups.of(captured) : undefined;
    const pending: Pending = { slot, path, captured, group, moves: 0 };
    this.#held.add(pending);
    const unchanged = known === undefined ? undefined : findUnchanged(texts, start);
    if (known === undefined) {
      this.#store(pending);
    } else if (unchanged === undefined) {
      // Its content is the same; what is told of it is not, as when the disk got another number.
      counts.sharedBytes += metadata.size;
      this.#list(pending, { ...known, xattrs: xattrsOf(this.#parts, captured, path), status: undefined });
    } else {
      this.#keep(path, captured, slot, unchanged, known.sha256);
      this.#settle(pending);
    }
  }

  /** The earlier node once more. */
  #keep(
    path: RawPath,
    { metadata }: CapturedNode,
    slot: Slot,
    { text, first }: UnchangedEntry,
    sha256: string | undefined,
  ): void {
    const { counts } = this.#parts;
    counts.unchanged += 1;
    counts.sharedBytes += metadata.size;
    countFile(this.#parts, path, metadata.size, sha256);
    this.#trees.fill(slot, { text, same: first });
  }

  /** Waits while too much is under way. */
  async room(): Promise<void> {
    await this.#storeStreams();
    await this.#queue.room();
  }

  /** Waits until every file is stored. */
  async drain(): Promise<void> {
    await this.#storeStreams();
    await this.#cut.drain();
    await this.#queue.drain();
  }

  /** Waits until nobody reads any more, and lets go of what the source holds open. */
  async end(error: unknown): Promise<void> {
    await this.#cut.end();
    await this.#queue.end(error);
    for (const pending of this.#held) this.#settle(pending);
  }

  /** Has the content read, unless another name of the same file is read already. */
  #store(pending: Pending): void {
    const { group, captured } = pending;
    if (group?.content !== undefined) {
      this.#list(pending, group.content);
    } else if (group !== undefined && group.leader !== undefined) {
      group.waiting.push(pending);
    } else {
      if (group !== undefined) group.leader = pending;
      if (captured.content?.kind === 'stream') this.#streams.push(pending);
      else if (captured.content?.kind === 'file')
        this.#queue.add(pending, { place: captured.content.place, listed: captured.metadata });
      else throw new TypeError(`no content for ${pending.path}`);
    }
  }

  /** One after the other, because their vault has them one behind the other. */
  async #storeStreams(): Promise<void> {
    for (const pending of this.#streams.splice(0)) {
      const { captured } = pending;
      const parts = captured.content?.kind === 'stream' ? captured.content.parts?.() : undefined;
      const known =
        parts === undefined ? await this.#storeWhole(pending) : await this.#storeParts(pending, parts);
      this.#found(pending, { ...known, xattrs: captured.xattrs(), status: undefined });
    }
  }

  async #storeWhole({ captured, path }: Pending): Promise<KnownContent> {
    const { counts, crew, signal } = this.#parts;
    const { content, sha256, newBytes } = await storeStream(captured, { crew, signal, counts });
    requireSame(this.#parts, captured, path, { content, sha256 });
    counts.newBytes += newBytes;
    return { content, sha256 };
  }

  /** What is here already is not read; whoever cuts elsewhere will not find these parts again, but has them. */
  async #storeParts({ captured, path }: Pending, parts: ContentParts): Promise<KnownContent> {
    const { ids: content } = parts;
    requireSame(this.#parts, captured, path, {
      content,
      sha256: content.length > 1 ? captured.sha256 : undefined,
    });
    const before = this.#parts.counts.streamedBytes;
    await this.#cut.add(parts);
    const read = this.#parts.counts.streamedBytes - before;
    this.#parts.counts.sharedBytes += Math.max(0, captured.metadata.size - read);
    return { content, sha256: content.length > 1 ? captured.sha256 : undefined };
  }

  #receive(pending: Pending, result: FileResult): void {
    switch (result.kind) {
      case 'file':
        this.#stored(pending, result);
        break;
      case 'vanished':
        this.#vanished(pending);
        break;
      case 'unreadable':
        this.#requireLive(pending);
        this.#parts.troubles(trouble('unreadable', shown(pending.path), result.reason));
        this.#leaveOut(pending);
        break;
    }
  }

  #stored(pending: Pending, stored: StoredFile): void {
    const { captured, path } = pending;
    const { content, status, sha256 } = stored;
    requireSame(this.#parts, captured, path, stored);
    if (stored.changing) this.#parts.troubles(trouble('changed', shown(path)));
    this.#parts.counts.newBytes += stored.newBytes;
    // Of a file of another snapshot the attributes are those that are listed there, not those of where it lies.
    const isLive = captured.kept === undefined;
    const xattrs = isLive ? stored.xattrs : captured.xattrs();
    this.#found(pending, { content, sha256, xattrs, status: isLive ? status : undefined });
  }

  #found(pending: Pending, found: FileContent): void {
    const { group } = pending;
    this.#list(pending, found);
    if (group === undefined) return;
    group.content = found;
    for (const other of group.waiting.splice(0)) this.#list(other, found);
  }

  #vanished(pending: Pending): void {
    const { content } = pending.captured;
    const place = content?.kind === 'file' && pending.moves < MOST_MOVES ? content.moved() : undefined;
    if (place === undefined) {
      this.#requireLive(pending);
      this.#parts.troubles(trouble('vanished', shown(pending.path)));
      this.#leaveOut(pending);
      return;
    }
    pending.moves += 1;
    this.#queue.add(pending, { place, listed: pending.captured.metadata });
  }

  /** Only a live file may vanish or be unreadable; one of a snapshot, whose hash is known, is damaged then. */
  #requireLive({ captured, path }: Pending): void {
    if (captured.kept !== undefined) throw contentDamaged(this.#parts.place, path);
  }

  #leaveOut(pending: Pending): void {
    this.#trees.fill(pending.slot, undefined);
    this.#settle(pending);
    const { group } = pending;
    if (group === undefined) return;
    // Its other names may still lead to it: the first of them takes its place.
    group.leader = undefined;
    for (const other of group.waiting.splice(0)) this.#store(other);
  }

  #list(pending: Pending, { content, sha256, xattrs, status }: FileContent): void {
    const { captured, path, slot } = pending;
    const node = treeNode(captured, path);
    const now = status === undefined ? node : { ...node, ...status, ...ownerNames(node, status) };
    countFile(this.#parts, path, now.size, sha256);
    const text = encodeMetadata(now, this.#parts.times) + encodeRest({ xattrs, rdev: 0n, content });
    this.#trees.fill(slot, { text, same: false });
    this.#settle(pending);
  }

  #settle(pending: Pending): void {
    this.#held.delete(pending);
    release(pending.captured);
  }
}

/** Lets go of what its source holds open. */
function release({ content }: CapturedNode): void {
  if (content?.kind === 'file') content.release();
}

/** Of a file of a snapshot the hash tells, and not the times alone. */
function isContentOf({ sha256 }: CapturedNode, known: KnownContent): boolean {
  return sha256 === undefined || sha256 === (known.sha256 ?? known.content[0] ?? EMPTY);
}

/** The names belong to the numbers that were listed; should the owner have changed since, they are not known. */
function ownerNames(
  listed: Pick<TreeNode, 'uid' | 'gid' | 'user' | 'group'>,
  now: { uid: number; gid: number },
): { user: string; group: string } {
  return {
    user: listed.uid === now.uid ? listed.user : '',
    group: listed.gid === now.gid ? listed.group : '',
  };
}
