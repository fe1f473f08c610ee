import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { editDistance, nearest } from './nearest.ts';

const seed = Number(process.env.HIKAE_SEED ?? 20_261_122);

describe('nearest', () => {
  const known = ['files', 'include', 'exclude', 'oneFileSystem', 'command'];
  for (const [word, meant] of [
    ['exlude', 'exclude'],
    ['exculde', 'exclude'],
    ['Files', 'files'],
    ['onefilesystem', 'oneFileSystem'],
    ['comand', 'command'],
    ['password', undefined],
    ['x', undefined],
    ['', undefined],
  ] as const) {
    test(`${word} means ${meant ?? 'nothing known'}`, () => assert.equal(nearest(word, known), meant));
  }
});

describe('editDistance', () => {
  test('counts a swap of neighbours once', () => {
    assert.equal(editDistance('ab', 'ba'), 1);
    assert.equal(editDistance('kitten', 'sitting'), 3);
  });

  test(`is a symmetric distance (seed ${seed})`, () => {
    const word = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(word, word, (one, other) => {
        const distance = editDistance(one, other);
        assert.equal(distance, editDistance(other, one));
        assert.equal(distance === 0, one === other);
        assert.ok(distance >= Math.abs(one.length - other.length));
        assert.ok(distance <= Math.max(one.length, other.length));
      }),
      { seed },
    );
  });
});
