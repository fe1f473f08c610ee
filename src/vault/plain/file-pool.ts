/** The threads that copy, link and check files, and the numbers that they share with who sends them jobs. */
import { moduleBeside, openWorkerPool } from '../../base/worker-pool.ts';
import type { Item, ItemResult, Keeps, WorkerData } from './file-jobs.ts';
import { type Job, packJob, type Results, resultsOf } from './job-columns.ts';

export interface FilePool {
  readonly size: number;
  /** Has the threads start already: what they will be needed for is about to come. */
  start(): void;
  /** Does what the items say, in one thread. Errors of the vault itself reject. */
  run(items: readonly Item[]): Promise<readonly ItemResult[]>;
  /** bytes that were read since the last reset */
  bytesRead(): number;
  /** While they are stopped, threads end the file that they are at with an error. */
  stop(): void;
  resume(): void;
  close(): Promise<void>;
}

export function openFilePool({ threads, keeps }: { threads: number; keeps: Keeps }): FilePool {
  const shared = new SharedArrayBuffer(16);
  const counters = new BigInt64Array(shared);
  const data: WorkerData = { shared, keeps };
  const pool = openWorkerPool<Job, Results>(moduleBeside(import.meta.url, 'file-worker'), {
    size: threads,
    data,
  });
  return {
    size: pool.size,
    start: () => pool.start(),
    run: async (items) => [...resultsOf(await pool.run(packJob(items)))],
    bytesRead: () => Number(Atomics.load(counters, 1)),
    stop: () => void Atomics.store(counters, 0, 1n),
    resume: () => void Atomics.store(counters, 0, 0n),
    close: () => pool.close(),
  };
}
