import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { BlobIndex } from '../../src/vault/restic/blob-index.ts';

describe('the index of blobs', () => {
  it('gives each blob to one of the threads that claim it, while it grows under all of them', async () => {
    const count = 100_000;
    const index = new BlobIndex(0);
    const start = new SharedArrayBuffer(4);
    const workerData = { index: index.shared, count, start };
    const program = new URL('./programs/claim-blobs.ts', import.meta.url);
    const threads = Array.from({ length: 3 }, () => new Worker(program, { workerData }));
    await Promise.all(threads.map((thread) => once(thread, 'online')));
    Atomics.store(new Int32Array(start), 0, 1);
    Atomics.notify(new Int32Array(start), 0);
    const own = await Promise.all(
      threads.map(async (thread) => (await once(thread, 'message'))[0] as number),
    );
    assert.equal(
      own.reduce((sum, one) => sum + one),
      count,
    );
    const ids = Array.from({ length: count }, (_, at) =>
      createHash('sha256').update(String(at)).digest('hex'),
    );
    assert.ok(ids.every((id) => index.has('data', id) && !index.has('tree', id)));
    index.giveUpClaims();
    assert.ok(ids.every((id) => !index.has('data', id)));
  });

  it('knows every place of a blob', () => {
    const index = new BlobIndex(0);
    const id = createHash('sha256').update('twice').digest('hex');
    const packs = ['aa', 'bb'];
    for (const pack of packs)
      index.addPack(pack, [{ type: 'tree', id, offset: 7, length: 40, plainLength: undefined }]);
    assert.deepEqual(
      index
        .placesOf('tree', id)
        .map(({ pack }) => pack)
        .sort(),
      packs,
    );
    assert.deepEqual(index.placesOf('data', id), []);
    assert.equal(index.endOf('bb'), 47);
    assert.ok(index.has('tree', id) && !index.has('tree', `${id.slice(0, -2)}zz`));
  });
});
