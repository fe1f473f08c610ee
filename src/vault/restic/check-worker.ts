/** A thread of a verification: opens every blob of a pack that is needed, and compares its hash. */
import { parentPort, workerData } from 'node:worker_threads';
import { giveBack, serveJobs } from '../../base/worker-pool.ts';
import { Kernels } from '../../kernels/kernels.ts';
import { unpackBlobInto } from './blob-reader.ts';
import type { CheckWorkerData, PackJob, PackResult } from './check-jobs.ts';
import { idOf } from './format/blob.ts';
import { headerLength, parsePackHeader, TAIL } from './format/pack.ts';
import { Sealer } from './format/sealing.ts';
import { blobsOf } from './restoring-jobs.ts';

const { key } = workerData as CheckWorkerData;
const sealer = new Sealer(
  { encrypt: Buffer.from(key.encrypt), k: Buffer.from(key.k), r: Buffer.from(key.r) },
  { kernels: new Kernels(0), random: noChance },
);

function noChance(): never {
  throw new TypeError('checking needs no chance');
}

function check({ pack, opening }: PackJob): PackResult {
  const bytes = opening.sealed;
  const damaged: { id: string; reason: string }[] = [];
  // Before its blobs are opened where they lie.
  const flaw = packFlaw(pack, bytes);
  const plain = Buffer.allocUnsafeSlow(opening.sizes.reduce((most, size) => Math.max(most, size), 0));
  for (const blob of blobsOf(opening)) {
    const reason = flawOf(() => {
      unpackBlobInto(plain, blob.id, blob, bytes.subarray(blob.offset), { sealer });
    });
    if (reason !== undefined) damaged.push({ id: blob.id, reason });
  }
  giveBack(bytes);
  giveBack(plain);
  return { flaw, damaged };
}

function packFlaw(pack: string, bytes: Uint8Array): string | undefined {
  if (idOf(bytes) !== pack) return 'its name is not its hash';
  return flawOf(() => {
    const end = bytes.length - TAIL;
    const length = headerLength(bytes.subarray(Math.max(0, end)), bytes.length);
    parsePackHeader(bytes.subarray(end - length, end), bytes.length, sealer);
  });
}

function flawOf(look: () => void): string | undefined {
  try {
    look();
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return error.message;
    throw error;
  }
}

if (parentPort !== null) serveJobs(parentPort, check);
