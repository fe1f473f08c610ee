import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differences } from './counts.ts';

test('every table that is missing, too many or of another size is told', () => {
  const wanted = [
    { name: 'a', rows: 1 },
    { name: 'b', rows: 2 },
    { name: 'c', rows: 0 },
  ];
  assert.deepEqual(differences(wanted, wanted.toReversed()), []);
  assert.deepEqual(
    differences(wanted, [
      { name: 'a', rows: 1 },
      { name: 'b', rows: 3 },
      { name: 'd', rows: 0 },
    ]),
    ['b: 3 ≠ 2', 'c: - ≠ 0', 'd: 0 ≠ -'],
  );
});
