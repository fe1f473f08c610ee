import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readOwnerIds } from './owner-ids.ts';

test('the first line of a name counts, and odd lines are passed over', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hikae-ids-'));
  try {
    const [passwd, group] = [join(folder, 'passwd'), join(folder, 'group')];
    writeFileSync(
      passwd,
      'root:x:0:0::/root:/bin/sh\nvmail:x:5000:5001::/:\nvmail:x:6000:6000::/:\n+::::\nodd:x:-1:0\n',
    );
    writeFileSync(group, 'mail:x:8:vmail\n');
    const ids = readOwnerIds(passwd, group);
    assert.deepEqual(
      ['root', 'vmail', 'odd', 'mail', ''].map((name) => ids.userId(name)),
      [0, 5000, undefined, undefined, undefined],
    );
    assert.equal(ids.groupId('mail'), 8);
    assert.equal(readOwnerIds(join(folder, 'none'), join(folder, 'none')).userId('root'), undefined);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
