/** A thread of the vault: reads files, cuts, hashes, compresses and seals them, and hands over the packs it has filled. */
import { createHash } from 'node:crypto';
import { parentPort, threadId, workerData } from 'node:worker_threads';
import { serveJobs, type Tell } from '../../base/worker-pool.ts';
import { Kernels } from '../../kernels/kernels.ts';
import { BlobClaims } from './blob-index.ts';
import { type FileTools, hashOf, READ_BUFFER, storeFile } from './file-storing.ts';
import { expandingRandom, Sealer } from './format/sealing.ts';
import { PackFiller } from './pack-filler.ts';
import { PackRooms } from './pack-rooms.ts';
import { filesOf, packResults } from './storing-columns.ts';
import type { Answer, FileItem, FileResult, HandedPack, Job, WorkerData } from './storing-jobs.ts';

const { index, key, polynomial, seed, counters, rooms: shared, dry } = workerData as WorkerData;
const counts = new BigInt64Array(counters);
const rooms = new PackRooms(shared);
const claims = new BlobClaims(index);
const kernels = new Kernels(READ_BUFFER);
kernels.usePolynomial(polynomial);
const ownSeed = createHash('sha256').update(seed).update(String(threadId)).digest();
// What crossed between threads are mere bytes.
const ownKey = { encrypt: Buffer.from(key.encrypt), k: Buffer.from(key.k), r: Buffer.from(key.r) };

function requireGoingOn(): void {
  if (Atomics.load(counts, 0) !== 0n) throw new Error('cancelled');
}

function createWork(): (job: Job, tell: Tell<HandedPack>) => Answer {
  let telling: Tell<HandedPack> = () => {};
  let room = 0;
  const filler = new PackFiller({
    type: 'data',
    sealer: new Sealer(ownKey, { kernels, random: expandingRandom(ownSeed) }),
    // The storage may be slower than we are: then no room is free.
    room() {
      room = rooms.take(requireGoingOn);
      return rooms.bytesOf(room);
    },
    finished({ id, bytes, list }) {
      requireGoingOn();
      telling({ id, bytes, list, room }, []);
    },
  });
  const tools: FileTools = {
    kernels,
    buffer: kernels.buffer,
    chunk(bytes) {
      requireGoingOn();
      const hash = hashOf(bytes);
      const id = hash.toString('hex');
      if (!claims.claim('data', hash)) return { id, newBytes: 0 };
      if (!dry) filler.add(id, bytes);
      return { id, newBytes: bytes.length };
    },
    advance(bytes) {
      requireGoingOn();
      Atomics.add(counts, 1, BigInt(bytes));
    },
  };
  const store = ({ place, listed }: FileItem): FileResult => storeFile(place, listed, tools);
  return (job, tell) => {
    telling = tell;
    switch (job.kind) {
      case 'files':
        return { kind: 'files', ...packResults(filesOf(job), store) };
      case 'chunk':
        return {
          kind: 'chunk',
          ...tools.chunk(Buffer.from(job.bytes.buffer, job.bytes.byteOffset, job.bytes.length)),
        };
      case 'flush':
        filler.flush();
        return { kind: 'flushed' };
    }
  };
}

if (parentPort !== null) serveJobs(parentPort, createWork());
