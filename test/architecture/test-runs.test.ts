/** The tests' own runner: what it counts as failed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const runner = fileURLToPath(new URL('../../script/run-tests.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hikae-runner-'));
after(() => rmSync(folder, { recursive: true }));

function run(
  tests: string,
  environment: Record<string, string> = {},
): { status: number | null; said: string } {
  const file = join(folder, 'some.test.mjs');
  writeFileSync(file, `import { test } from 'node:test';\n${tests}`);
  // Without it the runner below would take itself for a part of this one.
  const { NODE_TEST_CONTEXT: _, CI: __, ...inherited } = process.env;
  const { status, stdout } = spawnSync(process.execPath, [runner, file], {
    env: { ...inherited, ...environment },
    encoding: 'utf8',
  });
  return { status, said: stdout };
}

const lastLine = (said: string) => said.trimEnd().split('\n').at(-1);

test('a skipped test is told, and where everything has to be there it has failed', () => {
  const tests = "test('one', () => {});\ntest('two', { skip: 'wants a moon' }, () => {});";
  const here = run(tests);
  assert.deepEqual([here.status, lastLine(here.said)], [0, '1 passed, 0 failed']);
  assert.match(here.said, /skipped:\n.*two: wants a moon/);
  const integration = run(tests, { CI: 'true' });
  assert.deepEqual([integration.status, lastLine(integration.said)], [1, '1 passed, 1 failed']);
  assert.match(integration.said, /✖ .*two\n +skipped: wants a moon/);
});

test('a file without tests has failed', () => {
  const { status, said } = run('');
  assert.deepEqual([status, lastLine(said)], [1, '0 passed, 1 failed']);
});
