/** A thread that writes files. */
import { parentPort, workerData } from 'node:worker_threads';
import { giveBack, serveJobs } from '../../../base/worker-pool.ts';
import { type Job, type JobResult, workOff } from './job.ts';
import { FileWriter } from './write.ts';

/** Shared with the main thread, which sets it when the restore is cancelled. */
const cancelled = new Int32Array(workerData as SharedArrayBuffer);

if (parentPort !== null) {
  const writer = new FileWriter(() => Atomics.load(cancelled, 0) !== 0);
  serveJobs<Job, JobResult>(parentPort, (job) => {
    const result = workOff(job, writer);
    if ('bytes' in job) giveBack(job.bytes);
    return result;
  });
}
