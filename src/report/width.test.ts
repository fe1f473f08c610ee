import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fitTo, padEnd, padStart, widthOf, wrap } from './width.ts';

const characters = [...'abc /.,()「」（）。、日本語ーっカタﾊﾝｶｸ…', 'e\u0301', '👨‍👩‍👧', '\u{20bb7}'];
const text = fc.array(fc.constantFrom(...characters), { maxLength: 60 }).map((parts) => parts.join(''));

describe('width', () => {
  it('counts two columns for what is wide, one for the rest, none for what combines', () => {
    assert.equal(widthOf('mail'), 4);
    assert.equal(widthOf('控え'), 4);
    assert.equal(widthOf('ﾊﾝｶｸ'), 4);
    assert.equal(widthOf('e\u0301'), 1);
    assert.equal(padEnd('控え', 6), '控え  ');
    assert.equal(padStart('控え', 6), '  控え');
    assert.equal(padEnd('控え', 3), '控え');
  });

  it('cuts what is too long, never in the middle of a character', () => {
    assert.equal(fitTo('バックアップ', 12), 'バックアップ');
    assert.equal(fitTo('バックアップ', 11), 'バックアッ…');
    assert.equal(fitTo('バックアップ', 10), 'バックア…');
    assert.equal(fitTo('abc', 0), '');
    fc.assert(fc.property(text, fc.nat(30), (given, width) => widthOf(fitTo(given, width)) <= width));
  });
});

describe('wrap', () => {
  it('breaks at spaces and between Japanese characters', () => {
    assert.deepEqual(wrap('keep the newest three days', 10), ['keep the', 'newest', 'three days']);
    assert.deepEqual(wrap('最新の三日分を残します', 10), ['最新の三日', '分を残しま', 'す']);
  });

  it('keeps marks with what they belong to', () => {
    assert.deepEqual(wrap('残します。', 8), ['残しま', 'す。']);
    assert.deepEqual(wrap('保管先「本社」', 8), ['保管先', '「本社」']);
  });

  it('leaves a long word whole, and lines that are there already', () => {
    assert.deepEqual(wrap('see /var/backups/hikae/daily now', 10), [
      'see',
      '/var/backups/hikae/daily',
      'now',
    ]);
    assert.deepEqual(wrap('a\n\nb', 10), ['a', '', 'b']);
  });

  it('loses nothing but spaces, and keeps to the width where it can', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 4, max: 40 }), (given, width) => {
        const lines = wrap(given, width);
        assert.equal(lines.join('').replaceAll(' ', ''), given.replaceAll(' ', ''));
        // Pure kanji can be broken anywhere.
        if (/^[日本語 ]*$/.test(given)) for (const line of lines) assert.ok(widthOf(line) <= width, line);
      }),
    );
  });
});
