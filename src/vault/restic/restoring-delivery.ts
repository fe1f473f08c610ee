/**
 * Delivering the contents of many files. What is ordered is gathered by the packs that it lies in, so that a pack is read
 * once for all files that want something of it, and in its own order; threads open what was read. A pack is read when all
 * of it is wanted, else when it has waited longest and too much is waiting.
 */
import { isHikaeError } from '../../base/errors.ts';
import { moduleBeside, openWorkerPool, type WorkerPool } from '../../base/worker-pool.ts';
import { MAX_CHUNK } from '../../kernels/kernels.ts';
import type { Node } from '../../model/node.ts';
import type { Delivery, Piece, Receiver } from '../../model/snapshot-reader.ts';
import type { BlobPlace } from './format/blob.ts';
import { packKey } from './layout.ts';
import type { Repository } from './repository.ts';
import { type OpenedBlobs, type OpeningJob, ownBytes, packOpening, sizeOf } from './restoring-jobs.ts';
import { type Stretch, type Use, WantedPack } from './restoring-stretches.ts';

/** Places in files that may wait for their blobs: about a kilobyte of memory each. */
const MOST_WAITING = 8_192;
/** Contents of several blobs that may have come in part: whoever receives them holds each open. */
const MOST_IN_PIECES = 96;
/** Stretches that are read, opened or received at a time, for each thread: up to 16 MiB each. */
const STRETCHES_A_THREAD = 2;

export interface DeliveryParts {
  readonly repository: Repository;
  readonly threads: number;
  /** the blobs of a node's content */
  contentOf(node: Node): readonly string[] | Promise<readonly string[]>;
}

export class PackDelivery implements Delivery {
  readonly #parts: DeliveryParts;
  readonly #receiver: Receiver;
  readonly #signal: AbortSignal;
  readonly #pool: WorkerPool<OpeningJob, OpenedBlobs>;
  /** the one that was wanted last stands last */
  readonly #packs = new Map<string, WantedPack>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #undeliverable = new WeakSet<Node>();
  #empty: Node[] = [];
  #waiting = 0;
  #inPieces = 0;
  #hurried: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  constructor(parts: DeliveryParts, receiver: Receiver, { signal }: { signal: AbortSignal }) {
    this.#parts = parts;
    this.#receiver = receiver;
    this.#signal = signal;
    const { repository, threads } = parts;
    this.#pool = openWorkerPool(moduleBeside(import.meta.url, 'restoring-worker'), {
      // Whoever receives has threads of its own, which work at the same time.
      size: Math.max(1, threads - 1),
      data: { key: repository.key },
    });
  }

  /** Of most nodes nothing is to be waited for, and a promise for each would take longer than all the rest of it. */
  order(node: Node): Promise<void> | undefined {
    this.#throwIfOver();
    const content = this.#parts.contentOf(node);
    return content instanceof Promise
      ? content.then((found) => this.#order(node, found))
      : this.#order(node, content);
  }

  #order(node: Node, content: readonly string[]): Promise<void> | undefined {
    const [id] = content;
    if (id === undefined || content.length > 1) return this.#orderParts(node, content);
    const place = this.#placeOf(id);
    if (place === undefined || sizeOf(place) !== node.size) {
      this.#giveUp(node);
      return undefined;
    }
    const whole = this.#want(id, place, { node, offset: 0 });
    return whole === undefined && this.#waiting <= MOST_WAITING ? undefined : this.#makeRoom(whole);
  }

  async #makeRoom(whole: WantedPack | undefined): Promise<void> {
    if (whole !== undefined) await this.#read(whole);
    while (this.#waiting > MOST_WAITING) await this.#readOldest();
  }

  /** An empty content, or one of several blobs. */
  async #orderParts(node: Node, content: readonly string[]): Promise<void> {
    const places = this.#placesOf(content, node);
    if (places === undefined) {
      this.#giveUp(node);
      return;
    }
    if (content.length === 0) this.#empty.push(node);
    let offset = 0;
    for (const [at, place] of places.entries()) {
      await this.#makeRoom(this.#want(content[at] as string, place, { node, offset }));
      offset += sizeOf(place);
    }
    if (this.#empty.length >= MOST_IN_PIECES) await this.#deliverEmpty();
    if (content.length > 1) await this.#boundPieces();
  }

  /** Where its blobs lie; undefined when one is nowhere, or when together they are not the content's size. */
  #placesOf(content: readonly string[], { size }: Node): BlobPlace[] | undefined {
    const places: BlobPlace[] = [];
    let sum = 0;
    for (const id of content) {
      const place = this.#placeOf(id);
      if (place === undefined) return undefined;
      places.push(place);
      sum += sizeOf(place);
    }
    return sum === size ? places : undefined;
  }

  /** Undefined also for what is of no chunk's size. */
  #placeOf(id: string): BlobPlace | undefined {
    const [place] = this.#parts.repository.index.blobs.placesOf('data', id);
    if (place === undefined) return undefined;
    const size = sizeOf(place);
    return size === 0 || size > MAX_CHUNK ? undefined : place;
  }

  /** The pack that it lies in, when all of that is wanted now. */
  #want(id: string, place: BlobPlace, use: Use): WantedPack | undefined {
    const wanted = this.#packs.get(place.pack) ?? new WantedPack(place.pack);
    this.#packs.delete(place.pack);
    this.#packs.set(place.pack, wanted);
    wanted.add(id, place, use);
    this.#waiting += 1;
    return wanted.bytes >= this.#parts.repository.index.blobs.endOf(place.pack) ? wanted : undefined;
  }

  async #readOldest(): Promise<void> {
    const [oldest] = this.#packs.values();
    if (oldest !== undefined) await this.#read(oldest);
  }

  /** What has come in part is completed before too much of it is; the half before is waited for. */
  async #boundPieces(): Promise<void> {
    this.#inPieces += 1;
    if (this.#inPieces < MOST_IN_PIECES / 2) return;
    this.#inPieces = 0;
    await this.#readAll();
    const earlier = this.#hurried;
    this.#hurried = this.#underWayNow();
    await earlier;
  }

  async hurry(): Promise<void> {
    await this.#readAll();
    await this.#deliverEmpty();
    await this.#underWayNow();
    this.#throwIfOver();
  }

  async #readAll(): Promise<void> {
    while (this.#packs.size > 0) await this.#readOldest();
  }

  async #underWayNow(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async #read(wanted: WantedPack): Promise<void> {
    this.#packs.delete(wanted.id);
    this.#waiting -= wanted.uses;
    for (const stretch of wanted.stretches()) await this.#begin(() => this.#deliver(stretch));
  }

  async #deliverEmpty(): Promise<void> {
    if (this.#empty.length === 0) return;
    const pieces = this.#empty.map((node) => ({ node, offset: 0, start: 0, length: 0 }));
    this.#empty = [];
    await this.#begin(() => this.#receiver.receive({ bytes: new Uint8Array(0), pieces }));
  }

  /** Begins when few enough are under way. The first failure ends the delivery. */
  async #begin(work: () => Promise<void>): Promise<void> {
    while (this.#underWay.size >= this.#parts.threads * STRETCHES_A_THREAD)
      await Promise.race(this.#underWay);
    this.#throwIfOver();
    const one = work()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#underWay.delete(one));
    this.#underWay.add(one);
  }

  async #deliver(stretch: Stretch): Promise<void> {
    const sealed = await this.#readStretch(stretch);
    if (sealed === undefined) {
      for (const { uses } of stretch.blobs) for (const { node } of uses) this.#giveUp(node);
      return;
    }
    const job = packOpening(sealed, stretch.offset, stretch.blobs);
    const { bytes, sound } = await this.#pool.run(job, [sealed.buffer]);
    const pieces: Piece[] = [];
    let start = 0;
    for (const [at, blob] of stretch.blobs.entries()) {
      const length = sizeOf(blob);
      for (const use of blob.uses) {
        if (sound[at] !== 1) this.#giveUp(use.node);
        else if (!this.#undeliverable.has(use.node)) pieces.push({ ...use, start, length });
      }
      start += length;
    }
    this.#signal.throwIfAborted();
    if (pieces.length > 0) await this.#receiver.receive({ bytes, pieces });
  }

  /** undefined when the pack is not there, cut off or can't be read. */
  async #readStretch({ pack, offset, length }: Stretch): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { storage } = this.#parts.repository;
    try {
      return ownBytes(await storage.readRange(packKey(pack), { offset, length, signal: this.#signal }));
    } catch (error) {
      this.#signal.throwIfAborted();
      if (!isHikaeError(error, 'STORAGE_NOT_FOUND', 'STORAGE_TOO_SHORT', 'STORAGE_FAILED')) throw error;
      return undefined;
    }
  }

  #giveUp(node: Node): void {
    if (this.#undeliverable.has(node)) return;
    this.#undeliverable.add(node);
    this.#receiver.undeliverable(node);
  }

  #throwIfOver(): void {
    this.#signal.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async close(): Promise<void> {
    await this.#pool.close();
    await this.#underWayNow();
  }
}
