import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RawPath } from '../../../base/raw-path.ts';
import { isKey } from '../../../storage/storage.ts';
import { objectNameOf } from './object-names.ts';

const nameOf = (path: string) => objectNameOf(path as RawPath);

test('a name that a key can carry stays as it is', () => {
  for (const path of ['c', 'c/folder/a b+c', 'c/100%', 'c/%', 'c/%zz', 'c/"quotes"/\'\\', 'c/-dash/~tilde'])
    assert.equal(nameOf(path), path);
  assert.equal(nameOf(Buffer.from('c/手紙').toString('latin1')), 'c/手紙');
});

test('what a key can not carry is written as hexadecimal digits, and so is what looks like them', () => {
  const cases = {
    'c/new\nline': 'c/new%0Aline',
    'c/caf\xe9': 'c/caf%E9',
    'c/%41': 'c/%2541',
    'c/%~': 'c/%25~',
    'c/\x7f': 'c/%7F',
    // of a name that is not UTF-8 as a whole everything beyond ASCII
    'c/\xe6\x89\x8b\xff': 'c/%E6%89%8B%FF',
    // a control character in UTF-8
    'c/\xc2\x85': 'c/%C2%85',
  };
  for (const [path, name] of Object.entries(cases)) assert.equal(nameOf(path), name);
});

test('what is too long ends in a hash, of the name or of the whole path', () => {
  const long = `c/${'\xff'.repeat(255)}`;
  assert.match(nameOf(long), /^c\/(?:%FF){53}%~[0-9a-f]{64}$/);
  assert.match(
    nameOf(`c/${'x'.repeat(200)}/${'\x01'.repeat(200)}`),
    /^c\/x{200}\/(?:%01){53}%~[0-9a-f]{64}$/,
  );
  const deep = `c${`/${'d'.repeat(100)}`.repeat(8)}`;
  assert.match(nameOf(deep), /^\.hikae\/long\/[0-9a-f]{64}$/);
});

test('every name is a key, and no two paths have the same', () => {
  const parts = [
    '%',
    '%~',
    '%25',
    '%41',
    'A',
    '\x01',
    '%01',
    '\xff',
    '%FF',
    '\xe3\x81\x82',
    '\xc2\x85',
    '%C2%85',
  ];
  const paths = new Set<string>();
  for (const one of parts)
    for (const two of parts) for (const three of parts) paths.add(`c/${one}${two}${three}`);
  for (let length = 240; length < 260; length++)
    for (const one of ['x', '\xff', '\xe3\x81\x82']) paths.add(`c/${one.repeat(length)}`);
  const names = new Set([...paths].map(nameOf));
  assert.equal(names.size, paths.size);
  for (const name of names) assert.ok(isKey(name), name);
});
