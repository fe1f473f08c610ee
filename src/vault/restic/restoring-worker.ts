/** A thread of a restore: opens the blobs that are wanted of a stretch of a pack, and compares their hashes. */
import { parentPort, workerData } from 'node:worker_threads';
import { serveJobs } from '../../base/worker-pool.ts';
import { Kernels } from '../../kernels/kernels.ts';
import { unpackBlob } from './blob-reader.ts';
import { Sealer } from './format/sealing.ts';
import { blobsOf, type OpenedBlobs, type OpeningJob, type OpeningWorkerData } from './restoring-jobs.ts';

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
    const plain = unpackedOrNot(blob, sealed);
    if (plain?.length === blob.size) {
      bytes.set(plain, start);
      sound[at] = 1;
    }
    start += blob.size;
    at += 1;
  }
  return { bytes, sound };
}

/** undefined for what is not the blob: why, who looks for it in other places tells. */
function unpackedOrNot(blob: Parameters<typeof unpackBlob>[1] & { id: string }, sealed: Uint8Array) {
  try {
    return unpackBlob(blob.id, blob, sealed, { sealer });
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

if (parentPort !== null) serveJobs(parentPort, open, ({ bytes }) => [bytes.buffer]);
