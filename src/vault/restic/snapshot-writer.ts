/**
 * Writing one snapshot: content and trees go into packs as they come, then an index names the packs, then the snapshot's
 * file names the tree. In this order, and only in this order, a crash at any moment leaves either no new snapshot or a
 * whole one.
 */
import { rfc3339 } from '../../base/calendar.ts';
import { compareRawPaths } from '../../base/raw-path.ts';
import type { Capture } from '../../model/capture.ts';
import {
  type ComponentFacts,
  type ComponentSummary,
  isComplete,
  recordedOrigin,
  type SnapshotDraft,
  type SnapshotEntry,
  type SnapshotHeader,
} from '../../model/snapshot.ts';
import { encodeHeader } from '../plain/header-line.ts';
import { reportProgress } from '../progress.ts';
import { TroubleTally } from '../trouble-tally.ts';
import type { ComponentDraft, OpenCapture, SnapshotWriter, StoredComponent, WriteOptions } from '../vault.ts';
import type { BlobReader } from './blob-reader.ts';
import { ComponentWriter } from './component-writer.ts';
import { hashLine } from './content-hashes.ts';
import { earlierComponents } from './earlier-snapshots.ts';
import type { SnapshotFile } from './format/snapshot-file.ts';
import type { TimeWriter } from './format/times.ts';
import { HASHES, HEADER, POLICY, placeOf, type StoredSnapshot } from './listing.ts';
import type { LockOwner } from './locks.ts';
import { type OwnFile, storeRoot } from './own-files.ts';
import { publishSnapshotFile } from './publishing.ts';
import type { Repository } from './repository.ts';
import type { StoringCrew } from './storing-crew.ts';
import { storeStream } from './stream-storing.ts';
import { tagsFor } from './tags.ts';
import { type ComponentParts, type ContentHash, newCounts } from './writer-parts.ts';

export interface WriterParts {
  readonly repository: Repository;
  readonly blobs: BlobReader;
  readonly crew: StoringCrew;
  readonly times: TimeWriter;
  readonly owner: LockOwner;
  /** the earlier snapshots that it is compared with, best first */
  readonly earlier: readonly StoredSnapshot[];
  /** aborts when the run is cancelled, and when the lock is lost */
  readonly signal: AbortSignal;
  /** told of the snapshot's file, under its id, when it is there */
  readonly published?: (id: string, file: SnapshotFile, entry: SnapshotEntry) => void;
}

/** How many notes and problems the header keeps word by word. */
const TROUBLES_KEPT = 1000;

export class ResticSnapshotWriter implements SnapshotWriter {
  readonly #draft: SnapshotDraft;
  readonly #parts: WriterParts;
  readonly #options: WriteOptions;
  readonly #components: ComponentSummary[] = [];
  /** the components' folders as nodes */
  readonly #texts = new Map<string, string>();
  readonly #hashes: ContentHash[] = [];
  readonly #troubles = new TroubleTally(TROUBLES_KEPT);

  constructor(draft: SnapshotDraft, parts: WriterParts, options: WriteOptions) {
    this.#draft = draft;
    this.#parts = parts;
    this.#options = options;
    this.#troubles.inherit(options.inherited);
  }

  async component(draft: ComponentDraft, open: OpenCapture): Promise<StoredComponent> {
    const counts = newCounts();
    const troubles = new TroubleTally(TROUBLES_KEPT);
    const capture = await open(troubles.add);
    let facts: ComponentFacts | undefined;
    try {
      const hashes: ContentHash[] = [];
      const found = { troubles: troubles.add, counts, hashes };
      const text = await this.#store(draft.name, capture, found);
      this.#texts.set(draft.name, text);
      for (const one of hashes) this.#hashes.push(one);
      facts = await capture.facts?.();
    } finally {
      await capture.close();
    }
    this.#troubles.addAll(troubles.count());
    const { nodes, files, bytes, newBytes, unchanged } = counts;
    const known = facts === undefined ? {} : { facts };
    const summary: ComponentSummary = { ...recorded(draft), complete: true, nodes, files, bytes, ...known };
    this.#components.push(summary);
    return { summary, newBytes, unchanged, troubles: troubles.count() };
  }

  async #store(
    component: string,
    capture: Capture,
    found: Pick<ComponentParts, 'troubles' | 'counts' | 'hashes'>,
  ): Promise<string> {
    const { repository, blobs, crew, times, earlier, signal } = this.#parts;
    const place = placeOf(this.#header());
    const parts = { component, place, crew, repository, blobs, times, signal, ...found };
    const progress = reportProgress(this.#options.emit, crew, found.counts);
    try {
      const before = await earlierComponents(earlier, component, { repository, blobs, signal });
      return await new ComponentWriter({ ...parts, earlier: before }).write(capture);
    } finally {
      progress.stop();
    }
  }

  absent(draft: ComponentDraft): void {
    this.#components.push({ ...recorded(draft), complete: false, nodes: 0, files: 0, bytes: 0 });
  }

  async publish(): Promise<SnapshotEntry> {
    const { repository, blobs, owner, signal } = this.#parts;
    const { emit } = this.#options;
    const tree = await this.settle();
    emit({ type: 'phase', phase: 'publishing' });
    const header = this.#header();
    const [earlier] = this.#parts.earlier;
    const file = {
      time: rfc3339(header.time, header.zone),
      parent: earlier?.ids[0],
      tree,
      paths: [`/${header.target}`],
      hostname: header.host,
      username: owner.username,
      uid: owner.uid,
      gid: owner.gid,
      tags: tagsFor(header),
      program_version: `hikae ${header.hikae}`,
    };
    const id = await publishSnapshotFile({ repository, blobs }, file, {
      place: placeOf(header),
      emit,
      signal,
    });
    // Its threads and their memory are not for the next snapshot, which has its own.
    await this.#parts.crew.close();
    const entry = this.stored();
    this.#parts.published?.(id, file, entry);
    return entry;
  }

  /** Makes all that the snapshot consists of durable, and gives its tree; nobody sees it yet. */
  async settle(): Promise<string> {
    const { crew, times, owner, signal } = this.#parts;
    signal.throwIfAborted();
    const header = this.#header();
    const { target, time } = header;
    const files = await this.#storeOwnFiles(header);
    const root = { target, components: this.#texts, files, time, uid: owner.uid, gid: owner.gid, times };
    const tree = storeRoot(root, (bytes) => crew.storeTree(bytes));
    this.#options.emit({ type: 'phase', phase: 'syncing' });
    await crew.finish();
    return tree;
  }

  stored(): SnapshotEntry {
    const header = this.#header();
    return { place: placeOf(header), header, complete: isComplete(header) };
  }

  /** What packs it has filled stay, and are found again by the next run where an index names them. */
  async abandon({ discard }: { discard: boolean }): Promise<void> {
    const { crew, signal } = this.#parts;
    if (!discard && !signal.aborted && !crew.failed) await crew.finish();
    await crew.close();
  }

  async #storeOwnFiles(header: SnapshotHeader): Promise<OwnFile[]> {
    const { policy } = this.#options;
    const files: OwnFile[] = [];
    // In the order in which they are read: the header alone makes the list of snapshots.
    files.push(await this.#storeOwn(HEADER, [Buffer.from(encodeHeader(header))]));
    this.#hashes.sort((left, right) => compareRawPaths(left.path, right.path));
    const lines = this.#hashes.map(({ sha256, path }) => Buffer.from(hashLine(sha256, path)));
    files.push(await this.#storeOwn(HASHES, lines));
    if (policy !== undefined) files.push(await this.#storeOwn(POLICY, [policy]));
    return files;
  }

  async #storeOwn(name: string, parts: Iterable<Uint8Array>): Promise<OwnFile> {
    const { crew, signal } = this.#parts;
    async function* open() {
      yield* parts;
    }
    const counts = newCounts();
    const options = { crew, signal, counts };
    const stream = { kind: 'stream', compressible: true, open } as const;
    const { content, size } = await storeStream({ content: stream }, options);
    crew.own(content);
    return { name, content, size };
  }

  #header(): SnapshotHeader {
    const components = [...this.#components].sort((a, b) => (a.name < b.name ? -1 : 1));
    const { notes, problems, first } = this.#troubles.count();
    return { ...this.#draft, components, notes, problems, troubles: first };
  }
}

function recorded({ name, origin }: ComponentDraft): ComponentDraft {
  return { name, origin: recordedOrigin(origin) };
}
