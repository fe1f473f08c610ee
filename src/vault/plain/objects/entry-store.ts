/**
 * Storing the files of a component as objects: what an earlier snapshot has is given a second key, everything else is
 * sent; many at a time. What is not a file is in the manifest alone.
 */
import { isHikaeError } from '../../../base/errors.ts';
import { goQuote } from '../../../base/go-quoting.ts';
import { joinRaw, parentOf, type RawPath } from '../../../base/raw-path.ts';
import type { Capture, CapturedNode } from '../../../model/capture.ts';
import type { Node, NodeMetadata } from '../../../model/node.ts';
import { type TroubleSink, trouble } from '../../../model/trouble.ts';
import type { Body, Key, Storage } from '../../../storage/storage.ts';
import { vaultErrors } from '../../errors.ts';
import { type HardLinkGroup, HardLinks } from '../hard-links.ts';
import { Held, type Holdable } from '../held.ts';
import type { NodeJournal, Slot } from '../node-journal.ts';
import { encodeNode, parseNode } from '../node-line.ts';
import { packedNameOf, storedAs } from '../stored-form.ts';
import { isPacked as packs } from '../stream-file.ts';
import { findUnchanged, xattrsIn } from '../unchanged.ts';
import { listNode, type WriteCounts, xattrsOf } from '../writer-parts.ts';
import { type FileResult, hashFile, type ReadStream, readStream, type SentFile, sendFile } from './bodies.ts';
import { Budget } from './budget.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { Earlier } from './earlier.ts';
import { listedNameOf, objectKeyOf } from './object-names.ts';
import { removeIfAllowed } from './removing.ts';
import { type Before, beforeAt, findShared, isSame, type Shared } from './shared-content.ts';
import type { Spool } from './spool.ts';

export interface StoreParts {
  readonly component: string;
  readonly place: string;
  readonly storage: Storage;
  /** where the snapshot grows */
  readonly folder: Key;
  /** best first */
  readonly earlier: readonly Earlier[];
  /** what an earlier run has left there and nobody has claimed yet */
  readonly leftover: Set<Key>;
  /** the attributes of a file are not believed: its content is compared before it is shared */
  readonly force: boolean;
  readonly journal: NodeJournal;
  readonly checkpoints: Checkpoints;
  readonly spool: Spool;
  readonly troubles: TroubleSink;
  readonly counts: WriteCounts;
  readonly signal: AbortSignal;
  /** told of bytes that were read of files */
  advance(bytes: number): void;
}

interface Pending extends Holdable {
  readonly slot: Slot;
  readonly path: RawPath;
  readonly captured: CapturedNode;
  readonly group: HardLinkGroup<Pending> | undefined;
  /** an earlier node whose object will do, and where it lies */
  readonly shared: Shared | undefined;
  /** what earlier snapshots have at the path, for a stream whose content is not known yet */
  readonly before: readonly Before[];
}

/** What may be on its way at a time: more in calls than a line makes use of, and in bytes what memory is there for. */
const BYTES = 96 * 1024 * 1024;
/** More of one content is never in memory: it goes in parts, a few at a time. */
const LARGEST_HELD = 64 * 1024 * 1024;
/** Entries announced and not yet written: bounds memory when one large file holds up the list. */
const MOST_WAITING = 16_384;
/** How often a file that moves away under the reader is followed. */
const MOST_MOVES = 8;

/** Resolves when every node of the capture is stored and listed. */
export async function storeEntries(capture: Capture, parts: StoreParts): Promise<void> {
  const store = new EntryStore(parts);
  try {
    for await (const batch of capture.nodes()) {
      for (const captured of batch) await store.take(captured);
      parts.signal.throwIfAborted();
      await store.room();
    }
    await store.finish();
  } catch (error) {
    await store.stop();
    parts.signal.throwIfAborted();
    throw error;
  }
}

class EntryStore {
  readonly #parts: StoreParts;
  readonly #budget: Budget;
  readonly #links = new HardLinks<Pending>();
  /** every entry that holds descriptors; after a failure all of them are let go */
  readonly #held = new Held<Pending>();
  /** where contents lie packed: nothing else may have such a path, and whatever has comes later in the order */
  readonly #packed = new Set<RawPath>();

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#budget = new Budget({ calls: parts.storage.capabilities.parallel, bytes: BYTES });
  }

  async take(captured: CapturedNode): Promise<void> {
    const { component, journal } = this.#parts;
    const relative = captured.metadata.path;
    const root = component as RawPath;
    const path = relative === '' ? root : joinRaw(root, relative);
    if (this.#packed.has(path)) throw vaultErrors.STORED_NAME_TAKEN({ path: goQuote(path) });
    const slot = journal.announce();
    if (captured.metadata.type === 'file') await this.#takeFile(slot, path, captured);
    else this.#list(slot, path, captured);
  }

  async room(): Promise<void> {
    await this.#budget.room();
    if (this.#parts.journal.waiting > MOST_WAITING) await this.#budget.finish();
  }

  async finish(): Promise<void> {
    await this.#budget.finish();
  }

  async stop(): Promise<void> {
    await this.#budget.stop();
    for (const pending of this.#held.all()) this.#settle(pending);
  }

  #list(slot: Slot, path: RawPath, captured: CapturedNode): void {
    const { earlier, counts } = this.#parts;
    const metadata = { ...captured.metadata, path, size: 0 };
    const known = findUnchanged(earlier, metadata, path);
    if (known !== undefined) counts.unchanged += 1;
    const xattrs = known === undefined ? xattrsOf(this.#parts, captured, path) : xattrsIn(known.line);
    const target = captured.target === undefined ? {} : { target: captured.target };
    listNode(this.#parts, slot, encodeNode({ ...metadata, ...target, xattrs, holes: [] }), metadata);
  }

  async #takeFile(slot: Slot, path: RawPath, captured: CapturedNode): Promise<void> {
    const { links, size } = captured.metadata;
    const group = links > 1 ? this.#links.groupOf(captured) : undefined;
    const { content } = captured;
    const isDump = content?.kind === 'stream' && captured.kept === undefined;
    const shared = isDump ? undefined : findShared(this.#parts.earlier, path, captured);
    // Looked up now: the lists of the earlier ones go on with the next entry.
    const before = isDump ? beforeAt(this.#parts.earlier, path) : [];
    const pending: Pending = { slot, path, captured, group, shared, before, heldAt: 0 };
    this.#held.add(pending);
    if (content?.kind === 'stream' && packs(content, captured.metadata, path))
      this.#packed.add(joinRaw(parentOf(path), packedNameOf(path)));
    // A dump comes once, and in its turn.
    if (isDump) {
      const read = await this.#read(pending);
      this.#budget.add(0, () => this.#sendRead(pending, read));
    } else if (group === undefined || group.lead(pending))
      this.#budget.add(Math.min(size, LARGEST_HELD), () => this.#store(pending));
    else this.#follow(pending, group);
  }

  async #store(pending: Pending): Promise<void> {
    if (await this.#share(pending)) return;
    if (pending.captured.content?.kind === 'stream') await this.#sendRead(pending, await this.#read(pending));
    else await this.#send(pending);
  }

  async #share(pending: Pending): Promise<boolean> {
    const { shared, captured, path, group } = pending;
    if (shared === undefined || !(await this.#isStillSame(captured, shared.node))) return false;
    const stored = storedAs(shared.node);
    const expect = { size: stored.size, sha256: stored.sha256 as string };
    if (!(await this.#giveKey(shared.from, objectKeyOf(this.#parts.folder, stored.path), expect)))
      return false;
    const { counts } = this.#parts;
    if (shared.unchanged) counts.unchanged += 1;
    counts.sharedBytes += shared.node.size;
    const { hardlink: _, ...rest } = shared.node;
    const node: Node = shared.unchanged
      ? rest
      : {
          ...rest,
          ...captured.metadata,
          path,
          xattrs: xattrsOf(this.#parts, captured, path),
          holes: captured.kept?.holes ?? [],
        };
    const line = shared.unchanged && shared.node.hardlink === undefined ? shared.line : encodeNode(node);
    await this.#listed(pending, node, line, 0);
    this.#lead(group, node, shared.unchanged);
    return true;
  }

  /** Forced, the attributes of a live file are not believed: it is read. */
  async #isStillSame({ content, kept }: CapturedNode, { sha256 }: Node): Promise<boolean> {
    if (!this.#parts.force || kept !== undefined || content?.kind !== 'file') return true;
    return (await hashFile(content.place)) === sha256;
  }

  /** Gives an object its key in this snapshot without sending it; false where it isn't what it should be. */
  async #giveKey(from: Key, to: Key, expect: { size: number; sha256: string }): Promise<boolean> {
    const { storage, leftover, signal } = this.#parts;
    if (from === to) {
      const found = leftover.has(to) ? await storage.stat(to, { signal }) : undefined;
      if (found?.size !== expect.size || (found.sha256 ?? expect.sha256) !== expect.sha256) return false;
      leftover.delete(to);
      return true;
    }
    await this.#clear(to);
    try {
      await storage.link(from, to, { expect, durable: 'at-sync', signal, isNew: true });
      return true;
    } catch (error) {
      if (!isHikaeError(error, 'STORAGE_NOT_FOUND', 'STORAGE_REPLACED')) throw error;
      return false;
    }
  }

  /** What an earlier run has left under a key makes room; it was listed, so there is nothing afterwards. */
  async #clear(key: Key): Promise<void> {
    const { storage, leftover, signal } = this.#parts;
    if (leftover.delete(key)) await storage.remove(key, { durable: 'at-sync', signal });
  }

  async #send(pending: Pending): Promise<void> {
    const { captured, path } = pending;
    const { content } = captured;
    if (content?.kind !== 'file') throw new TypeError(`no content for ${path}`);
    const { storage, folder, signal } = this.#parts;
    const key = objectKeyOf(folder, path);
    await this.#clear(key);
    const options = { durable: 'at-sync', signal } as const;
    const actions = {
      put: (body: Body, sha256?: string) => storage.put(key, body, { ...options, isNew: true, sha256 }),
      again: () => removeIfAllowed(storage, key, options),
    };
    let result = await sendFile(content.place, actions);
    for (let moves = 0; result.kind === 'vanished' && moves < MOST_MOVES; moves++) {
      const place = content.moved();
      if (place === undefined) break;
      result = await sendFile(place, actions);
    }
    if (result.kind === 'sent') await this.#sent(pending, result);
    else await this.#missing(pending, result);
  }

  async #sent(pending: Pending, sent: SentFile): Promise<void> {
    const { captured, path, group } = pending;
    const { size, sha256 } = sent;
    if (sent.changing) this.#parts.troubles(trouble('changed', goQuote(path)));
    this.#parts.advance(size);
    const node: Node =
      captured.kept === undefined
        ? {
            ...liveMetadata(captured.metadata, sent),
            path,
            size,
            sha256,
            xattrs: sent.xattrs,
            holes: sent.holes,
          }
        : { ...captured.metadata, path, size, sha256, xattrs: captured.xattrs(), holes: captured.kept.holes };
    this.#requireExpected(captured, path, sha256);
    await this.#listed(pending, node, encodeNode(node), size);
    this.#lead(group, node, false);
  }

  async #missing(pending: Pending, result: Exclude<FileResult, SentFile>): Promise<void> {
    const { captured, path, slot, group } = pending;
    // Only a live file may vanish or be unreadable; one of a snapshot is damaged then.
    if (captured.kept !== undefined) throw this.#damaged(path);
    const told = result.kind === 'vanished' ? trouble('vanished', goQuote(path)) : undefined;
    this.#parts.troubles(
      told ?? trouble('unreadable', goQuote(path), result.kind === 'unreadable' ? result.reason : ''),
    );
    this.#parts.journal.complete(slot, undefined);
    this.#settle(pending);
    // Its other names may still lead to it: the first of them takes its place.
    const [next, ...others] = group?.disband() ?? [];
    if (next === undefined || group === undefined) return;
    group.lead(next);
    for (const other of others) group.wait(other);
    await this.#store(next);
  }

  async #read(pending: Pending): Promise<ReadStream> {
    const { captured, path } = pending;
    if (captured.content?.kind !== 'stream') throw new TypeError(`no stream for ${path}`);
    const { spool, signal, counts } = this.#parts;
    const advance = (bytes: number) => {
      counts.streamedBytes += bytes;
    };
    return readStream(captured.content, {
      spool,
      packs: packs(captured.content, captured.metadata, path),
      signal,
      advance,
    });
  }

  async #sendRead(pending: Pending, read: ReadStream): Promise<void> {
    const { captured, path, group } = pending;
    try {
      const { content, packed } = read;
      this.#requireExpected(captured, path, content.sha256);
      const form: Pick<Node, 'stored'> =
        packed === undefined ? {} : { stored: { name: packedNameOf(path), encoding: 'gzip', ...packed } };
      const holes = captured.kept?.holes ?? [];
      const node: Node = {
        ...captured.metadata,
        path,
        ...content,
        xattrs: captured.xattrs(),
        holes,
        ...form,
      };
      if (captured.kept === undefined && (await this.#shareSame(pending, node))) return;
      const { storage, folder, signal } = this.#parts;
      const stored = storedAs(node);
      const key = objectKeyOf(folder, stored.path);
      await this.#clear(key);
      await storage.put(key, read.body, { durable: 'at-sync', signal, isNew: true });
      await this.#listed(pending, node, encodeNode(node), stored.size);
      this.#lead(group, node, false);
    } finally {
      read.release();
    }
  }

  /** A stream has no time of its own: if an earlier node had the same content, it is that node once more. */
  async #shareSame(pending: Pending, node: Node): Promise<boolean> {
    for (const { folder, line } of pending.before) {
      const earlier = parseNode(line);
      if (!isSame(earlier, node)) continue;
      const stored = storedAs(earlier);
      const expect = { size: stored.size, sha256: stored.sha256 as string };
      const from = objectKeyOf(folder, stored.path);
      if (!(await this.#giveKey(from, objectKeyOf(this.#parts.folder, stored.path), expect))) continue;
      this.#parts.counts.unchanged += 1;
      await this.#listed(pending, earlier, line, 0);
      return true;
    }
    return false;
  }

  /** Another name of a file that is, or will be, in this snapshot already. */
  #follow(pending: Pending, group: HardLinkGroup<Pending>): void {
    if (group.stored === undefined) group.wait(pending);
    else this.#budget.add(0, () => this.#linkToLeader(pending, group.stored as Node, group.isShared));
  }

  async #linkToLeader(pending: Pending, leader: Node, isShared: boolean): Promise<void> {
    const { path } = pending;
    const { folder, counts } = this.#parts;
    const sha256 = leader.sha256 as string;
    const expect = { size: leader.size, sha256 };
    if (!(await this.#giveKey(objectKeyOf(folder, leader.path), objectKeyOf(folder, path), expect)))
      throw vaultErrors.VAULT_WRITE_FAILED({ path: this.#parts.place, reason: 'a stored file is gone' });
    if (isShared) counts.unchanged += 1;
    const node: Node = { ...leader, path, hardlink: leader.path };
    await this.#listed(pending, node, encodeNode(node), 0);
  }

  #lead(group: HardLinkGroup<Pending> | undefined, node: Node, isShared: boolean): void {
    for (const follower of group?.store(node, isShared) ?? [])
      this.#follow(follower, group as HardLinkGroup<Pending>);
  }

  #settle(pending: Pending): void {
    this.#held.delete(pending);
    const { content } = pending.captured;
    if (content?.kind === 'file') content.release();
  }

  async #listed(pending: Pending, node: Node, line: string, newBytes: number): Promise<void> {
    const { counts, checkpoints } = this.#parts;
    counts.newBytes += newBytes;
    const stored = storedAs(node);
    const checksum = { sha256: stored.sha256 as string, path: listedNameOf(stored.path) };
    listNode(this.#parts, pending.slot, line, node, checksum);
    this.#settle(pending);
    await checkpoints.stored(newBytes);
  }

  #requireExpected({ sha256 }: CapturedNode, path: RawPath, found: string): void {
    if (sha256 !== undefined && sha256 !== found) throw this.#damaged(path);
  }

  #damaged(path: RawPath): Error {
    return vaultErrors.SNAPSHOT_CONTENT_DAMAGED({ path: goQuote(path), place: this.#parts.place });
  }
}

/** As the file was when its reading began. The names belong to the numbers that were listed. */
function liveMetadata(listed: NodeMetadata, { status }: SentFile): NodeMetadata {
  const { type: _, blocks: __, rdev: ___, ...now } = status;
  return {
    ...listed,
    ...now,
    user: listed.uid === now.uid ? listed.user : '',
    group: listed.gid === now.gid ? listed.group : '',
  };
}
