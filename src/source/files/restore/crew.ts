/** Who writes the files of a restore: two threads, or this one where starting them would take longer than the work. */
import { breathe } from '../../../base/abort.ts';
import { moduleBeside, openWorkerPool } from '../../../base/worker-pool.ts';
import { type FileJob, type JobResult, packTasks, unpackResults } from './job.ts';
import { type FileResult, type FileTask, FileWriter } from './write.ts';

export interface Crew {
  /** how many jobs may be given out before the first of them is done */
  readonly most: number;
  write(tasks: readonly FileTask[]): Promise<readonly FileResult[]>;
  close(): Promise<void>;
}

const THREADS = 2;
/** One that a thread works on, and one that waits for it. */
const JOBS_AHEAD = 2;
const FEW_FILES = 64;
const FEW_BYTES = 16_777_216;

export function openCrew(work: { files: number; bytes: number }, signal: AbortSignal): Crew {
  return work.files <= FEW_FILES && work.bytes <= FEW_BYTES ? alone(signal) : inThreads(signal);
}

function alone(signal: AbortSignal): Crew {
  const writer = new FileWriter(() => signal.aborted);
  return {
    most: 1,
    async write(tasks) {
      await breathe(signal);
      return writer.writeAll(tasks);
    },
    close: async () => undefined,
  };
}

function inThreads(signal: AbortSignal): Crew {
  const shared = new SharedArrayBuffer(4);
  const stop = () => {
    Atomics.store(new Int32Array(shared), 0, 1);
  };
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const pool = openWorkerPool<FileJob, JobResult>(moduleBeside(import.meta.url, 'file-worker'), {
    size: THREADS,
    data: shared,
  });
  return {
    most: JOBS_AHEAD * THREADS,
    write: async (tasks) => unpackResults(await pool.run(packTasks(tasks))),
    async close() {
      signal.removeEventListener('abort', stop);
      await pool.close();
    },
  };
}
