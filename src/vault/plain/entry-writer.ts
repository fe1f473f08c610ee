/**
 * Storing files and symlinks: what an earlier snapshot has unchanged is linked, every other is copied. Threads do both;
 * this module decides, and lists what they have done.
 */
import { goQuote } from '../../base/go-quoting.ts';
import { changeOwnerAt, linkAt, setTimesAt, symlinkAt } from '../../base/libc.ts';
import type { OpenDirectory } from '../../base/open-directory.ts';
import { nameOf, parentOf, type RawPath } from '../../base/raw-path.ts';
import type { CapturedNode, FilePlace } from '../../model/capture.ts';
import type { Node, NodeMetadata } from '../../model/node.ts';
import { trouble } from '../../model/trouble.ts';
import { vaultErrors } from '../errors.ts';
import type { Copied, EntryPlace, ItemResult, LinkItem, Written } from './file-jobs.ts';
import { type HardLinkGroup, HardLinks } from './hard-links.ts';
import { Held, type Holdable } from './held.ts';
import { JobQueue } from './job-queue.ts';
import { keptAttributes, readKept } from './kept-stream.ts';
import type { Checksum, Slot } from './node-journal.ts';
import { encodeNode, isPacked, parseNode } from './node-line.ts';
import type { OutputFolder } from './output-tree.ts';
import { findUnchanged, sha256In } from './unchanged.ts';
import { type ComponentParts, listNode, xattrsOf } from './writer-parts.ts';

/** An entry on its way: announced in the journal, and not there yet. */
interface Pending extends Holdable {
  readonly slot: Slot;
  readonly path: RawPath;
  readonly captured: CapturedNode;
  readonly folder: OutputFolder;
  readonly group: HardLinkGroup<Pending> | undefined;
  /** its line in the snapshot that it may be linked to, the folder there, and what to do then */
  earlier: Earlier | undefined;
  /** its content is compared with the earlier one before anything is done */
  comparing: boolean;
  moves: number;
}

interface Earlier {
  readonly line: string;
  readonly sha256: string | undefined;
  readonly from: OpenDirectory;
  readonly link: LinkItem;
}

/** Entries announced and not yet written: bounds memory when one large file holds up the list. */
const MOST_WAITING = 16_384;
/** Folders that entries are on their way into: bounds descriptors, of which a system may allow no more than 1,024. */
const MOST_FOLDERS = 64;
/** How often a file that moves away under the reader is followed. */
const MOST_MOVES = 8;

export class EntryWriter {
  readonly #parts: ComponentParts;
  readonly #queue: JobQueue<Pending>;
  readonly #links = new HardLinks<Pending>();
  /** every entry that holds descriptors; after a failure all of them are let go */
  readonly #held = new Held<Pending>();
  /** files of a snapshot whose content comes as a stream, to be read one after the other */
  #streams: Pending[] = [];

  constructor(parts: ComponentParts) {
    this.#parts = parts;
    this.#queue = new JobQueue(parts.pool, (pending, result) => this.#receive(pending, result));
  }

  take(slot: Slot, path: RawPath, captured: CapturedNode): void {
    const { metadata } = captured;
    const group = metadata.type === 'file' && metadata.links > 1 ? this.#links.groupOf(captured) : undefined;
    const folder = this.#parts.tree.folderFor(path);
    folder.hold();
    const common = { earlier: undefined, comparing: false, moves: 0, heldAt: 0 };
    const pending: Pending = { slot, path, captured, folder, group, ...common };
    this.#held.add(pending);
    if (group !== undefined && !group.lead(pending)) this.#follow(pending, group);
    else this.#store(pending);
  }

  /** Waits while too much is under way. Throws what went wrong in the threads. */
  async room(): Promise<void> {
    const { journal, tree } = this.#parts;
    await this.#storeStreams();
    await this.#queue.room(() => journal.waiting > MOST_WAITING || tree.open > MOST_FOLDERS);
  }

  async finish(): Promise<void> {
    do {
      await this.#storeStreams();
      await this.#queue.finish();
      // What could not be shared after all has to be read.
    } while (this.#streams.length > 0);
  }

  /** After a failure: nobody may still be writing when what was stored is taken back. */
  async giveUp(): Promise<void> {
    await this.#queue.stop();
    for (const pending of this.#held.all()) this.#settle(pending);
  }

  /** Decides between a link and a copy. */
  #store(pending: Pending): void {
    const { path, captured, folder } = pending;
    const { type, size, mtime } = captured.metadata;
    const known = findUnchanged(this.#parts.predecessors, captured.metadata, path);
    const from = known?.predecessor.folder(parentOf(path));
    if (known === undefined || from === undefined || isPacked(known.line)) {
      this.#storeAnew(pending);
      return;
    }
    const { line, predecessor } = known;
    const sha256 = type === 'file' ? sha256In(known) : undefined;
    if (captured.sha256 !== undefined && captured.sha256 !== sha256) {
      this.#storeAnew(pending);
      return;
    }
    const name = nameOf(path);
    const isSure = sha256 === undefined || predecessor.published;
    const link: LinkItem = {
      kind: 'link',
      from: { directory: from.descriptor, name },
      to: { directory: folder.directory.descriptor, name },
      size,
      mtime,
      ...(isSure ? {} : { sha256 }),
    };
    pending.earlier = { line, sha256, from: from.hold(), link };
    const { content } = captured;
    if (this.#parts.force && sha256 !== undefined && content?.kind === 'file') {
      pending.comparing = true;
      const { directory, name: live } = content.place;
      this.#queue.submit(pending, { kind: 'hash', from: { directory, name: live }, sha256 }, size);
    } else {
      this.#link(pending, pending.earlier);
    }
  }

  #link(pending: Pending, { link }: Earlier): void {
    this.#queue.submit(pending, link, link.sha256 === undefined ? 0 : link.size);
  }

  /** The source was read: where it has other bytes than it had, or can't be read, it is stored as any changed file. */
  #compared(pending: Pending, result: ItemResult): void {
    pending.comparing = false;
    if (result.kind === 'sound' && pending.earlier !== undefined) {
      this.#link(pending, pending.earlier);
      return;
    }
    pending.earlier?.from.release();
    pending.earlier = undefined;
    this.#storeAnew(pending);
  }

  #storeAnew(pending: Pending): void {
    const { captured, path } = pending;
    if (captured.metadata.type === 'symlink') {
      this.#storeSymlink(pending);
      return;
    }
    if (captured.content?.kind === 'stream') this.#streams.push(pending);
    else if (captured.content?.kind === 'file') this.#copy(pending, captured.content.place);
    else throw new TypeError(`no content for ${path}`);
  }

  /** One after the other, because their vault has them one behind the other. */
  async #storeStreams(): Promise<void> {
    for (let pending = this.#streams.shift(); pending !== undefined; pending = this.#streams.shift())
      await this.#storeStream(pending);
  }

  async #storeStream(pending: Pending): Promise<void> {
    const read = await readKept(pending.captured, placeOf(pending), this.#parts);
    if (read.kind === 'written') {
      this.#written(pending, read);
      return;
    }
    this.#queue.submit(pending, read, read.bytes.length);
    await this.#queue.room(() => false);
  }

  #copy(pending: Pending, { directory, name }: FilePlace): void {
    const { captured } = pending;
    const from = { directory, name };
    const to = placeOf(pending);
    const { size } = captured.metadata;
    if (captured.kept !== undefined) {
      const attributes = keptAttributes(captured);
      this.#queue.submit(pending, { kind: 'kept', from, bytes: nothing, to, attributes }, size);
      return;
    }
    this.#queue.submit(pending, { kind: 'copy', from, to, listed: captured.metadata }, size);
  }

  #storeSymlink(pending: Pending): void {
    const { captured, path, folder, slot } = pending;
    const { descriptor } = folder.directory;
    const target = captured.target as RawPath;
    symlinkAt(target, descriptor, nameOf(path));
    const { uid, gid } = captured.metadata;
    if (this.#parts.keeps.owners) changeOwnerAt(descriptor, nameOf(path), uid, gid);
    setTimesAt(descriptor, nameOf(path), captured.metadata.mtime);
    const xattrs = xattrsOf(this.#parts, captured, path);
    const node = { ...captured.metadata, path, size: 0, target, xattrs, holes: [] };
    listNode(this.#parts, slot, encodeNode(node), node);
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
    listNode(this.#parts, slot, encodeNode(node), node, checksumOf(path, node.sha256));
    this.#settle(pending);
  }

  #receive(pending: Pending, result: ItemResult): void {
    if (pending.comparing) {
      this.#compared(pending, result);
      return;
    }
    switch (result.kind) {
      case 'linked':
        this.#linked(pending);
        break;
      case 'not-linkable':
        pending.earlier?.from.release();
        pending.earlier = undefined;
        this.#storeAnew(pending);
        break;
      case 'copied-as-listed':
        this.#copiedAs(pending, {
          ...pending.captured.metadata,
          sha256: result.sha256,
          xattrs: [],
          holes: [],
        });
        break;
      case 'copied':
        this.#copied(pending, result);
        break;
      case 'written':
        this.#written(pending, result);
        break;
      case 'vanished':
        this.#vanished(pending);
        break;
      case 'unreadable':
        this.#requireLive(pending);
        this.#parts.troubles(trouble('unreadable', goQuote(pending.path), result.reason));
        this.#leaveOut(pending);
        break;
      default:
        throw new TypeError(`a thread answered ${result.kind}`);
    }
  }

  #linked(pending: Pending): void {
    const { captured, path, slot, group, earlier } = pending;
    if (earlier === undefined) throw new TypeError(`${path} was linked to nothing`);
    let { line } = earlier;
    this.#parts.counts.unchanged += 1;
    // What was read has been counted when it was.
    if (!this.#parts.force) this.#parts.counts.sharedBytes += captured.metadata.size;
    if (group !== undefined) {
      // It may have followed another before, and now leads.
      const { hardlink: _hardlink, ...node } = parseNode(line);
      line = encodeNode(node);
      this.#lead(pending, node, true);
    }
    listNode(this.#parts, slot, line, captured.metadata, checksumOf(path, earlier.sha256));
    this.#settle(pending);
  }

  #copied(pending: Pending, copied: Copied): void {
    const { captured, path } = pending;
    const { metadata } = captured;
    if (copied.changing) this.#parts.troubles(trouble('changed', goQuote(path)));
    if (copied.refused.length > 0)
      this.#parts.troubles(trouble('manifest-only', goQuote(path), copied.refused.join(', ')));
    const { sha256, holes } = copied;
    const names = ownerNames(metadata, copied.status);
    this.#copiedAs(pending, {
      ...metadata,
      ...names,
      ...copied.status,
      sha256,
      xattrs: copied.xattrs,
      holes,
    });
  }

  #written(pending: Pending, { size, sha256, holes, refused }: Written): void {
    const { captured, path } = pending;
    if (refused.length > 0) this.#parts.troubles(trouble('manifest-only', goQuote(path), refused.join(', ')));
    this.#copiedAs(pending, { ...captured.metadata, size, sha256, xattrs: captured.xattrs(), holes });
  }

  #copiedAs(pending: Pending, stored: Omit<Node, 'path'> & { readonly sha256: string }): void {
    const { captured, path, slot, group } = pending;
    const { sha256 } = stored;
    if (captured.sha256 !== undefined && captured.sha256 !== sha256) throw this.#damaged(path);
    const node: Node = { ...stored, path };
    this.#parts.counts.newBytes += node.size;
    listNode(this.#parts, slot, encodeNode(node), node, { sha256, path });
    if (group !== undefined) this.#lead(pending, node, false);
    this.#settle(pending);
  }

  #vanished(pending: Pending): void {
    const content = pending.captured.content;
    const place = content?.kind === 'file' && pending.moves < MOST_MOVES ? content.moved() : undefined;
    if (place === undefined) {
      this.#requireLive(pending);
      this.#parts.troubles(trouble('vanished', goQuote(pending.path)));
      this.#leaveOut(pending);
      return;
    }
    pending.moves += 1;
    this.#copy(pending, place);
  }

  /** Only a live file may vanish or be unreadable; one of a snapshot, whose hash is known, is damaged then. */
  #requireLive({ captured, path }: Pending): void {
    if (captured.kept !== undefined) throw this.#damaged(path);
  }

  #damaged(path: RawPath): Error {
    return vaultErrors.SNAPSHOT_CONTENT_DAMAGED({ path: goQuote(path), place: this.#parts.place });
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

  #settle(pending: Pending): void {
    this.#held.delete(pending);
    pending.earlier?.from.release();
    pending.folder.release();
    if (pending.captured.content?.kind === 'file') pending.captured.content.release();
  }
}

const nothing = new Uint8Array(0);

function placeOf({ folder, path }: Pending): EntryPlace {
  return { directory: folder.directory.descriptor, name: nameOf(path) };
}

function checksumOf(path: RawPath, sha256: string | undefined): Checksum | undefined {
  return sha256 === undefined ? undefined : { sha256, path };
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
