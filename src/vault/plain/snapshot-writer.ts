/**
 * Writing one snapshot. It grows in a folder whose name ends in `.partial`, which is no snapshot; then everything is
 * brought to the disk at once, and then the folder is renamed. In this order, and only in this order, a crash at
 * any moment leaves either no new snapshot or a whole one.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { syncDirectory } from '../../base/durable-files.ts';
import { syncFileSystem } from '../../base/libc.ts';
import { OpenDirectory } from '../../base/open-directory.ts';
import type { RawName, RawPath } from '../../base/raw-path.ts';
import type { Capture } from '../../model/capture.ts';
import {
  type ComponentFacts,
  type ComponentSummary,
  isComplete,
  type SnapshotDraft,
  type SnapshotEntry,
  type SnapshotHeader,
} from '../../model/snapshot.ts';
import type { TroubleSink } from '../../model/trouble.ts';
import { reportProgress } from '../progress.ts';
import { TroubleTally } from '../trouble-tally.ts';
import type { ComponentDraft, OpenCapture, SnapshotWriter, StoredComponent, WriteOptions } from '../vault.ts';
import { writeComponent } from './component-writer.ts';
import { namingDiskErrors } from './disk-errors.ts';
import type { Keeps } from './file-jobs.ts';
import type { FilePool } from './file-pool.ts';
import { updateLatest } from './latest.ts';
import { below, CHECKSUMS, MANIFEST, NODES, OWN, PARTIAL, type Place, POLICY, placeText } from './layout.ts';
import { writeManifest } from './manifest-file.ts';
import { type JournalMark, NodeJournal } from './node-journal.ts';
import { OutputTree } from './output-tree.ts';
import { Predecessor, type PredecessorSource } from './predecessor.ts';
import { removeFrom, removeTree } from './removal.ts';
import { StoredTree } from './stored-tree.ts';
import type { WriteCounts } from './writer-parts.ts';

export interface WriterParts {
  readonly root: string;
  readonly place: Place;
  readonly keeps: Keeps;
  readonly predecessors: readonly PredecessorSource[];
  /** folders that interrupted runs have left beside this one; they go when this snapshot is published */
  readonly interrupted: readonly string[];
  readonly pool: FilePool;
}

/** How many notes and problems the header keeps word by word. */
const TROUBLES_KEPT = 1000;

export class PlainSnapshotWriter implements SnapshotWriter {
  readonly #draft: SnapshotDraft;
  readonly #parts: WriterParts;
  readonly #options: WriteOptions;
  /** the folder of the target, which holds the partial one */
  readonly #folder: string;
  readonly #partial: string;
  readonly #directory: OpenDirectory;
  readonly #journal: NodeJournal;
  readonly #components: ComponentSummary[] = [];
  readonly #troubles = new TroubleTally(TROUBLES_KEPT);

  constructor(draft: SnapshotDraft, parts: WriterParts, options: WriteOptions) {
    this.#draft = draft;
    this.#parts = parts;
    this.#options = options;
    this.#troubles.inherit(options.inherited);
    this.#folder = join(parts.root, parts.place.schedule, parts.place.target);
    this.#partial = join(this.#folder, parts.place.name + PARTIAL);
    mkdirSync(join(this.#partial, OWN), { recursive: true, mode: 0o700 });
    this.#directory = OpenDirectory.open(this.#partial as RawPath);
    try {
      this.#journal = new NodeJournal({
        nodes: join(this.#partial, OWN, NODES),
        checksums: join(this.#partial, CHECKSUMS),
      });
    } catch (error) {
      this.#directory.release();
      throw error;
    }
  }

  async component(draft: ComponentDraft, open: OpenCapture): Promise<StoredComponent> {
    const mark = this.#journal.mark();
    const counts: WriteCounts = {
      nodes: 0,
      files: 0,
      bytes: 0,
      newBytes: 0,
      unchanged: 0,
      sharedBytes: 0,
      streamedBytes: 0,
    };
    const troubles = new TroubleTally(TROUBLES_KEPT);
    let facts: ComponentFacts | undefined;
    try {
      const capture = await open(troubles.add);
      try {
        await namingDiskErrors(this.#parts.root, () =>
          this.#store(draft.name, capture, troubles.add, counts),
        );
        facts = await capture.facts?.();
      } finally {
        await capture.close();
      }
    } catch (error) {
      // A cancelled run changes nothing more: what it has stored soundly is for the next one.
      if (!this.#options.signal.aborted) {
        await namingDiskErrors(this.#parts.root, () => this.#takeBack(draft.name, mark));
      }
      throw error;
    }
    this.#troubles.addAll(troubles.count());
    const { nodes, files, bytes, newBytes, unchanged } = counts;
    const known = facts === undefined ? {} : { facts };
    const summary: ComponentSummary = { ...draft, complete: true, nodes, files, bytes, ...known };
    this.#components.push(summary);
    return { summary, newBytes, unchanged, troubles: troubles.count() };
  }

  /** What a failed component leaves would look like a component: it goes. */
  async #takeBack(component: string, mark: JournalMark): Promise<void> {
    await removeTree(this.#directory, component as RawName, this.#options.signal);
    this.#journal.backTo(mark);
  }

  absent(draft: ComponentDraft): void {
    this.#components.push({ ...draft, complete: false, nodes: 0, files: 0, bytes: 0 });
  }

  async publish(): Promise<SnapshotEntry> {
    const { emit, signal } = this.#options;
    const { root, place } = this.#parts;
    return namingDiskErrors(root, async () => {
      signal.throwIfAborted();
      const header = this.#header();
      this.#writeOwnFiles(header);
      emit({ type: 'phase', phase: 'syncing' });
      await syncFileSystem(this.#directory.descriptor);
      signal.throwIfAborted();
      emit({ type: 'phase', phase: 'publishing' });
      renameSync(this.#partial, join(this.#folder, place.name));
      syncDirectory(this.#folder);
      const complete = isComplete(header);
      updateLatest(root, place, this.#draft.time);
      this.#directory.release();
      await this.#removeInterrupted();
      return { place: placeText(place), header, complete };
    });
  }

  async abandon({ discard }: { discard: boolean }): Promise<void> {
    await namingDiskErrors(this.#parts.root, async () => {
      this.#directory.release();
      if (!discard && this.#journal.count > 0) {
        this.#journal.close();
        return;
      }
      // Closing the journal would write what it still holds, for which there may be no room.
      this.#journal.discard();
      await this.#removeFolder(this.#parts.place.name + PARTIAL);
      if (discard) await this.#removeInterrupted();
    });
  }

  async #store(
    component: string,
    capture: Capture,
    troubles: TroubleSink,
    counts: WriteCounts,
  ): Promise<void> {
    const { emit, signal } = this.#options;
    const { keeps, pool, place } = this.#parts;
    const predecessors = this.#parts.predecessors.map((source) => new Predecessor(source));
    const stored = new StoredTree(this.#directory.hold());
    const tree = new OutputTree(this.#directory, keeps);
    const progress = reportProgress(emit, pool, counts);
    const stop = () => pool.stop();
    signal.addEventListener('abort', stop, { once: true });
    try {
      const parts = {
        component,
        place: placeText(place),
        keeps,
        pool,
        journal: this.#journal,
        tree,
        stored,
        predecessors,
        force: this.#options.force ?? false,
      };
      await writeComponent(capture, { ...parts, troubles, signal, counts });
      tree.close();
    } finally {
      signal.removeEventListener('abort', stop);
      progress.stop();
      tree.giveUp();
      tree.close();
      stored.close();
      for (const predecessor of predecessors) predecessor.close();
    }
  }

  #header(): SnapshotHeader {
    const components = [...this.#components].sort((a, b) => (a.name < b.name ? -1 : 1));
    const { notes, problems, first } = this.#troubles.count();
    return { ...this.#draft, components, notes, problems, troubles: first };
  }

  #writeOwnFiles(header: SnapshotHeader): void {
    const own = join(this.#partial, OWN);
    const { policy } = this.#options;
    if (policy !== undefined) {
      writeFileSync(join(own, POLICY), policy, { mode: 0o600 });
      this.#journal.addChecksum(createHash('sha256').update(policy).digest('hex'), below(OWN, POLICY));
    }
    const nodes = join(own, NODES);
    this.#journal.flush();
    const sha256 = writeManifest(join(own, MANIFEST), { header, nodes, count: this.#journal.count });
    this.#journal.addChecksum(sha256, below(OWN, MANIFEST));
    this.#journal.close();
    unlinkSync(nodes);
  }

  async #removeInterrupted(): Promise<void> {
    for (const name of this.#parts.interrupted) await this.#removeFolder(name);
  }

  async #removeFolder(name: string): Promise<void> {
    await removeFrom(this.#folder, name, new AbortController().signal);
  }
}
