import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareKeys, isKey, keyFrom } from './key.ts';

test('a key is a relative path of text', () => {
  for (const text of [
    'a',
    'data/ab/abcd',
    ' ',
    'a b/ü/😀',
    '...',
    'a/.partial',
    '.partial2',
    'x'.repeat(255),
  ])
    assert.ok(isKey(text), text);
  for (const text of ['', '/', '/a', 'a/', 'a//b', '.', '..', 'a/../b', './a', '.partial', '.partial/a'])
    assert.ok(!isKey(text), text);
  for (const text of ['a\0', 'a\nb', '\u007f', '\u0085', '\ud800', 'x'.repeat(256), `${'x/'.repeat(450)}x`])
    assert.ok(!isKey(text), JSON.stringify(text));
  assert.throws(() => keyFrom('../a'), TypeError);
});

test('keys are ordered by their bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), fc.string({ unit: 'binary' }), (left, right) => {
      fc.pre(isKey(left) && isKey(right));
      const bytes = Buffer.compare(Buffer.from(left), Buffer.from(right));
      assert.equal(Math.sign(compareKeys(left, right)), bytes);
      assert.equal(compareKeys(left, right) === 0, left === right);
    }),
  );
  assert.ok(compareKeys(keyFrom('ﾊ'), keyFrom('😀')) < 0, 'JavaScript would say otherwise');
});
