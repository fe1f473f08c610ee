import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  actionOf,
  BLOCKED,
  bitOf,
  CREATE,
  Decisions,
  decisionFor,
  LEAVE,
  REWRITE,
  reasonsOf,
  writesAnew,
} from './decisions.ts';

test('a decision gives back its action and its reasons', () => {
  const decision = decisionFor(bitOf('mode') | bitOf('xattrs'));
  assert.equal(actionOf(decision), 'change');
  assert.deepEqual(reasonsOf(decision), ['mode', 'xattrs']);
  assert.equal(writesAnew(decision), false);
  assert.equal(writesAnew(decision | REWRITE), true);
  assert.equal(decisionFor(0), LEAVE);
  assert.deepEqual([actionOf(CREATE), actionOf(LEAVE), actionOf(BLOCKED)], ['create', 'leave', 'leave']);
});

test('decisions are kept beyond the first room for them', () => {
  const decisions = new Decisions();
  for (let n = 0; n < 5_000; n++) decisions.add(n % 4_096);
  assert.equal(decisions.count, 5_000);
  for (let n = 0; n < 5_000; n++) assert.equal(decisions.at(n), n % 4_096);
  assert.equal(decisions.at(5_000), undefined);
});
