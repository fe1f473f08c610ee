import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Cancelled } from '../base/abort.ts';
import { defineErrors, type ErrorExit } from '../base/errors.ts';
import { type Ending, exitCodeOf, exitCodes } from './exit-codes.ts';

const text = { en: 'x', ja: 'x' };
const error = (exit?: ErrorExit) =>
  defineErrors({ X: { message: text, hint: text, ...(exit === undefined ? {} : { exit }) } }).X({});

describe('exitCodeOf', () => {
  /** each ending asks for exactly one code, in the order in which codes win */
  const endings: readonly [number, Ending][] = [
    [130, { errors: [new Cancelled()] }],
    [2, { errors: [error(2)] }],
    [10, { errors: [error(10)] }],
    [11, { errors: [error(11)] }],
    [12, { errors: [error(12)] }],
    [1, { errors: [new TypeError('a bug')] }],
    [20, { malware: 1 }],
    [21, { findings: 1 }],
    [3, { outcome: 'partial' }],
    [0, { outcome: 'succeeded', malware: 0, findings: 0, errors: [] }],
  ];

  it('knows every code of the contract, in its order', () => {
    assert.deepEqual(
      exitCodes.map(({ code }) => code),
      [130, 2, 10, 11, 12, 1, 20, 21, 3, 0],
    );
  });

  for (const [code, ending] of endings) it(`gives ${code}`, () => assert.equal(exitCodeOf(ending), code));

  it('gives the other endings their codes', () => {
    assert.equal(exitCodeOf({}), 0);
    assert.equal(exitCodeOf({ outcome: 'cancelled' }), 130);
    assert.equal(exitCodeOf({ outcome: 'failed' }), 1);
    assert.equal(exitCodeOf({ outcome: 'interrupted' }), 1);
    assert.equal(exitCodeOf({ errors: [error()] }), 1);
    assert.equal(exitCodeOf({ errors: [error(21)] }), 21);
    assert.equal(exitCodeOf({ errors: ['a thrown string'] }), 1);
  });

  it('lets the first that applies win, whatever else happened', () => {
    const flag = fc.constantFrom(0, 1);
    const failures = fc.subarray([new Cancelled(), error(2), error(10), error(11), error(12), error(1)]);
    const outcomes = fc.constantFrom('succeeded', 'partial', 'failed', 'cancelled');
    fc.assert(
      fc.property(failures, outcomes, flag, flag, (errors, outcome, malware, findings) => {
        const asked = new Set<number>(errors.map((failure) => ('exit' in failure ? failure.exit : 130)));
        asked.add({ succeeded: 0, partial: 3, failed: 1, cancelled: 130 }[outcome]);
        if (malware > 0) asked.add(20);
        if (findings > 0) asked.add(21);
        const first = [130, 2, 10, 11, 12, 1, 20, 21, 3, 0].find((code) => asked.has(code));
        assert.equal(exitCodeOf({ errors, outcome, malware, findings }), first);
      }),
    );
  });
});
