import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cancelled } from '../base/abort.ts';
import { defineErrors } from '../base/errors.ts';
import { describeFailure, failureResult } from './failure.ts';

const errors = defineErrors({
  VAULT_FULL: {
    message: { en: '{place} is full', ja: '{place} に空きがありません' },
    hint: { en: 'Make room.', ja: '空きを作ってください。' },
  },
});
const full = errors.VAULT_FULL({ place: '/mnt/\u001b[2Jhdd' });

describe('a failure', () => {
  it('of hikae is told with what to do and its code, in either language', () => {
    assert.deepEqual(describeFailure(full, 'en'), [
      'hikae: /mnt/\\x1b[2Jhdd is full',
      '→ Make room.',
      '  (VAULT_FULL)',
    ]);
    assert.deepEqual(describeFailure(full, 'ja').slice(0, 2), [
      'hikae: /mnt/\\x1b[2Jhdd に空きがありません',
      '→ 空きを作ってください。',
    ]);
  });

  it('that nobody foresaw is told as a bug, with the stacks of it and of its causes', () => {
    const cause = new RangeError('out of range');
    const lines = describeFailure(new TypeError('x is\u0007 undefined', { cause }), 'en');
    assert.equal(lines[0], 'hikae: this is a bug in hikae, and no fault of yours: x is\\x07 undefined');
    assert.ok(lines.some((line) => line.includes('failure.test.ts')));
    assert.ok(lines.includes('caused by:'));
    assert.ok(lines.includes('RangeError: out of range'));
    assert.match(describeFailure('a string', 'ja')[0] ?? '', /不具合.*a string/);
  });

  it('by cancelling is one line', () => {
    assert.deepEqual(describeFailure(new Cancelled(), 'en'), ['hikae: cancelled']);
    assert.deepEqual(describeFailure(new Cancelled(), 'ja'), ['hikae: 中断しました']);
  });

  it('is a result for machines', () => {
    assert.deepEqual(failureResult(full, 'en'), {
      error: {
        code: 'VAULT_FULL',
        message: '/mnt/\\x1b[2Jhdd is full',
        hint: 'Make room.',
        details: { place: '/mnt/\u001b[2Jhdd' },
      },
    });
    assert.equal(failureResult(new Cancelled(), 'en').error.code, 'CANCELLED');
    const bug = failureResult(new TypeError('x'), 'en').error;
    assert.equal(bug.code, 'BUG');
    assert.ok(Array.isArray(bug.details.stack));
  });
});
