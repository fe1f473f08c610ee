import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { recoveryPassword } from './kit.ts';

test('a recovery password is long, of letters that nobody mixes up, and different each time', () => {
  const made = Array.from({ length: 50 }, () => recoveryPassword(randomBytes).reveal());
  for (const password of made) assert.match(password, /^([0-9a-hjkmnp-tv-z]{5}-){5}[0-9a-hjkmnp-tv-z]{5}$/);
  assert.equal(new Set(made).size, made.length);
  assert.equal(new Set(made.join('')).size, 33, 'every letter comes up');
});
