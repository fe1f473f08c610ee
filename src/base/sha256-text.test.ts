import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSha256, SHA256_DIGITS } from './sha256-text.ts';

test('a SHA-256 is told from what has another length, or one character that is no digit', () => {
  const digit = fc.constantFrom(...'0123456789abcdef');
  const hash = fc.array(digit, { minLength: SHA256_DIGITS, maxLength: SHA256_DIGITS });
  const other = fc.oneof(
    fc.string({ minLength: 1, maxLength: 1 }),
    fc.constantFrom('A', 'g', '/', ':', '\u0130'),
  );
  fc.assert(
    fc.property(hash, fc.nat(SHA256_DIGITS - 1), other, (characters, at, character) => {
      assert.ok(isSha256(characters.join('')));
      assert.ok(!isSha256(characters.slice(1).join('')));
      assert.ok(!isSha256(`${characters.join('')}0`));
      const changed = characters.with(at, character).join('');
      assert.equal(isSha256(changed), /^[0-9a-f]{64}$/.test(changed));
    }),
  );
});
