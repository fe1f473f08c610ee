/**
 * Storing one component: every captured node is merged with the same path of earlier snapshots; what is unchanged is
 * linked, everything else is copied. Threads do both, in jobs of many entries; this module only decides.
 */
import { changeOwnerAt, linkAt, setTimesAt, symlinkAt } from '../../base/libc.ts';
import type { OpenDirectory } from '../../base/open-directory.ts';
import { joinRaw, nameOf, parentOf, type RawPath, textOf } from '../../base/raw-path.ts';
import type { WorkerPool } from '../../base/worker-pool.ts';
import type { Capture, CapturedNode } from '../../model/capture.ts';
import type { Node, NodeMetadata, Xattr } from '../../model/node.ts';
import { type TroubleSink, trouble } from '../../model/trouble.ts';
import { vaultErrors } from '../errors.ts';
import type { Copied, Item, ItemResult, Job, Keeps, Link } from './file-jobs.ts';
import { linkStored } from './file-link.ts';
import { type HardLinkGroup, HardLinks } from './hard-links.ts';
import type { NodeJournal, Slot } from './node-journal.ts';
import { encodeMetadata, encodeNode, encodeRest, isPacked, parseNode, restAfter } from './node-line.ts';
import type { OutputFolder, OutputTree } from './output-tree.ts';
import type { Predecessor } from './predecessor.ts';
import { storedAs } from './stored-form.ts';
import type { StoredTree } from './stored-tree.ts';
import { earlierFile, storeStream } from './stream-file.ts';

export interface ComponentParts {
  readonly component: string;
  readonly place: string;
  readonly keeps: Keeps;
  readonly pool: WorkerPool<Job, readonly ItemResult[]>;
  readonly journal: NodeJournal;
  readonly tree: OutputTree;
  /** the same tree by path, for links between entries of it */
  readonly stored: StoredTree;
  /** best first */
  readonly predecessors: readonly Predecessor[];
  readonly troubles: TroubleSink;
  readonly signal: AbortSignal;
  readonly counts: WriteCounts;
}

export interface WriteCounts {
  nodes: number;
  files: number;
  bytes: number;
  newBytes: number;
  unchanged: number;
  /** of the files that were linked */
  sharedBytes: number;
  /** that streams have brought so far */
  streamedBytes: number;
}

/** An entry on its way: announced in the journal, and not there yet. */
interface Pending {
  readonly slot: Slot;
  readonly path: RawPath;
  readonly captured: CapturedNode;
  readonly folder: OutputFolder;
  readonly group: HardLinkGroup<Pending> | undefined;
  /** how its line ends if it can be linked */
  rest: string | undefined;
  from: OpenDirectory | undefined;
  moves: number;
}

const ITEMS_PER_JOB = 128;
const BYTES_PER_JOB = 8 * 1024 * 1024;
/** Jobs given out per thread: one to work on and one to go on with. */
const JOBS_AHEAD = 2;
/** Entries announced and not yet written: bounds memory when one large file holds up the list. */
const MOST_WAITING = 16_384;
/** How often a file that moves away under the reader is followed. */
const MOST_MOVES = 8;

export class ComponentWriter {
  readonly #parts: ComponentParts;
  readonly #links = new HardLinks<Pending>();
  /** every entry that holds descriptors; after a failure all of them are let go */
  readonly #held = new Set<Pending>();
  /** where streams lie packed: nothing else may have such a path, and whatever has comes later in the order */
  readonly #packed = new Set<RawPath>();
  #items: Item[] = [];
  #pending: Pending[] = [];
  #bytes = 0;
  #running = 0;
  #failure: unknown;
  #wake: () => void = () => {};

  constructor(parts: ComponentParts) {
    this.#parts = parts;
  }

  /** Resolves when every node of the capture is stored and listed. */
  async write(capture: Capture): Promise<void> {
    try {
      for await (const batch of capture.nodes()) {
        for (const captured of batch) await this.#take(captured);
        await this.#room();
      }
      while (this.#items.length > 0 || this.#running > 0) {
        this.#dispatch();
        await this.#settled();
      }
    } catch (error) {
      this.#failure ??= error;
    }
    if (this.#failure === undefined) return;
    this.#parts.tree.giveUp();
    // Nobody may still be writing when what was stored is taken back.
    while (this.#running > 0) await this.#settled(true);
    for (const pending of this.#held) this.#settle(pending);
    this.#parts.signal.throwIfAborted();
    throw this.#failure;
  }

  async #take(captured: CapturedNode): Promise<void> {
    const { component, journal } = this.#parts;
    const relative = captured.metadata.path;
    const path = relative === '' ? (component as RawPath) : joinRaw(component as RawPath, relative);
    if (this.#packed.has(path)) throw vaultErrors.VAULT_NAME_TAKEN({ path: shown(path) });
    const slot = journal.announce();
    const { type } = captured.metadata;
    if (type === 'dir') this.#takeFolder(slot, path, captured);
    else if (type !== 'file' && type !== 'symlink') this.#takeUnstored(slot, path, captured);
    else if (captured.content?.kind === 'stream') await this.#takeStream(slot, path, captured);
    else this.#takeEntry(slot, path, captured);
  }

  #takeEntry(slot: Slot, path: RawPath, captured: CapturedNode): void {
    const { metadata } = captured;
    const group = metadata.type === 'file' && metadata.links > 1 ? this.#links.groupOf(metadata) : undefined;
    const folder = this.#parts.tree.folderFor(path);
    folder.hold();
    const pending: Pending = {
      slot,
      path,
      captured,
      folder,
      group,
      rest: undefined,
      from: undefined,
      moves: 0,
    };
    this.#held.add(pending);
    if (group !== undefined && !group.lead(pending)) this.#follow(pending, group);
    else this.#store(pending);
  }

  #takeFolder(slot: Slot, path: RawPath, captured: CapturedNode): void {
    const metadata = { ...captured.metadata, path, size: 0 };
    const text = encodeMetadata(metadata);
    const known = this.#unchangedRest(path, text)?.rest;
    if (known !== undefined) this.#parts.counts.unchanged += 1;
    const xattrs = known === undefined ? this.#xattrsOf(captured, path) : xattrsIn(text + known);
    this.#parts.tree.addFolder({ metadata, xattrs });
    const rest = encodeRest({ ...metadata, xattrs, holes: [] });
    this.#list(slot, text + rest, metadata);
  }

  /** A FIFO in the tree would hang whoever reads it, a device would be one: the manifest alone has them. */
  #takeUnstored(slot: Slot, path: RawPath, captured: CapturedNode): void {
    const text = encodeMetadata(captured.metadata, path);
    if (this.#unchangedRest(path, text) !== undefined) this.#parts.counts.unchanged += 1;
    const node = { ...captured.metadata, path, xattrs: this.#xattrsOf(captured, path), holes: [] };
    this.#list(slot, encodeNode(node), node);
  }

  async #takeStream(slot: Slot, path: RawPath, captured: CapturedNode): Promise<void> {
    const { counts, place, keeps, predecessors, signal, tree, troubles } = this.#parts;
    const folder = tree.folderFor(path).directory;
    const earlier = predecessors.flatMap((predecessor) => earlierFile(predecessor, path));
    const advance = (bytes: number) => {
      counts.streamedBytes += bytes;
    };
    const options = { path, place, keeps, earlier, signal, advance };
    const { node, shared, refused } = await storeStream(captured, folder, options).finally(() => {
      for (const one of earlier) one.folder.release();
    });
    if (refused.length > 0) troubles(trouble('manifest-only', shown(path), refused.join(', ')));
    const stored = storedAs(node);
    if (shared) counts.unchanged += 1;
    else counts.newBytes += stored.size;
    if (node.stored !== undefined) this.#packed.add(stored.path);
    this.#list(slot, encodeNode(node), node, stored.sha256, stored.path);
  }

  /**
   * Decides between a link and a copy. A link costs less than to tell another thread of it, unless the stored file has to
   * be read first.
   */
  #store(pending: Pending): void {
    const { path, captured, folder } = pending;
    const text = encodeMetadata(captured.metadata, path);
    const known = this.#unchangedRest(path, text);
    const from = known?.predecessor.folder(parentOf(path));
    if (known === undefined || from === undefined || isPacked(known.rest)) {
      this.#storeAnew(pending);
      return;
    }
    const { size, mtime, type } = captured.metadata;
    const name = nameOf(path);
    const link: Link = {
      from: { directory: from.descriptor, name },
      to: { directory: folder.directory.descriptor, name },
      size,
      mtime,
    };
    pending.rest = known.rest;
    if (type === 'file' && !known.predecessor.published) {
      pending.from = from.hold();
      this.#submit(pending, { kind: 'link', ...link, sha256: sha256In(known.rest) }, size);
    } else if (linkStored(link)) {
      this.#linked(pending);
    } else {
      this.#storeAnew(pending);
    }
  }

  #storeAnew(pending: Pending): void {
    const { captured, path, folder } = pending;
    if (captured.metadata.type === 'symlink') {
      this.#storeSymlink(pending);
      return;
    }
    if (captured.content?.kind !== 'file') throw new TypeError(`no content for ${path}`);
    const { directory, name } = captured.content.place;
    const to = { directory: folder.directory.descriptor, name: nameOf(path) };
    this.#submit(pending, { kind: 'copy', from: { directory, name }, to }, captured.metadata.size);
  }

  #storeSymlink(pending: Pending): void {
    const { captured, path, folder, slot } = pending;
    const { descriptor } = folder.directory;
    const target = captured.target as RawPath;
    symlinkAt(target, descriptor, nameOf(path));
    const { uid, gid } = captured.metadata;
    if (this.#parts.keeps.owners) changeOwnerAt(descriptor, nameOf(path), uid, gid);
    setTimesAt(descriptor, nameOf(path), captured.metadata.mtime);
    const node = {
      ...captured.metadata,
      path,
      size: 0,
      target,
      xattrs: this.#xattrsOf(captured, path),
      holes: [],
    };
    this.#list(slot, encodeNode(node), node);
    this.#settle(pending);
  }

  /** Another name of a file that is, or will be, in this snapshot already. */
  #follow(pending: Pending, group: HardLinkGroup<Pending>): void {
    if (group.stored === undefined) {
      group.wait(pending);
      return;
    }
    const { path, slot, folder } = pending;
    const leader = group.stored;
    const from = this.#parts.stored.folder(parentOf(leader.path));
    if (from === undefined)
      throw vaultErrors.VAULT_WRITE_FAILED({ path: this.#parts.place, reason: 'a stored folder is gone' });
    linkAt(from.descriptor, nameOf(leader.path), folder.directory.descriptor, nameOf(path));
    if (group.isShared) this.#parts.counts.unchanged += 1;
    const node: Node = { ...leader, path, hardlink: leader.path };
    this.#list(slot, encodeNode(node), node, node.sha256);
    this.#settle(pending);
  }

  #submit(pending: Pending, item: Item, bytes = 0): void {
    this.#items.push(item);
    this.#pending.push(pending);
    this.#bytes += bytes;
    if (this.#items.length >= ITEMS_PER_JOB || this.#bytes >= BYTES_PER_JOB) this.#dispatch();
  }

  #dispatch(): void {
    if (this.#items.length === 0) return;
    const items = this.#items;
    const pending = this.#pending;
    this.#items = [];
    this.#pending = [];
    this.#bytes = 0;
    this.#running += 1;
    this.#parts.pool
      .run({ items })
      .then(
        (results) => {
          for (const [at, result] of results.entries()) this.#receiveOne(pending[at] as Pending, result);
        },
        (error: unknown) => {
          this.#failure ??= error;
        },
      )
      .finally(() => {
        this.#running -= 1;
        this.#wake();
      });
  }

  /** After a failure nothing more is listed. */
  #receiveOne(pending: Pending, result: ItemResult): void {
    if (this.#failure !== undefined) return;
    try {
      this.#receive(pending, result);
    } catch (error) {
      this.#failure = error;
    }
  }

  #receive(pending: Pending, result: ItemResult): void {
    switch (result.kind) {
      case 'linked':
        this.#linked(pending);
        break;
      case 'not-linkable':
        pending.from?.release();
        pending.from = undefined;
        this.#storeAnew(pending);
        break;
      case 'copied':
        this.#copied(pending, result);
        break;
      case 'vanished':
        this.#vanished(pending);
        break;
      case 'unreadable':
        this.#requireLive(pending);
        this.#parts.troubles(trouble('unreadable', shown(pending.path), result.reason));
        this.#leaveOut(pending);
        break;
      default:
        throw new TypeError(`a thread answered ${result.kind}`);
    }
  }

  #linked(pending: Pending): void {
    const { captured, path, slot, group, rest } = pending;
    let line = encodeMetadata(captured.metadata, path) + rest;
    this.#parts.counts.unchanged += 1;
    this.#parts.counts.sharedBytes += captured.metadata.size;
    if (group !== undefined) {
      // It may have followed another before, and now leads.
      const { hardlink: _hardlink, ...node } = parseNode(line);
      line = encodeNode(node);
      this.#lead(pending, node, true);
    }
    const sha256 = captured.metadata.type === 'file' ? sha256In(rest as string) : undefined;
    this.#list(slot, line, { path, size: captured.metadata.size }, sha256);
    this.#settle(pending);
  }

  #copied(pending: Pending, copied: Copied): void {
    const { captured, path, slot, group } = pending;
    const { metadata } = captured;
    if (captured.sha256 !== undefined && captured.sha256 !== copied.sha256) throw this.#damaged(path);
    if (copied.changing) this.#parts.troubles(trouble('changed', shown(path)));
    if (copied.refused.length > 0)
      this.#parts.troubles(trouble('manifest-only', shown(path), copied.refused.join(', ')));
    const known = captured.sha256 === undefined ? copied.status : {};
    const { user, group: groupName } = ownerNames(metadata, copied.status);
    const { sha256, holes } = copied;
    const xattrs = captured.sha256 === undefined ? copied.xattrs : captured.xattrs();
    const node: Node = { ...metadata, user, group: groupName, ...known, path, sha256, xattrs, holes };
    this.#parts.counts.newBytes += node.size;
    this.#list(slot, encodeNode(node), node, sha256);
    if (group !== undefined) this.#lead(pending, node, false);
    this.#settle(pending);
  }

  #vanished(pending: Pending): void {
    const content = pending.captured.content;
    const place = content?.kind === 'file' && pending.moves < MOST_MOVES ? content.moved() : undefined;
    if (place === undefined) {
      this.#requireLive(pending);
      this.#parts.troubles(trouble('vanished', shown(pending.path)));
      this.#leaveOut(pending);
      return;
    }
    pending.moves += 1;
    const to = { directory: pending.folder.directory.descriptor, name: nameOf(pending.path) };
    this.#submit(pending, { kind: 'copy', from: { directory: place.directory, name: place.name }, to });
  }

  /** Only a live file may vanish or be unreadable; one of a snapshot, whose hash is known, is damaged then. */
  #requireLive({ captured, path }: Pending): void {
    if (captured.sha256 !== undefined) throw this.#damaged(path);
  }

  #damaged(path: RawPath): Error {
    return vaultErrors.SNAPSHOT_CONTENT_DAMAGED({ path: shown(path), place: this.#parts.place });
  }

  #leaveOut(pending: Pending): void {
    this.#parts.journal.complete(pending.slot, undefined);
    this.#settle(pending);
    // Its other names may still lead to it: the first of them takes its place.
    const [next, ...others] = pending.group?.disband() ?? [];
    if (next === undefined || pending.group === undefined) return;
    pending.group.lead(next);
    for (const other of others) pending.group.wait(other);
    this.#store(next);
  }

  #lead(pending: Pending, node: Node, isShared: boolean): void {
    for (const follower of pending.group?.store(node, isShared) ?? [])
      this.#follow(follower, pending.group as HardLinkGroup<Pending>);
  }

  #list(
    slot: Slot,
    line: string,
    { path, size }: Pick<NodeMetadata, 'path' | 'size'>,
    sha256?: string,
    storedAt = path,
  ): void {
    const { counts, journal } = this.#parts;
    counts.nodes += 1;
    if (sha256 !== undefined) {
      counts.files += 1;
      counts.bytes += size;
    }
    journal.complete(slot, line, sha256 === undefined ? undefined : { sha256, path: storedAt });
  }

  #settle(pending: Pending): void {
    this.#held.delete(pending);
    pending.from?.release();
    pending.folder.release();
    if (pending.captured.content?.kind === 'file') pending.captured.content.release();
  }

  /** Waits while too much is under way. */
  async #room(): Promise<void> {
    const { pool, journal, signal } = this.#parts;
    signal.throwIfAborted();
    while (
      this.#failure === undefined &&
      (this.#running >= pool.size * JOBS_AHEAD || journal.waiting > MOST_WAITING)
    ) {
      if (this.#running === 0) this.#dispatch();
      await this.#settled();
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #settled(evenIfFailed = false): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    if (this.#failure !== undefined && !evenIfFailed) throw this.#failure;
  }

  #unchangedRest(path: RawPath, text: string): { predecessor: Predecessor; rest: string } | undefined {
    let found: { predecessor: Predecessor; rest: string } | undefined;
    // Every cursor has to move along, also where an earlier one has found it.
    for (const predecessor of this.#parts.predecessors) {
      const line = predecessor.find(path);
      const rest = line === undefined ? undefined : restAfter(line, text);
      if (rest !== undefined) found ??= { predecessor, rest };
    }
    return found;
  }

  #xattrsOf(captured: CapturedNode, path: RawPath): readonly Xattr[] {
    try {
      return captured.xattrs();
    } catch (error) {
      this.#parts.troubles(trouble('attribute', shown(path), error));
      return [];
    }
  }
}

function shown(path: RawPath): string {
  return textOf(path) ?? path;
}

function sha256In(rest: string): string {
  const at = rest.indexOf(SHA256);
  if (at < 0) throw new SyntaxError('a file without a hash');
  return rest.slice(at + SHA256.length, at + SHA256.length + 64);
}

const SHA256 = ',"sha256":"';

function xattrsIn(line: string): readonly Xattr[] {
  return line.includes(',"xattrs":') ? parseNode(line).xattrs : [];
}

/** The names belong to the numbers that were listed; should the owner have changed since, they are not known. */
function ownerNames(
  listed: NodeMetadata,
  now: { uid: number; gid: number },
): { user: string; group: string } {
  return {
    user: listed.uid === now.uid ? listed.user : '',
    group: listed.gid === now.gid ? listed.group : '',
  };
}
