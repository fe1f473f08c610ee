/** The order in which a snapshot becomes durable and then visible, as the kernel sees it. A kill can't show it: only a power cut could. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openVault, take } from '../vault/taking.ts';

const program = fileURLToPath(new URL('./programs/take-snapshot.ts', import.meta.url));
const traced = 'syncfs,fsync,fdatasync,rename,renameat,renameat2,symlink,symlinkat,unlink,unlinkat';
let folder = '';

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'hikae-order-')));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The calls that ended well, in the order in which they ended, each as the kernel got it. */
function trace(root: string, vault: string, day: number): string[] {
  const output = join(folder, `trace-${day}`);
  const { status, stderr } = spawnSync(
    'strace',
    [
      '-f',
      '-y',
      '-s',
      '4096',
      '-e',
      `trace=${traced}`,
      '-o',
      output,
      process.execPath,
      program,
      root,
      vault,
      String(day),
    ],
    { input: 'go\n', encoding: 'utf8' },
  );
  assert.equal(status, 0, stderr);
  const begun = new Map<string, string>();
  const calls: string[] = [];
  for (const line of readFileSync(output, 'utf8').split('\n')) {
    const [, thread = '', text = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (text.endsWith('<unfinished ...>')) {
      begun.set(thread, text.slice(0, -'<unfinished ...>'.length));
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(text);
    const whole = resumed === null ? text : `${begun.get(thread) ?? ''}${resumed[1]}`;
    if (/ = 0$/.test(whole)) calls.push(whole);
  }
  return calls;
}

test('everything is synced, then named, then the name is synced, then latest moves', async () => {
  const root = join(folder, 'source');
  const place = join(folder, 'vault');
  mkdirSync(root);
  for (let file = 0; file < 20; file++) writeFileSync(join(root, `file-${file}`), `content ${file}`);
  await take(await openVault(place), { root });
  writeFileSync(join(root, 'file-1'), 'changed');
  const calls = trace(root, place, 1);
  const target = join(place, 'daily/files');
  const text = calls.join('\n');
  const wanted = [
    (call: string) => call.startsWith('syncfs(') && call.includes(`${target}/2026-11-23.partial>`),
    (call: string) =>
      /^rename/.test(call) &&
      call.includes(`${target}/2026-11-23.partial"`) &&
      call.includes(`${target}/2026-11-23"`),
    (call: string) => call.startsWith('fsync(') && call.includes(`<${target}>`),
    (call: string) =>
      call.startsWith('symlink') && call.includes('"2026-11-23"') && call.includes('latest.new"'),
    (call: string) =>
      /^rename/.test(call) && call.includes('latest.new"') && call.includes(`${target}/latest"`),
    (call: string) => call.startsWith('fsync(') && call.includes(`<${target}>`),
  ];
  let at = -1;
  for (const [step, matches] of wanted.entries()) {
    const next = calls.findIndex((call, index) => index > at && matches(call));
    assert.ok(next > at, `step ${step} comes not in order:\n${text}`);
    at = next;
  }
  const synced = calls.findIndex((call) => call.startsWith('syncfs('));
  assert.deepEqual(
    calls.slice(0, synced).filter((call) => /^(?:rename|symlink)/.test(call)),
    [],
  );
  assert.equal(calls.filter((call) => call.startsWith('syncfs(')).length, 1);
  // One sync for all: a sync for each file would cost minutes.
  assert.ok(calls.filter((call) => /^fd?a?t?a?sync\(/.test(call)).length <= 4, text);
});

test('what an interrupted run has left goes after the new snapshot is there', async () => {
  const root = join(folder, 'source');
  const place = join(folder, 'vault');
  mkdirSync(root);
  writeFileSync(join(root, 'file'), 'content');
  await take(await openVault(place), { root });
  mkdirSync(join(place, 'daily/files/2026-11-20.partial/.hikae'), { recursive: true });
  const calls = trace(root, place, 1);
  const named = calls.findIndex((call) => /^rename/.test(call) && call.includes('2026-11-23.partial"'));
  const removed = calls.findIndex(
    (call) => /^unlinkat\(/.test(call) && call.includes('"2026-11-20.partial"'),
  );
  assert.ok(named >= 0 && removed > named, calls.join('\n'));
});
