/** What a vault remembers of damage, written by several processes at once: a verification holds no lock of the vault's. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readDamage } from '../../src/vault/plain/records.ts';

test('nothing that one process records is lost to another', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'hikae-records-'));
  t.after(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, '.hikae'));
  writeFileSync(join(root, '.hikae/vault.json'), '{}');
  const module = new URL('../../src/vault/plain/records.ts', import.meta.url).href;
  const program = (name: string) => `
    import { changeDamage } from '${module}';
    for (let at = 0; at < 40; at++)
      changeDamage('${root}', (known) => new Map([...known, ['${name}/' + at, new Set(['c/file'])]]));`;
  const names = ['one', 'two', 'three'];
  const ended = names.map(async (name) => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program(name)], {
      stdio: 'inherit',
    });
    const [status] = await once(child, 'exit');
    assert.equal(status, 0);
  });
  await Promise.all(ended);
  const places = names.flatMap((name) => Array.from({ length: 40 }, (_, at) => `${name}/${at}`));
  assert.deepEqual([...readDamage(root).keys()].sort(), places.sort());
});
