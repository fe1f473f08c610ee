/** The demonstration of a whole server is a test as well: it compares what every service answers before and after. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const demo = fileURLToPath(new URL('../../script/demo', import.meta.url));

test('script/demo --full destroys a server and has every service answer again, and leaves nothing behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'd-'));
  // Servers of other users work below it.
  chmodSync(folder, 0o755);
  try {
    const child = spawn(demo, ['--full', '--lang', 'ja'], {
      env: { ...process.env, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    }
    const status = await new Promise((resolve) => child.once('close', resolve));
    assert.equal(status, 0, said);
    assert.match(said, /✔ Dovecot が同じメールを配信し/);
    assert.match(said, /✔ アプリケーションのボリュームが元どおりです/);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('hikae-')),
      [],
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
