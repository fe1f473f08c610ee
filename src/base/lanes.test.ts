import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inOrder } from './lanes.ts';

const { signal } = new AbortController();

/** Work that ends when it is told to. */
function heldBack() {
  const ends = new Map<number, PromiseWithResolvers<string>>();
  const seen: AbortSignal[] = [];
  const work = (item: number, either: AbortSignal) => {
    const end = Promise.withResolvers<string>();
    ends.set(item, end);
    seen.push(either);
    return end.promise;
  };
  return { ends, seen, work };
}

describe('work in order', () => {
  it('is begun so many at a time, and its results come in the order of the items', async () => {
    const { ends, work } = heldBack();
    const results = inOrder([1, 2, 3, 4], { lanes: 2, signal }, work);
    const first = results.next();
    assert.deepEqual([...ends.keys()], [1, 2]);
    ends.get(2)?.resolve('two');
    ends.get(1)?.resolve('one');
    assert.equal((await first).value, 'one');
    assert.deepEqual([...ends.keys()], [1, 2, 3]);
    assert.equal((await results.next()).value, 'two');
    ends.get(4)?.resolve('four');
    ends.get(3)?.resolve('three');
    const rest: string[] = [];
    for await (const result of results) rest.push(result);
    assert.deepEqual(rest, ['three', 'four']);
  });

  it('fails with the first item in order that does, after what is under way has been told and has ended', async () => {
    const { ends, seen, work } = heldBack();
    const results = inOrder([1, 2, 3], { lanes: 3, signal }, work);
    let ended = false;
    const failing = results.next().finally(() => {
      ended = true;
    });
    ends.get(2)?.reject(new Error('second'));
    ends.get(1)?.reject(new Error('first'));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([ended, seen[2]?.aborted], [false, true]);
    ends.get(3)?.resolve('three');
    await assert.rejects(failing, /first/);
  });
});
