/**
 * Files whose contents the vault delivers in its own order: small ones whole, large ones in pieces, which are written where
 * they belong in a file that stays open until it is complete.
 */
import { ftruncateSync } from 'node:fs';
import { UnderWay } from '../../../base/under-way.ts';
import type { Node } from '../../../model/node.ts';
import type { Delivery, Parcel, Piece, Receiver, SnapshotReader } from '../../../model/snapshot-reader.ts';
import { type Concluding, type ConcludingParts, type FileOrder, targetOf } from './concluding.ts';
import type { Crew } from './crew.ts';
import type { Folder } from './folders.ts';
import type { StreamedFiles } from './streamed-files.ts';
import type { BytesTask, PartResult, PartTask } from './write.ts';

/** Folders that are kept open because something in them is on its way. */
const MOST_FOLDERS = 384;

/** A file that was ordered and is not concluded. */
interface Awaited {
  readonly order: FileOrder;
  /** open while it has some pieces and not all */
  file: number | undefined;
  missing: number;
  /** parts of it that a thread has just now */
  writing: number;
  /** it is dropped, or written in another way, when the threads have let go of it */
  after: 'nothing' | 'stream' | 'drop';
}

export interface DeliveredFilesParts extends Pick<ConcludingParts, 'owners' | 'progress' | 'signal'> {
  readonly crew: Crew;
  readonly concluding: Concluding;
  readonly streamed: StreamedFiles;
  settle(folder: Folder): void;
}

export class DeliveredFiles implements Receiver {
  readonly #parts: DeliveredFilesParts;
  readonly #delivery: Delivery;
  readonly #awaited = new Map<Node, Awaited>();
  /** how many of them each folder has */
  readonly #folders = new Map<Folder, number>();
  readonly #streams = new UnderWay();
  #lastStream: Promise<void> = Promise.resolve();

  constructor(parts: DeliveredFilesParts, deliver: NonNullable<SnapshotReader['deliver']>) {
    this.#parts = parts;
    this.#delivery = deliver(this, { signal: parts.signal });
  }

  get busy(): boolean {
    return this.#awaited.size > 0;
  }

  /** Resolves when more may be ordered; undefined where that is at once. */
  order(order: FileOrder): Promise<void> | undefined {
    const { node, folder } = order;
    folder.pending += 1;
    this.#folders.set(folder, (this.#folders.get(folder) ?? 0) + 1);
    this.#awaited.set(node, { order, file: undefined, missing: node.size, writing: 0, after: 'nothing' });
    const more = this.#delivery.order(node);
    return more === undefined && this.#folders.size < MOST_FOLDERS ? undefined : this.#makeRoom(more);
  }

  async #makeRoom(more: Promise<void> | undefined): Promise<void> {
    await more;
    if (this.#folders.size >= MOST_FOLDERS) await this.settled();
  }

  /** Waits until every file that was ordered is written or refused. */
  async settled(): Promise<void> {
    if (this.busy) await this.#delivery.hurry();
    await this.underWay();
  }

  async underWay(): Promise<void> {
    await this.#streams.below(1);
  }

  async receive({ bytes, pieces }: Parcel): Promise<void> {
    const { crew, owners, progress } = this.#parts;
    progress.throwIfOver();
    const whole: { readonly awaited: Awaited; readonly task: BytesTask }[] = [];
    const parts: { readonly awaited: Awaited; readonly task: PartTask; readonly length: number }[] = [];
    for (const piece of pieces) {
      const awaited = this.#awaited.get(piece.node);
      if (awaited === undefined || awaited.after !== 'nothing') continue;
      const view = bytes.subarray(piece.start, piece.start + piece.length);
      if (piece.length === piece.node.size) {
        whole.push({ awaited, task: { ...targetOf(awaited.order, owners), bytes: view } });
      } else {
        const task = this.#partOf(awaited, piece, view);
        if (task !== undefined) parts.push({ awaited, task, length: piece.length });
      }
    }
    try {
      const files = whole.map(({ task }) => task);
      const results = await crew.writeBytes({ bytes, files, parts: parts.map(({ task }) => task) });
      for (const [at, { awaited }] of whole.entries()) {
        const result = results.files[at];
        if (result !== undefined) this.#parts.concluding.conclude(awaited.order, result);
        this.#settle(awaited);
      }
      for (const [at, { awaited, length }] of parts.entries())
        this.#written(awaited, length, results.parts[at]);
    } catch (error) {
      progress.end(error);
      throw error;
    }
    progress.tell();
  }

  #partOf(awaited: Awaited, { offset }: Piece, bytes: Uint8Array): PartTask | undefined {
    awaited.file ??= this.#parts.streamed.open(awaited.order);
    if (awaited.file === undefined) {
      this.#settle(awaited);
      return undefined;
    }
    awaited.writing += 1;
    return { file: awaited.file, position: offset, bytes };
  }

  #written(awaited: Awaited, length: number, result: PartResult): void {
    const { order, file } = awaited;
    awaited.writing -= 1;
    awaited.missing -= length;
    if (result !== undefined && awaited.after === 'nothing') {
      awaited.after = 'drop';
      this.#parts.concluding.conclude(order, result);
    }
    if (awaited.writing > 0 || file === undefined) return;
    if (awaited.after !== 'nothing') this.#letGo(awaited);
    else if (awaited.missing === 0) {
      awaited.file = undefined;
      this.#finish(order, file);
      this.#settle(awaited);
    }
  }

  #finish(order: FileOrder, file: number): void {
    const { streamed, progress } = this.#parts;
    // Its end may be a hole.
    const sized = progress.attempt(order.path, () => ftruncateSync(file, order.node.size) ?? true);
    if (sized) streamed.finish(order, file);
    else streamed.drop(order, file);
  }

  undeliverable(node: Node): void {
    const awaited = this.#awaited.get(node);
    if (awaited === undefined || awaited.after !== 'nothing') return;
    awaited.after = 'stream';
    if (awaited.writing === 0) this.#letGo(awaited);
  }

  /** What was written of it is gone, and where that may help its content is read as a stream. */
  #letGo(awaited: Awaited): void {
    const { order, file, after } = awaited;
    const { streamed, progress } = this.#parts;
    awaited.file = undefined;
    if (file !== undefined) streamed.drop(order, file);
    if (after !== 'stream') {
      this.#settle(awaited);
      return;
    }
    // One after the other: each may look through many packs.
    this.#lastStream = this.#lastStream
      .then(() => {
        progress.throwIfOver();
        return streamed.write(order);
      })
      .catch((error: unknown) => progress.end(error))
      .finally(() => this.#settle(awaited));
    this.#streams.add(this.#lastStream);
  }

  #settle({ order: { node, folder } }: Awaited): void {
    this.#awaited.delete(node);
    const others = (this.#folders.get(folder) ?? 1) - 1;
    if (others === 0) this.#folders.delete(folder);
    else this.#folders.set(folder, others);
    folder.pending -= 1;
    this.#parts.settle(folder);
  }

  /** Ends the delivery; what has come in part is taken away. */
  async close(): Promise<void> {
    await this.#delivery.close();
    for (const { order, file } of this.#awaited.values())
      if (file !== undefined) this.#parts.streamed.drop(order, file);
    this.#awaited.clear();
  }
}
