import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { fstatSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Contents } from './contents.ts';

for (const [how, count] of [
  ['here', 5],
  ['in threads', 200],
] as const) {
  test(`contents are compared ${how}, each is settled once, and every file is closed`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'hikae-contents-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const contents = new Contents(new AbortController().signal);
    const settled = new Map<number, boolean>();
    const files: number[] = [];
    for (let n = 0; n < count; n++) {
      const bytes = Buffer.alloc(n === 3 ? 1_048_577 : n === 4 ? 1_048_576 : n, n);
      writeFileSync(join(folder, `${n}`), bytes);
      const file = openSync(join(folder, `${n}`), 'r');
      files.push(file);
      const sha256 = n % 3 === 2 ? '0'.repeat(64) : createHash('sha256').update(bytes).digest('hex');
      await contents.add({ file, size: bytes.length, sha256 }, (same) => {
        assert.equal(settled.has(n), false);
        settled.set(n, same);
      });
    }
    await contents.settled();
    for (let n = 0; n < count; n++) assert.equal(settled.get(n), n % 3 !== 2, `file ${n}`);
    await contents.close();
    for (const file of files) assert.throws(() => fstatSync(file), { code: 'EBADF' });
  });
}

test('after cancellation nothing is settled as the same, and files are closed all the same', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hikae-contents-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'file'), '');
  const controller = new AbortController();
  const contents = new Contents(controller.signal);
  const file = openSync(join(folder, 'file'), 'r');
  const sha256 = createHash('sha256').digest('hex');
  await contents.add({ file, size: 0, sha256 }, (same) => assert.equal(same, false));
  controller.abort(new Error('stop'));
  await assert.rejects(contents.settled(), /stop/);
  await contents.close();
  assert.throws(() => fstatSync(file), { code: 'EBADF' });
});
