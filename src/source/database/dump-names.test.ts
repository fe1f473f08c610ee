import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rawFromText } from '../../base/raw-path.ts';
import { dumpName } from './dump-names.ts';

test('a plain name gets .sql', () => {
  assert.equal(dumpName('usermgmt', ['accounts']), 'usermgmt.sql');
  assert.equal(dumpName('名簿 2026', []), rawFromText('名簿 2026.sql'));
});

test('what a file name can not carry, or would be mistaken for, is escaped', () => {
  assert.equal(dumpName('a/b', []), 'a%2Fb.sql');
  assert.equal(dumpName('a%2Fb', []), 'a%252Fb.sql');
  assert.equal(dumpName('..', []), '%2E..sql');
  assert.equal(dumpName('.hikae', []), '%2Ehikae.sql');
  assert.equal(dumpName('accounts', ['accounts']), '%61ccounts.sql');
  assert.equal(dumpName('line\nfeed', []), 'line%0Afeed.sql');
});

test('different databases never share a file', () => {
  const names = ['accounts', '%61ccounts', 'a/b', 'a%2Fb', '.a', '%2Ea'];
  assert.equal(new Set(names.map((name) => dumpName(name, ['accounts']))).size, names.length);
});

test('a name that is too long for a file has none', () => {
  assert.equal(dumpName('名'.repeat(80), []), undefined);
});
