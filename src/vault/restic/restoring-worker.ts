/** A thread of a restore: opens the blobs that are wanted of a stretch of a pack, and compares their hashes. */
import { parentPort, workerData } from 'node:worker_threads';
import { giveBack, serveJobs } from '../../base/worker-pool.ts';
import { Kernels } from '../../kernels/kernels.ts';
import { unpackBlobInto } from './blob-reader.ts';
import { Sealer } from './format/sealing.ts';
import {
  blobsOf,
  type OpenedBlobs,
  type OpeningJob,
  type OpeningWorkerData,
  type SealedBlob,
} from './restoring-jobs.ts';

const { key } = workerData as OpeningWorkerData;
const sealer = new Sealer(
  { encrypt: Buffer.from(key.encrypt), k: Buffer.from(key.k), r: Buffer.from(key.r) },
  { kernels: new Kernels(0), random: noChance },
);

function noChance(): never {
  throw new TypeError('opening needs no chance');
}

function open(job: OpeningJob): OpenedBlobs {
  const bytes = new Uint8Array(job.sizes.reduce((sum, size) => sum + size, 0));
  const sound = new Uint8Array(job.sizes.length);
  let start = 0;
  let at = 0;
  for (const blob of blobsOf(job)) {
    const sealed = job.sealed.subarray(blob.offset, blob.offset + blob.length);
    sound[at] = isUnpacked(bytes.subarray(start, start + blob.size), blob, sealed) ? 1 : 0;
    start += blob.size;
    at += 1;
  }
  giveBack(job.sealed);
  return { bytes, sound };
}

/** False for what is not the blob: why, who looks for it in other places tells. */
function isUnpacked(target: Uint8Array, blob: SealedBlob, sealed: Uint8Array): boolean {
  try {
    return unpackBlobInto(target, blob.id, blob, sealed, { sealer }) === target.length;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

if (parentPort !== null) serveJobs(parentPort, open, ({ bytes }) => [bytes.buffer]);
