/** A thread of the vault: copies and checks files with synchronous calls, which for small files are several times faster. */
import { parentPort, workerData } from 'node:worker_threads';
import { serveJobs } from '../../base/worker-pool.ts';
import { type CopyTools, copyFile } from './file-copy.ts';
import type { Item, ItemResult, WorkerData } from './file-jobs.ts';
import { checkStored, shareStored } from './file-link.ts';
import { itemsOf, type Job, packResults, type Results } from './job-columns.ts';
import { writeKept } from './kept-file.ts';

const { shared, keeps } = workerData as WorkerData;
const counters = new BigInt64Array(shared);
const tools: CopyTools = {
  buffer: Buffer.allocUnsafe(1024 * 1024),
  keeps,
  advance(bytes) {
    if (Atomics.load(counters, 0) !== 0n) throw new Error('cancelled');
    Atomics.add(counters, 1, BigInt(bytes));
  },
};

function work(item: Item): ItemResult {
  switch (item.kind) {
    case 'link':
      return shareStored(item, tools);
    case 'copy':
      return copyFile(item, tools);
    case 'kept':
      return writeKept(item, tools);
    case 'hash':
      return checkStored(item, tools);
  }
}

if (parentPort !== null)
  serveJobs(parentPort, (job: Job): Results => packResults([...itemsOf(job)].map(work)));
