/**
 * The threads that store content, and what becomes of the packs that they fill: each goes to the storage as it comes, and
 * when it is safe there an index names it.
 */
import type { Clock } from '../../base/clock.ts';
import { moduleBeside, openWorkerPool, type WorkerPool } from '../../base/worker-pool.ts';
import { Kernels } from '../../kernels/kernels.ts';
import { READ_BUFFER } from './file-storing.ts';
import { idOf, type PackedBlob } from './format/blob.ts';
import { encodeIndexFile } from './format/index-file.ts';
import { parsePackList } from './format/pack.ts';
import type { RandomBytes } from './format/sealing.ts';
import { packKey } from './layout.ts';
import { writeUnpacked } from './objects.ts';
import { PackFiller } from './pack-filler.ts';
import { newSharedRooms, PackRooms } from './pack-rooms.ts';
import type { Repository } from './repository.ts';
import { packFiles, resultsOf } from './storing-columns.ts';
import type {
  Answer,
  FileItem,
  FileResult,
  FinishedPack,
  HandedPack,
  Job,
  StoredChunk,
  WorkerData,
} from './storing-jobs.ts';

/** An index is written after so many blobs or seconds: what is in one, a later run finds again. */
const BLOBS_PER_INDEX = 50_000;
const SECONDS_PER_INDEX = 300;
/** Finished packs wait for the storage up to this number, or as many as it takes at a time where that is less. */
const MOST_PACKS_WAITING = 4;

export interface CrewOptions {
  readonly threads: number;
  readonly random: RandomBytes;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** nothing is stored: it is only found out what would be */
  readonly dry: boolean;
}

type PutPack = Omit<FinishedPack, 'blobs'>;

export class StoringCrew {
  /** [0] ends the threads, [1] counts the bytes that they have read */
  readonly #counters = new BigInt64Array(new SharedArrayBuffer(16));
  readonly size: number;
  readonly #repository: Repository;
  readonly #options: CrewOptions;
  readonly #pool: WorkerPool<Job, Answer>;
  readonly #rooms: PackRooms;
  readonly #trees: PackFiller;
  /** packs on their way to the storage */
  readonly #puts = new Set<Promise<void>>();
  /** packs that are stored and in no index yet; their lists take a fifth of what their blobs would as objects */
  #unindexed: Omit<PutPack, 'bytes'>[] = [];
  #blobs = 0;
  #indexedAt: number;
  #failure: { readonly error: unknown } | undefined;
  #cutter: Kernels | undefined;
  /** blobs of hikae's own small files, which the next run will want */
  readonly #own = new Set<string>();
  readonly #stop = () => this.#end();

  constructor(repository: Repository, options: CrewOptions) {
    this.#repository = repository;
    this.#options = options;
    this.size = options.threads;
    this.#indexedAt = options.clock.elapsed();
    // Each thread fills one, and the others wait for the storage.
    const ahead = Math.min(MOST_PACKS_WAITING, repository.storage.capabilities.parallel);
    const rooms = newSharedRooms(options.threads + ahead);
    this.#rooms = new PackRooms(rooms);
    const data: WorkerData = {
      index: repository.index.blobs.shared,
      key: repository.key,
      polynomial: repository.config.polynomial,
      seed: Uint8Array.from(options.random(32)),
      counters: this.#counters.buffer as SharedArrayBuffer,
      rooms,
      dry: options.dry,
    };
    this.#pool = openWorkerPool<Job, Answer, HandedPack>(moduleBeside(import.meta.url, 'storing-worker'), {
      size: options.threads,
      data,
      onNews: ({ room, ...pack }) => this.#put(pack, () => this.#rooms.giveBack(room)),
    });
    this.#trees = new PackFiller({
      type: 'tree',
      sealer: repository.sealer,
      finished: (pack) => this.#put(pack, () => this.#forgetTrees(pack)),
    });
    options.signal.addEventListener('abort', this.#stop, { once: true });
  }

  /** Cuts what comes as streams, one at a time: its memory is made when the first comes. */
  get cutter(): Kernels {
    if (this.#cutter === undefined) {
      this.#cutter = new Kernels(READ_BUFFER);
      this.#cutter.usePolynomial(this.#repository.config.polynomial);
    }
    return this.#cutter;
  }

  /** A pack could not be stored: then neither can an index. */
  get failed(): boolean {
    return this.#failure !== undefined;
  }

  bytesRead(): number {
    return Number(Atomics.load(this.#counters, 1));
  }

  /** What becomes of each of the files, in their order. */
  async storeFiles(items: readonly FileItem[]): Promise<Iterable<FileResult>> {
    const answer = await this.#run(() => this.#pool.run({ kind: 'files', ...packFiles(items) }));
    if (answer.kind !== 'files') throw new TypeError(`a thread answered ${answer.kind}`);
    return resultsOf(answer, items);
  }

  async storeChunk(bytes: Uint8Array): Promise<StoredChunk> {
    const answer = await this.#run(() => this.#pool.run({ kind: 'chunk', bytes }));
    if (answer.kind !== 'chunk') throw new TypeError(`a thread answered ${answer.kind}`);
    return answer;
  }

  /** Threads give up what they do when something has failed elsewhere: then that is what is told. */
  async #run<Result>(work: () => Promise<Result>): Promise<Result> {
    this.throwIfFailed();
    try {
      return await work();
    } catch (error) {
      this.#options.signal.throwIfAborted();
      this.throwIfFailed();
      throw error;
    }
  }

  /** Tells which blobs are of hikae's own small files. */
  own(ids: readonly string[]): void {
    for (const id of ids) this.#own.add(id);
  }

  /** Stores a tree if nobody has it, and gives its id. */
  storeTree(tree: Buffer): string {
    const id = idOf(tree);
    const isNew = this.#repository.index.blobs.claim('tree', Buffer.from(id, 'hex'));
    if (isNew && !this.#options.dry) this.#trees.add(id, tree);
    return id;
  }

  /** Writes an index when it is time for one. Called now and then. */
  async indexIfDue(): Promise<void> {
    this.throwIfFailed();
    const since = this.#options.clock.elapsed() - this.#indexedAt;
    if (this.#blobs >= BLOBS_PER_INDEX || (since >= SECONDS_PER_INDEX && this.#blobs > 0))
      await this.#index();
  }

  /** When it resolves everything that was stored is safe, and named by an index. */
  async finish(): Promise<void> {
    await this.#run(() => this.#pool.runOnEach({ kind: 'flush' }));
    this.#trees.flush();
    while (this.#puts.size > 0) await Promise.race(this.#puts);
    this.throwIfFailed();
    await this.#index();
  }

  /** Every pack is durable before an index names it, and every index before anything relies on it. */
  async #index(): Promise<void> {
    const packs = this.#unindexed;
    this.#unindexed = [];
    this.#blobs = 0;
    this.#indexedAt = this.#options.clock.elapsed();
    if (packs.length === 0) return;
    const { signal } = this.#options;
    await this.#repository.storage.sync({ signal });
    await writeUnpacked(
      { ...this.#repository, version: this.#repository.config.version },
      'index',
      encodeIndexFile(packs.map(({ id, list }) => ({ id, blobs: blobsIn(list) }))),
      { signal },
    );
  }

  /** When it is stored `done` lets go of its memory. After a failure somebody may still be at it. */
  #put({ id, bytes, list }: PutPack, done: () => void): void {
    const { storage, index } = this.#repository;
    const { signal } = this.#options;
    const put = storage
      .put(packKey(id), bytes, { signal, durable: 'at-sync', isNew: true, sha256: id })
      .then(
        () => {
          const blobs = blobsIn(list);
          index.blobs.addPack(id, blobs);
          this.#unindexed.push({ id, list });
          this.#blobs += blobs.length;
          this.#cacheOwn(bytes, blobs);
          done();
        },
        (error: unknown) => {
          this.#failure ??= { error };
          this.#end();
        },
      )
      .finally(() => this.#puts.delete(put));
    this.#puts.add(put);
  }

  /** Keeps what the next run will read of hikae's own files. */
  #cacheOwn(bytes: Uint8Array, blobs: readonly PackedBlob[]): void {
    const { cache } = this.#repository;
    if (cache === undefined) return;
    for (const blob of blobs) {
      if (!this.#own.has(blob.id)) continue;
      cache.add('blobs', blob.id, bytes.subarray(blob.offset, blob.offset + blob.length));
    }
  }

  /** The next run will read them, this one does not. */
  #forgetTrees({ id, bytes }: FinishedPack): void {
    this.#repository.cache?.add('packs', id, bytes);
    // Let go of now, and not when it is found to be garbage.
    if (bytes.buffer instanceof ArrayBuffer) bytes.buffer.transfer(0);
  }

  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Makes the threads give up what they do. */
  #end(): void {
    Atomics.store(this.#counters, 0, 1n);
    this.#rooms.wake();
  }

  /** Lets go of the threads; what they have not handed over is lost, and free to be stored by others. */
  async close(): Promise<void> {
    this.#options.signal.removeEventListener('abort', this.#stop);
    this.#end();
    await this.#pool.close();
    while (this.#puts.size > 0) await Promise.race(this.#puts);
    this.#repository.index.blobs.giveUpClaims();
  }
}

function blobsIn(list: Uint8Array): PackedBlob[] {
  // What crossed between threads are mere bytes.
  return parsePackList(Buffer.from(list.buffer, list.byteOffset, list.length));
}
