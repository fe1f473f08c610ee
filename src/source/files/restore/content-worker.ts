/** A thread that hashes files. */
import { parentPort, workerData } from 'node:worker_threads';
import { serveJobs } from '../../../base/worker-pool.ts';
import { ContentHasher } from './content.ts';

/** Shared with the main thread, which sets it when the planning is cancelled. */
const cancelled = new Int32Array(workerData as SharedArrayBuffer);

if (parentPort !== null) {
  const hasher = new ContentHasher(() => Atomics.load(cancelled, 0) !== 0);
  serveJobs<Int32Array, string[]>(parentPort, (files) => hasher.hashAll(files));
}
