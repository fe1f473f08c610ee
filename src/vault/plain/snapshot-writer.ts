/**
 * Writing one snapshot. It grows in a folder whose name ends in `.partial`, which is no snapshot; then everything is
 * brought to the disk at once, and then the folder is renamed. In this order, and only in this order, a crash at
 * any moment leaves either no new snapshot or a whole one.
 */

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { syncDirectory } from '../../base/durable-files.ts';
import { syncFileSystem } from '../../base/libc.ts';
import { OpenDirectory } from '../../base/open-directory.ts';
import type { RawName, RawPath } from '../../base/raw-path.ts';
import type { WorkerPool } from '../../base/worker-pool.ts';
import type { Capture } from '../../model/capture.ts';
import {
  type ComponentSummary,
  isComplete,
  type SnapshotDraft,
  type SnapshotEntry,
  type SnapshotHeader,
} from '../../model/snapshot.ts';
import type { TroubleSink } from '../../model/trouble.ts';
import type { ComponentDraft, OpenCapture, SnapshotWriter, StoredComponent, WriteOptions } from '../vault.ts';
import { ComponentWriter, type WriteCounts } from './component-writer.ts';
import { namingDiskErrors } from './disk-errors.ts';
import type { ItemResult, Job, Keeps } from './file-jobs.ts';
import {
  below,
  CHECKSUMS,
  LATEST,
  MANIFEST,
  NODES,
  OWN,
  PARTIAL,
  type Place,
  POLICY,
  placeText,
} from './layout.ts';
import { writeManifest } from './manifest-file.ts';
import { NodeJournal } from './node-journal.ts';
import { OutputTree } from './output-tree.ts';
import { Predecessor, type PredecessorSource } from './predecessor.ts';
import { reportProgress } from './progress.ts';
import { removeTree } from './removal.ts';
import { StoredTree } from './stored-tree.ts';
import { TroubleTally } from './trouble-tally.ts';

export interface WriterParts {
  readonly root: string;
  readonly place: Place;
  readonly keeps: Keeps;
  readonly predecessors: readonly PredecessorSource[];
  /** folders that interrupted runs have left beside this one; they go when this snapshot is published */
  readonly interrupted: readonly string[];
  /** what was found when the data was captured, where this only stores it once more */
  readonly inherited: Pick<SnapshotHeader, 'notes' | 'problems' | 'troubles'>;
  readonly pool: WorkerPool<Job, readonly ItemResult[]>;
  readonly counters: Int32Array;
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
    const { notes, problems, troubles } = parts.inherited;
    this.#troubles.addAll({ notes, problems, first: troubles });
    this.#folder = join(parts.root, parts.place.schedule, parts.place.target);
    this.#partial = join(this.#folder, parts.place.name + PARTIAL);
    mkdirSync(join(this.#partial, OWN), { recursive: true, mode: 0o700 });
    this.#directory = OpenDirectory.open(this.#partial as RawPath);
    this.#journal = new NodeJournal({
      nodes: join(this.#partial, OWN, NODES),
      checksums: join(this.#partial, CHECKSUMS),
    });
  }

  async component(draft: ComponentDraft, open: OpenCapture): Promise<StoredComponent> {
    const mark = this.#journal.mark();
    const counts: WriteCounts = { nodes: 0, files: 0, bytes: 0, newBytes: 0, unchanged: 0 };
    const troubles = new TroubleTally(TROUBLES_KEPT);
    try {
      const capture = await open(troubles.add);
      try {
        await namingDiskErrors(this.#parts.root, () =>
          this.#store(draft.name, capture, troubles.add, counts),
        );
      } finally {
        await capture.close();
      }
    } catch (error) {
      // What a failed component leaves would look like a component: it goes, whatever ended it.
      await removeTree(this.#directory, draft.name as RawName, new AbortController().signal);
      this.#journal.backTo(mark);
      throw error;
    }
    this.#troubles.addAll(troubles.count());
    const { nodes, files, bytes, newBytes, unchanged } = counts;
    const summary: ComponentSummary = { ...draft, complete: true, nodes, files, bytes };
    this.#components.push(summary);
    return { summary, newBytes, unchanged, troubles: troubles.count() };
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
      if (complete) pointLatest(this.#folder, place.name);
      this.#directory.release();
      await this.#removeInterrupted();
      return { place: placeText(place), header, complete };
    });
  }

  async abandon({ discard }: { discard: boolean }): Promise<void> {
    const nothingStored = this.#journal.count === 0;
    if (discard || nothingStored) {
      // Closing the journal writes what it still holds, for which there may be no room.
      this.#journal.discard();
      this.#directory.release();
      await this.#removeFolder(this.#parts.place.name + PARTIAL);
      if (discard) await this.#removeInterrupted();
      return;
    }
    this.#journal.close();
    this.#directory.release();
  }

  async #store(
    component: string,
    capture: Capture,
    troubles: TroubleSink,
    counts: WriteCounts,
  ): Promise<void> {
    const { emit, signal } = this.#options;
    const { keeps, pool, counters, place } = this.#parts;
    const predecessors = this.#parts.predecessors.map((source) => new Predecessor(source));
    const stored = new StoredTree(this.#directory.retain());
    const tree = new OutputTree(this.#directory, keeps);
    const progress = reportProgress(emit, counters, counts);
    const stop = () => Atomics.store(counters, 0, 1);
    signal.addEventListener('abort', stop, { once: true });
    try {
      const parts = {
        component,
        place: placeText(place),
        pool,
        journal: this.#journal,
        tree,
        stored,
        predecessors,
      };
      await new ComponentWriter({ ...parts, troubles, signal, counts }).write(capture);
    } finally {
      signal.removeEventListener('abort', stop);
      progress.stop();
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
    const folder = OpenDirectory.open(this.#folder as RawPath);
    try {
      await removeTree(folder, name as RawName, new AbortController().signal);
    } finally {
      folder.release();
    }
  }
}

/** Moves `latest` in one step: it points to the old one or to the new one, at every moment. */
export function pointLatest(folder: string, name: string): void {
  const beside = join(folder, `${LATEST}.new`);
  if (existsSync(beside)) rmSync(beside);
  symlinkSync(name, beside);
  renameSync(beside, join(folder, LATEST));
  syncDirectory(folder);
}
