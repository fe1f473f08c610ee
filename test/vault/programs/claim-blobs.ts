/** A thread that claims blobs of a shared index, and answers how many of them were its own. */
import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { BlobClaims, type SharedIndex } from '../../../src/vault/restic/blob-index.ts';

const { index, count, start } = workerData as {
  readonly index: SharedIndex;
  readonly count: number;
  /** [0] becomes 1 when all are to begin */
  readonly start: SharedArrayBuffer;
};
const claims = new BlobClaims(index);
Atomics.wait(new Int32Array(start), 0, 0);
let own = 0;
for (let at = 0; at < count; at++) {
  const id = createHash('sha256').update(String(at)).digest();
  if (claims.claim('data', id)) own += 1;
}
parentPort?.postMessage(own);
