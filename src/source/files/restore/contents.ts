/**
 * Contents that a plan has to read, because nothing else shows whether they are what the snapshot has. They are hashed in
 * threads while the survey goes on; what it decides of them is settled later.
 */
import { closeSync } from 'node:fs';
import { UnderWay } from '../../../base/under-way.ts';
import { moduleBeside, openWorkerPool, type WorkerPool } from '../../../base/worker-pool.ts';
import { ContentHasher } from './content.ts';

const THREADS = 2;
/** One that a thread works on, and one that waits for it. */
const JOBS_AHEAD = 2 * THREADS;
/** Each file of a job is held open. */
const JOB_FILES = 64;
const JOB_BYTES = 8_388_608;

export interface OpenContent {
  /** an open file, which is closed here */
  readonly file: number;
  readonly size: number;
  readonly sha256: string;
}

interface Waiting extends OpenContent {
  settle(same: boolean): void;
}

export class Contents {
  readonly #signal: AbortSignal;
  readonly #stopped = new Int32Array(new SharedArrayBuffer(4));
  readonly #stop = () => {
    Atomics.store(this.#stopped, 0, 1);
  };
  readonly #underWay = new UnderWay();
  readonly #open = new Set<number>();
  #pool: WorkerPool<Int32Array, string[]> | undefined;
  #waiting: Waiting[] = [];
  #bytes = 0;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#stop, { once: true });
  }

  /** Has a content compared with its hash; `settle` is told some time before `settled` returns. */
  async add(content: OpenContent, settle: Waiting['settle']): Promise<void> {
    this.#open.add(content.file);
    this.#waiting.push({ ...content, settle });
    this.#bytes += content.size;
    if (this.#waiting.length < JOB_FILES && this.#bytes < JOB_BYTES) return;
    this.#pool ??= this.#startPool();
    await this.#submit(this.#pool);
  }

  async settled(): Promise<void> {
    if (this.#pool !== undefined) await this.#submit(this.#pool);
    else this.#workHere();
    await this.#below(1);
  }

  /** Ends the threads and closes what was added and never read. */
  async close(): Promise<void> {
    this.#signal.removeEventListener('abort', this.#stop);
    this.#stop();
    await this.#pool?.close();
    for (const file of this.#open) closeSync(file);
    this.#open.clear();
  }

  #startPool(): WorkerPool<Int32Array, string[]> {
    const script = moduleBeside(import.meta.url, 'content-worker');
    return openWorkerPool(script, { size: THREADS, data: this.#stopped.buffer });
  }

  /** What is too little for a thread to be started. */
  #workHere(): void {
    const batch = this.#take();
    const hasher = new ContentHasher(() => this.#signal.aborted);
    if (batch.length > 0) this.#conclude(batch, hasher.hashAll(filesOf(batch)));
  }

  async #submit(pool: WorkerPool<Int32Array, string[]>): Promise<void> {
    await this.#below(JOBS_AHEAD);
    const batch = this.#take();
    if (batch.length === 0) return;
    this.#underWay.add(pool.run(filesOf(batch)).then((hashes) => this.#conclude(batch, hashes)));
  }

  async #below(most: number): Promise<void> {
    await this.#underWay.below(most).finally(() => this.#signal.throwIfAborted());
  }

  #take(): Waiting[] {
    const batch = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    return batch;
  }

  #conclude(batch: readonly Waiting[], hashes: readonly string[]): void {
    for (const [at, { file, sha256, settle }] of batch.entries()) {
      this.#open.delete(file);
      closeSync(file);
      settle(hashes[at] === sha256);
    }
  }
}

function filesOf(batch: readonly Waiting[]): Int32Array {
  return Int32Array.from(batch, ({ file }) => file);
}
