import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openWorkerPool } from './worker-pool.ts';

const pool = new URL('./worker-pool.ts', import.meta.url).href;

/** A thread that says when it begins to load, takes its time over it, and says when it is done. */
const slowToLoad = `
  import { parentPort, workerData } from 'node:worker_threads';
  import { serveJobs } from ${JSON.stringify(pool)};
  const state = new Int32Array(workerData);
  Atomics.store(state, 0, 1);
  Atomics.notify(state, 0);
  Atomics.wait(state, 1, 0, 200);
  Atomics.store(state, 0, 2);
  serveJobs(parentPort, (job) => job + 1);
`;

describe('a pool of threads', () => {
  it('ends no thread in the midst of loading', async () => {
    const state = new Int32Array(new SharedArrayBuffer(8));
    const threads = openWorkerPool(scriptOf(slowToLoad), { size: 1, data: state.buffer });
    threads.start();
    await Atomics.waitAsync(state, 0, 0).value;
    await threads.close();
    assert.equal(Atomics.load(state, 0), 2);
  });

  it('ends when a thread could not be loaded', async () => {
    const threads = openWorkerPool<number, number>(scriptOf('throw new Error("not to be loaded")'), {
      size: 1,
    });
    await assert.rejects(threads.run(1), /not to be loaded/);
    await threads.close();
  });
});

function scriptOf(text: string): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(text)}`);
}
