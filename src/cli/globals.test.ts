import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { peek } from './globals.ts';

describe('peek', () => {
  const languageOf = (argv: string[], environment = {}) => peek(argv, environment).language;

  it('takes the language from --lang, then from the locale, as setlocale looks for it', () => {
    assert.equal(languageOf(['backup', '--lang', 'ja']), 'ja');
    assert.equal(languageOf(['--lang=ja', 'backup']), 'ja');
    assert.equal(languageOf(['--lang=en'], { LANG: 'ja_JP.UTF-8' }), 'en');
    assert.equal(languageOf([], { LANG: 'ja_JP.UTF-8' }), 'ja');
    assert.equal(languageOf([], { LANG: 'ja_JP.UTF-8', LC_MESSAGES: 'C' }), 'en');
    assert.equal(languageOf([], { LC_ALL: 'ja_JP.eucJP', LC_MESSAGES: 'C', LANG: 'C' }), 'ja');
    assert.equal(languageOf([], { LC_ALL: '', LANG: 'ja' }), 'ja');
    assert.equal(languageOf([]), 'en');
  });

  it('falls back to the locale when --lang names no language of ours', () => {
    assert.equal(languageOf(['--lang', 'fr'], { LANG: 'ja' }), 'ja');
    assert.equal(languageOf(['--lang'], { LANG: 'ja' }), 'ja');
  });

  it('lets the last --lang win', () => {
    assert.equal(languageOf(['--lang', 'ja', '--lang=en'], { LANG: 'ja' }), 'en');
  });

  it('takes nothing after -- for an option', () => {
    const look = peek(['find', '--', '--lang=ja', '--json', '--version'], {});
    assert.deepEqual(look, { language: 'en', json: false, version: false });
    assert.deepEqual(peek(['find', '--json', '-V'], {}), { language: 'en', json: true, version: true });
  });
});
