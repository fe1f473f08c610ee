import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { rangesOf } from './write.ts';

test('ranges cover a file once and in order, whatever a snapshot calls holes', () => {
  const hole = fc.record({
    offset: fc.integer({ min: -50, max: 500 }),
    length: fc.integer({ min: -5, max: 500 }),
  });
  fc.assert(
    fc.property(fc.nat(400), fc.array(hole), (size, holes) => {
      let at = 0;
      for (const range of rangesOf(size, holes)) {
        assert.equal(range.offset, at);
        assert.ok(range.length > 0);
        if (range.hole) assert.ok(holes.some((each) => each.offset === at && each.length === range.length));
        at += range.length;
      }
      assert.equal(at, size);
    }),
  );
});

test('sound holes are all kept', () => {
  const holes = [
    { offset: 0, length: 10 },
    { offset: 20, length: 5 },
    { offset: 25, length: 5 },
  ];
  assert.deepEqual(
    [...rangesOf(30, holes)].filter(({ hole }) => hole).map(({ offset, length }) => ({ offset, length })),
    holes,
  );
});
