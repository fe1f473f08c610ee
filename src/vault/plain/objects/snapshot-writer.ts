/** Writing one snapshot as objects: its files first, many at a time, then its lists, and its manifest last. */
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import type { Clock } from '../../../base/clock.ts';
import { isHikaeError } from '../../../base/errors.ts';
import type { RawPath } from '../../../base/raw-path.ts';
import {
  type ComponentFacts,
  type ComponentSummary,
  isComplete,
  type SnapshotDraft,
  type SnapshotEntry,
  type SnapshotHeader,
} from '../../../model/snapshot.ts';
import type { Body, CallOptions, Key, Lock, PutOptions, Storage } from '../../../storage/storage.ts';
import { reportProgress } from '../../progress.ts';
import { TroubleTally } from '../../trouble-tally.ts';
import type {
  ComponentDraft,
  OpenCapture,
  SnapshotWriter,
  StoredComponent,
  WriteOptions,
} from '../../vault.ts';
import { below, CHECKSUMS, MANIFEST, OWN, type Place, POLICY, placeText } from '../layout.ts';
import { writeManifest } from '../manifest-file.ts';
import { type JournalMark, NodeJournal } from '../node-journal.ts';
import type { WriteCounts } from '../writer-parts.ts';
import { Checkpoints } from './checkpoints.ts';
import { DoneList, Earlier, type EarlierSource } from './earlier.ts';
import { storeEntries } from './entry-store.ts';
import { inLanes } from './lanes.ts';
import { hashesOfFile } from './locking/tree-hashes.ts';
import type { TreeLocks } from './locking/tree-locks.ts';
import { objectKeyOf } from './object-names.ts';
import type { FoundPlace, Placing } from './placing.ts';
import { removeObjects } from './removing.ts';
import type { Spool } from './spool.ts';

export interface WriterParts {
  readonly storage: Storage;
  readonly placing: Placing;
  readonly place: Place;
  /** where it grows */
  readonly folder: Key;
  /** best first */
  readonly sources: readonly EarlierSource[];
  /** what an earlier run has left in that folder */
  readonly leftover: Set<Key>;
  /** the number of the first piece of the list of what is done */
  readonly nextPiece: number;
  /** what interrupted runs have left elsewhere; it goes when this snapshot is published */
  readonly interrupted: readonly FoundPlace[];
  readonly spool: Spool;
  readonly clock: Clock;
  /** where the objects are locked */
  readonly locks: TreeLocks | undefined;
  /** aborts when the run is cancelled, and when the lock is lost */
  readonly signal: AbortSignal;
  /** called once the snapshot is published */
  published(entry: SnapshotEntry): Promise<void>;
  /** called when it has been published or abandoned, whatever came of that */
  ended(): void;
}

/** How many notes and problems the header keeps word by word. */
const TROUBLES_KEPT = 1000;

export class ObjectSnapshotWriter implements SnapshotWriter {
  readonly #draft: SnapshotDraft;
  readonly #parts: WriterParts;
  readonly #options: WriteOptions;
  readonly #nodes: string;
  readonly #checksums: string;
  readonly #journal: NodeJournal;
  readonly #done: DoneList;
  readonly #checkpoints: Checkpoints;
  readonly #components: ComponentSummary[] = [];
  readonly #troubles = new TroubleTally(TROUBLES_KEPT);

  constructor(draft: SnapshotDraft, parts: WriterParts, options: WriteOptions) {
    this.#draft = draft;
    this.#parts = parts;
    this.#options = options;
    this.#troubles.inherit(options.inherited);
    const { storage, spool, place, nextPiece, clock, signal } = parts;
    this.#nodes = spool.next();
    this.#checksums = spool.next();
    this.#journal = new NodeJournal({ nodes: this.#nodes, checksums: this.#checksums });
    this.#done = new DoneList(storage, { place });
    this.#checkpoints = new Checkpoints({
      journal: this.#journal,
      nodes: this.#nodes,
      done: this.#done,
      next: nextPiece,
      clock,
      signal,
    });
  }

  async component(draft: ComponentDraft, open: OpenCapture): Promise<StoredComponent> {
    const mark = { journal: this.#journal.mark(), checkpoints: await this.#checkpoints.mark() };
    const counts = newCounts();
    const troubles = new TroubleTally(TROUBLES_KEPT);
    let facts: ComponentFacts | undefined;
    try {
      const capture = await open(troubles.add);
      try {
        await this.#store(draft.name, capture, troubles, counts);
        facts = await capture.facts?.();
      } finally {
        await capture.close();
      }
    } catch (error) {
      // A cancelled run changes nothing more: what it has stored soundly is for the next one.
      if (!this.#parts.signal.aborted) await this.#takeBack(draft.name, mark);
      throw error;
    }
    this.#troubles.addAll(troubles.count());
    const { nodes, files, bytes, newBytes, unchanged } = counts;
    const known = facts === undefined ? {} : { facts };
    const summary: ComponentSummary = { ...draft, complete: true, nodes, files, bytes, ...known };
    this.#components.push(summary);
    return { summary, newBytes, unchanged, troubles: troubles.count() };
  }

  absent(draft: ComponentDraft): void {
    this.#components.push({ ...draft, complete: false, nodes: 0, files: 0, bytes: 0 });
  }

  async publish(): Promise<SnapshotEntry> {
    try {
      return await this.#publish();
    } finally {
      this.#parts.ended();
    }
  }

  async #publish(): Promise<SnapshotEntry> {
    const { placing, place, signal, interrupted } = this.#parts;
    const options = { signal };
    signal.throwIfAborted();
    const header = this.#header();
    const manifest = await this.#putOwnObjects(header, options);
    const lock = await this.#secure(manifest, options);
    this.#options.emit({ type: 'phase', phase: 'publishing' });
    const complete = () => this.#put(below(OWN, MANIFEST), bodyOf(manifest), { ...options, lock });
    await placing.publish(place, complete, options);
    const entry = { place: placeText(place), header, complete: isComplete(header) };
    await this.#parts.published(entry);
    await this.#done.clear(options);
    for (const one of interrupted) await this.#clearIfAllowed(one, options);
    this.#parts.spool.close();
    return entry;
  }

  async abandon({ discard }: { discard: boolean }): Promise<void> {
    const { folder, place, interrupted, signal, spool } = this.#parts;
    try {
      if (!discard && this.#journal.count > 0) {
        if (!signal.aborted) await this.#checkpoints.tell();
        return;
      }
      const options = { signal: new AbortController().signal };
      await this.#clearIfAllowed({ place, folder, state: 'partial' }, options);
      if (discard) for (const one of interrupted) await this.#clearIfAllowed(one, options);
    } finally {
      this.#journal.discard();
      spool.close();
      this.#parts.ended();
    }
  }

  async #store(
    component: string,
    capture: Parameters<typeof storeEntries>[0],
    troubles: TroubleTally,
    counts: WriteCounts,
  ): Promise<void> {
    const { storage, folder, leftover, place, sources, spool, signal } = this.#parts;
    const earlier = sources.map((source) => new Earlier(source));
    let read = 0;
    const progress = reportProgress(this.#options.emit, { bytesRead: () => read }, counts);
    try {
      await storeEntries(capture, {
        component,
        place: placeText(place),
        storage,
        folder,
        earlier,
        leftover,
        force: this.#options.force ?? false,
        journal: this.#journal,
        checkpoints: this.#checkpoints,
        spool,
        troubles: troubles.add,
        counts,
        signal,
        advance(bytes) {
          read += bytes;
        },
      });
    } finally {
      progress.stop();
      for (const one of earlier) one.close();
    }
  }

  /** What a failed component leaves would look like a component: it goes. */
  async #takeBack(
    component: string,
    mark: { journal: JournalMark; checkpoints: Awaited<ReturnType<Checkpoints['mark']>> },
  ): Promise<void> {
    const { storage, folder, leftover, signal } = this.#parts;
    const key = objectKeyOf(folder, component as RawPath);
    await removeObjects(storage, key, { signal });
    // Of one that is a single file. Where nothing was stored yet nobody needs the right to remove it.
    if ((await storage.stat(key, { signal })) !== undefined) await storage.remove(key, { signal });
    for (const one of leftover) if (one === key || one.startsWith(`${key}/`)) leftover.delete(one);
    await this.#checkpoints.backTo(mark.checkpoints);
    this.#journal.backTo(mark.journal);
  }

  /** Everything but the manifest, which is given back as a file of this machine. */
  async #putOwnObjects(header: SnapshotHeader, options: CallOptions): Promise<string> {
    const { storage, leftover, spool } = this.#parts;
    const { policy } = this.#options;
    // Nothing may lie in a snapshot that it doesn't know.
    await inLanes(leftover, storage.capabilities.parallel, (key) => storage.remove(key, options));
    leftover.clear();
    if (policy !== undefined)
      this.#journal.addChecksum(createHash('sha256').update(policy).digest('hex'), below(OWN, POLICY));
    this.#journal.flush();
    const manifest = spool.next();
    const sha256 = writeManifest(manifest, { header, nodes: this.#nodes, count: this.#journal.count });
    this.#journal.addChecksum(sha256, below(OWN, MANIFEST));
    this.#journal.close();
    await Promise.all([
      policy === undefined ? undefined : this.#put(below(OWN, POLICY), policy, options),
      this.#put(CHECKSUMS, bodyOf(this.#checksums), options),
    ]);
    return manifest;
  }

  async #put(path: RawPath, body: Body, options: PutOptions): Promise<void> {
    const { storage, folder } = this.#parts;
    await storage.put(objectKeyOf(folder, path), body, { ...options, isNew: true });
  }

  /** Where objects are locked, all are before the manifest is put; gives the manifest's own lock. */
  async #secure(manifest: string, options: CallOptions): Promise<Lock | undefined> {
    const { locks, folder, storage } = this.#parts;
    if (locks === undefined) return undefined;
    const { emit } = this.#options;
    emit({ type: 'phase', phase: 'locking' });
    const secured = await locks.secure(folder, hashesOfFile(manifest, folder), options);
    // The manifest is one object more.
    const { size: bytes } = statSync(manifest);
    const all = { ...secured, objects: secured.objects + 1, bytes: secured.bytes + bytes };
    emit({ type: 'locks.set', vault: storage.location, ...all });
    return { mode: locks.settings.mode, until: secured.until };
  }

  /** What is locked, and whoever writes may not remove, stays for another with the right to: nobody sees it. */
  async #clearIfAllowed(found: FoundPlace, options: CallOptions): Promise<void> {
    const { locks, storage } = this.#parts;
    try {
      await this.#clear(found, options);
    } catch (error) {
      if (locks === undefined || !isHikaeError(error, 'STORAGE_REFUSED')) throw error;
      const facts = { vault: storage.location, place: placeText(found.place), reason: error.message };
      this.#options.emit({ type: 'warning', code: 'remains-refused', facts });
    }
  }

  async #clear(found: FoundPlace, options: CallOptions): Promise<void> {
    const { storage, placing } = this.#parts;
    await new DoneList(storage, found).clear(options);
    await placing.clear(found, options);
  }

  #header(): SnapshotHeader {
    const components = [...this.#components].sort((a, b) => (a.name < b.name ? -1 : 1));
    const { notes, problems, first } = this.#troubles.count();
    return { ...this.#draft, components, notes, problems, troubles: first };
  }
}

function bodyOf(path: string): Body {
  return { size: statSync(path).size, open: () => createReadStream(path) };
}

function newCounts(): WriteCounts {
  return { nodes: 0, files: 0, bytes: 0, newBytes: 0, unchanged: 0, sharedBytes: 0, streamedBytes: 0 };
}
