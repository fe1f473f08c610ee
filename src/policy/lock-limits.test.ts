import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mostToLock, usuallyLocked } from './lock-limits.ts';

test('a run may lock ten times what is usual, and ten gigabytes in any case', () => {
  for (const [past, most] of [
    [[], undefined],
    [[5e9, 5e9], undefined],
    [[1, 2, 3], 10e9],
    [[3e9, 900e9, 2e9, 1e9], 30e9],
    [[0, 0, 0, 7e9], 10e9],
  ] as const)
    assert.equal(mostToLock(past), most);
});

test('the first run, however large, makes nothing usual', () => {
  assert.equal(usuallyLocked([100e6, 500e9, 120e6]), 120e6);
});
