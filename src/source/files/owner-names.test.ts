import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readOwnerNames } from './owner-names.ts';

test('names come from passwd and group; the first name of a number counts', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hikae-names-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(
    join(folder, 'passwd'),
    'root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\n# note\n+::::::\n',
  );
  writeFileSync(join(folder, 'group'), 'root:x:0:\nvmail:x:5000:dovecot\nodd:x:-1:\n');
  const names = readOwnerNames(folder);
  assert.equal(names.user(0), 'root');
  assert.equal(names.user(5000), '');
  assert.equal(names.group(5000), 'vmail');
  assert.equal(names.group(-1), '');
});

test('a host without these files knows numbers only', () => {
  assert.equal(readOwnerNames('/nonexistent').user(0), '');
});
