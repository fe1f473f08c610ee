import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Budget } from './budget.ts';

/** Works that end when they are told to, in a budget of two calls and ten bytes. */
function underWay() {
  const budget = new Budget({ calls: 2, bytes: 10 });
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const add = (name: string, bytes: number) =>
    budget.add(bytes, () => {
      begun.push(name);
      const end = Promise.withResolvers<void>();
      ends.set(name, end);
      return end.promise;
    });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const end = async (name: string) => {
    ends.get(name)?.resolve();
    await settle();
  };
  return { budget, begun, ends, add, end, settle };
}

describe('a budget', () => {
  it('bounds calls and bytes, and what waits begins in turn', async () => {
    const { budget, begun, add, end, settle } = underWay();
    for (const [name, bytes] of [
      ['a', 4],
      ['b', 7],
      ['c', 1],
      ['d', 1],
    ] as const)
      add(name, bytes);
    await settle();
    assert.deepEqual(begun, ['a'], 'b is too much beside a, and nobody overtakes it');
    await end('a');
    assert.deepEqual(begun, ['a', 'b', 'c']);
    await end('b');
    await end('c');
    await end('d');
    await budget.finish();
    assert.deepEqual(begun, ['a', 'b', 'c', 'd']);
  });

  it('lets what is larger than it go alone', async () => {
    const { budget, begun, add, end, settle } = underWay();
    add('a', 1);
    add('huge', 100);
    add('b', 1);
    await settle();
    assert.deepEqual(begun, ['a']);
    await end('a');
    assert.deepEqual(begun, ['a', 'huge']);
    await end('huge');
    await end('b');
    await budget.finish();
  });

  it('begins nothing more after a failure, and is stopped when all that had begun has ended', async () => {
    const { budget, begun, ends, add, settle, end } = underWay();
    for (const name of ['a', 'b', 'c']) add(name, 1);
    await settle();
    ends.get('a')?.reject(new Error('no line'));
    await assert.rejects(budget.finish(), /no line/);
    let stopped = false;
    const stopping = budget.stop().then(() => {
      stopped = true;
    });
    await settle();
    assert.deepEqual([begun, stopped], [['a', 'b'], false]);
    await end('b');
    await stopping;
  });
});
