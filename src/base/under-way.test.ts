import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UnderWay } from './under-way.ts';

describe('work that is under way', () => {
  it('is waited for until there is little enough of it', async () => {
    const work = new UnderWay();
    const ends: (() => void)[] = [];
    for (let number = 0; number < 3; number++) work.add(new Promise((resolve) => ends.push(resolve)));
    assert.equal(work.count, 3);
    let some = false;
    let all = false;
    const waiting = [
      work.below(3).then(() => {
        some = true;
      }),
      work.below(1).then(() => {
        all = true;
      }),
    ];
    ends[1]?.();
    await waiting[0];
    assert.deepEqual([some, all, work.count], [true, false, 2]);
    ends[0]?.();
    ends[2]?.();
    await Promise.all(waiting);
    assert.deepEqual([all, work.count], [true, 0]);
    await work.below(1);
  });

  it('throws what it failed with to everybody who waits then or later', async () => {
    const work = new UnderWay();
    const failure = new Error('the disk is gone');
    work.add(Promise.reject(failure));
    await assert.rejects(work.below(1), failure);
    work.add(Promise.resolve());
    await assert.rejects(work.below(1), failure);
  });
});
