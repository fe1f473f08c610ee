import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readAccounts } from './accounts.ts';

test('the first line of a number and of a name counts, and odd lines are passed over', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hikae-accounts-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(
    join(folder, 'passwd'),
    'root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\nvmail:x:5000:5001::/:\nvmail:x:6000:6000::/:\n' +
      '# note\n+::::::\nodd:x:-1:0\n',
  );
  writeFileSync(join(folder, 'group'), 'root:x:0:\nmail:x:8:vmail\nodd:x:-1:\n');
  const { names, ids } = readAccounts(folder);
  assert.equal(names.user(0), 'root');
  assert.equal(names.user(5001), '');
  assert.equal(names.group(8), 'mail');
  assert.equal(names.group(-1), '');
  assert.deepEqual(
    ['root', 'toor', 'vmail', 'odd', 'mail', ''].map((name) => ids.userId(name)),
    [0, 0, 5000, undefined, undefined, undefined],
  );
  assert.equal(ids.groupId('mail'), 8);
});

test('a host without these files knows numbers only', () => {
  const { names, ids } = readAccounts('/nonexistent');
  assert.equal(names.user(0), '');
  assert.equal(ids.userId('root'), undefined);
});
