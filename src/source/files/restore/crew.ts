/** Who writes the files of a restore: two threads, or this one where starting them would take longer than the work. */
import { breathe } from '../../../base/abort.ts';
import { moduleBeside, openWorkerPool } from '../../../base/worker-pool.ts';
import { type Job, type JobResult, packBytes, packTasks, unpackResults } from './job.ts';
import {
  type BytesTask,
  type FileResult,
  type FileTask,
  FileWriter,
  type PartResult,
  type PartTask,
} from './write.ts';

export interface Crew {
  /** how many jobs may be given out before the first of them is done */
  readonly most: number;
  write(tasks: readonly FileTask[]): Promise<readonly FileResult[]>;
  /** Writes files and parts of files out of bytes that are gone afterwards. */
  writeBytes(work: BytesWork): Promise<BytesResults>;
  close(): Promise<void>;
}

export interface BytesWork {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly files: readonly BytesTask[];
  readonly parts: readonly PartTask[];
}

export interface BytesResults {
  readonly files: readonly FileResult[];
  readonly parts: readonly PartResult[];
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
      return tasks.map((task) => writer.write(task));
    },
    async writeBytes({ files, parts }) {
      await breathe(signal);
      return {
        files: files.map((task) => writer.writeBytes(task)),
        parts: parts.map((part) => writer.writePart(part)),
      };
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
  const pool = openWorkerPool<Job, JobResult>(moduleBeside(import.meta.url, 'file-worker'), {
    size: THREADS,
    data: shared,
  });
  return {
    most: JOBS_AHEAD * THREADS,
    write: async (tasks) => unpackResults(await pool.run(packTasks(tasks))),
    async writeBytes({ bytes, files, parts }) {
      const result = await pool.run(packBytes(bytes, files, parts), [bytes.buffer]);
      return { files: unpackResults(result), parts: parts.map((_, at) => result.parts.get(at)) };
    },
    async close() {
      signal.removeEventListener('abort', stop);
      await pool.close();
    },
  };
}
