/** Repairing dated trees whose files were flipped, cut off, removed and changed: alone, and from vaults of either kind. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { removeXattr, setTimesAt, setXattr } from '../../src/base/libc.ts';
import { OpenDirectory } from '../../src/base/open-directory.ts';
import { type RawPath, rawFromText } from '../../src/base/raw-path.ts';
import type { RepairOptions, TreeRepairReport, Vault } from '../../src/vault/vault.ts';
import { copySnapshot } from '../../src/vault/vault.ts';
import { sqlText, takeDumps } from './dumps.ts';
import { openTestRepository } from './restic-taking.ts';
import { dayTime, describeSnapshot, never, openVault, silent, take, verifyAll, writing } from './taking.ts';

const first = 'daily/files/2026-11-22';
const second = 'daily/files/2026-11-23';
const dumps = 'daily/files/2026-11-24';
const days = [first, second];

let folder = '';
let original = '';
let place = '';
let vault: Vault;
let known: Map<string, Map<string, string>>;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hikae-plain-repair-'));
  original = join(folder, 'original');
  const root = join(folder, 'tree');
  mkdirSync(join(root, 'sub/below'), { recursive: true });
  writeFileSync(join(root, 'shared'), 'of both days');
  writeFileSync(join(root, 'sub/one'), 'twice here');
  writeFileSync(join(root, 'sub/two'), 'twice here');
  writeFileSync(join(root, 'sub/below/inner'), 'inner');
  writeFileSync(join(root, 'sub/below/setuid'), 'setuid');
  chmodSync(join(root, 'sub/below/setuid'), 0o4755);
  writeFileSync(join(root, 'group'), 'under two names');
  linkSync(join(root, 'group'), join(root, 'sub/group'));
  writeFileSync(join(root, 'sparse'), Buffer.concat([Buffer.alloc(300_000), Buffer.from('end')]));
  symlinkSync('shared', join(root, 'link'));
  attribute(join(root, 'sub/below'), (entry) => setXattr(entry, 'user.of', Buffer.from('a folder')));
  writeFileSync(join(root, 'changing'), 'first');
  vault = await openVault(original);
  await take(vault, { root });
  writeFileSync(join(root, 'changing'), 'second');
  await take(vault, { root, time: dayTime(1) });
  await takeDumps(vault, { 'mail.sql': { content: sqlText(100_000) } }, { time: dayTime(2) });
  known = await state();
  await copyTo(await openVault(join(folder, 'plain')));
  await copyTo(await openTestRepository(join(folder, 'repository')));
  await vault.close();
});
after(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  place = mkdtempSync(join(folder, 'vault-'));
  execFileSync('cp', ['-a', `${original}/.`, place]);
  vault = await openVault(place, { create: false });
});
afterEach(async () => {
  await vault.close();
  rmSync(place, { recursive: true });
});

async function copyTo(other: Vault): Promise<void> {
  for (const entry of (await vault.list({ signal: never })).snapshots) {
    const reader = await vault.open(entry, { signal: never });
    const source = { reader, place: entry.place };
    await writing(other, (writable) => copySnapshot(source, writable, { emit: silent, signal: never }));
    await reader.close();
  }
  await other.close();
}

function attribute(path: string, change: (entry: number) => void): void {
  const entry = OpenDirectory.open(path as RawPath);
  change(entry.descriptor);
  entry.release();
}

const at = (day: string, path: string) => join(place, day, path);

/** Does something that no time shows. */
function secretly(path: string, change: () => void): void {
  const { mtimeNs } = lstatSync(path, { bigint: true });
  change();
  attribute(dirname(path), (parent) => setTimesAt(parent, rawFromText(basename(path)), mtimeNs));
}

function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] as number) ^ 1;
  secretly(path, () => writeFileSync(path, bytes));
}

async function state(): Promise<Map<string, Map<string, string>>> {
  const { snapshots, unreadable } = await vault.list({ signal: never });
  assert.deepEqual(unreadable, []);
  const described = new Map<string, Map<string, string>>();
  for (const entry of snapshots) described.set(entry.place, await describeSnapshot(vault, entry));
  return described;
}

/** Everything in the snapshots of the vault, by path, with its inode and what a change moves. */
function survey(): Map<string, string> {
  const format = '%P\\t%y %i %m %U %G %T@ %s %l\\n';
  const lines = execFileSync('find', [join(place, 'daily'), '-printf', format], { encoding: 'utf8' });
  return new Map(
    lines
      .trim()
      .split('\n')
      .map((line) => line.split('\t') as [string, string]),
  );
}

async function repair(
  options: Partial<Pick<RepairOptions, 'from' | 'dryRun' | 'signal'>> = {},
): Promise<TreeRepairReport> {
  assert.ok(vault.repair !== undefined);
  const report = await vault.repair({ dryRun: false, wait: 0, emit: silent, signal: never, ...options });
  assert.ok(!existsSync(join(place, '.hikae/repair')));
  return report as TreeRepairReport;
}

async function requireWhole(): Promise<void> {
  assert.deepEqual((await verifyAll(vault)).findings, []);
  assert.deepEqual(await state(), known);
  for (const day of [...days, dumps])
    execFileSync('sha256sum', ['--quiet', '-c', 'checksums.sha256'], { cwd: at(day, '') });
  // What was sound is shared as it was, and so is what is sound again.
  for (const path of ['c/shared', 'c/sub/one', 'c/group', 'c/sub/below/inner', 'c/sparse'])
    assert.equal(lstatSync(at(first, path)).ino, lstatSync(at(second, path)).ino, path);
  assert.equal(lstatSync(at(second, 'c/group')).ino, lstatSync(at(second, 'c/sub/group')).ino);
  assert.notEqual(lstatSync(at(second, 'c/sub/one')).ino, lstatSync(at(second, 'c/sub/two')).ino);
}

/** One of everything; of what both days share, both are damaged. */
function damageAll(): void {
  flip(at(second, 'c/shared'));
  flip(at(first, 'c/group'));
  truncateSync(at(first, 'c/changing'), 2);
  unlinkSync(at(second, 'c/changing'));
  rmSync(at(first, 'c/sub/below'), { recursive: true });
  unlinkSync(at(second, 'c/link'));
  symlinkSync('elsewhere', at(second, 'c/link'));
  chmodSync(at(second, 'c/sub/below/setuid'), 0o644);
  attribute(at(second, 'c/sub/below'), (entry) => removeXattr(entry, 'user.of'));
  chmodSync(at(second, 'c/sub'), 0o700);
  flip(at(second, 'c/sparse'));
  flip(at(dumps, 'c/mail.sql.gz'));
  rmSync(at(dumps, 'checksums.sha256'));
  flip(at(first, '.hikae/manifest'));
  writeFileSync(at(second, '.hikae/manifest'), 'no header');
}

describe('repair of a plain vault', () => {
  test('leaves what is sound as it is', async () => {
    const all = survey();
    const report = await repair();
    assert.deepEqual([report.findings, report.restored.entries, report.records], [[], 0, []]);
    assert.deepEqual([report.checked.snapshots, survey()], [3, all]);
  });

  test('brings everything back from another plain vault, and changes nothing else', async () => {
    damageAll();
    const damaged = survey();
    const from = await openVault(join(folder, 'plain'), { create: false });
    const report = await repair({ from });
    await from.close();
    assert.deepEqual(report.findings, []);
    assert.ok(report.fetched.entries > 0 && report.fetched.entries < report.restored.entries);
    assert.deepEqual([...report.records].sort(), [first, second, dumps]);
    await requireWhole();
    const now = survey();
    for (const path of ['c/sub/one', 'c/sub/two', 'checksums.sha256']) {
      const key = `${second}/${path}`.slice('daily/'.length);
      assert.ok(now.has(key));
      assert.equal(now.get(key), damaged.get(key), path);
    }
    assert.equal((await repair()).restored.entries, 0);
  });

  test('brings contents back from a repository', async () => {
    for (const day of days) flip(at(day, 'c/changing'));
    flip(at(first, 'c/shared'));
    flip(at(dumps, 'c/mail.sql.gz'));
    const from = await openTestRepository(join(folder, 'repository'), { create: false });
    const report = await repair({ from });
    await from.close();
    assert.deepEqual([report.findings, report.fetched.entries], [[], 5]);
    await requireWhole();
  });

  test('alone takes what other dates and other files of the vault have', async () => {
    flip(at(first, 'c/sub/one'));
    unlinkSync(at(first, 'c/shared'));
    rmSync(at(first, 'c/sub/below'), { recursive: true });
    chmodSync(at(second, 'c/changing'), 0o600);
    chmodSync(at(second, 'c/sub/group'), 0o600);
    rmSync(at(second, 'checksums.sha256'));
    assert.notEqual((await verifyAll(vault)).findings.length, 0);
    assert.ok(existsSync(join(place, '.hikae/damaged.json')));
    const report = await repair();
    assert.deepEqual([report.findings, report.fetched.entries, report.records], [[], 0, [second]]);
    await requireWhole();
    const { damaged } = JSON.parse(readFileSync(join(place, '.hikae/damaged.json'), 'utf8'));
    assert.deepEqual(damaged, {});
  });

  test('names what nobody has, and leaves it as it is', async () => {
    flip(at(first, 'c/shared'));
    flip(at(second, 'c/changing'));
    secretly(at(second, 'c'), () => writeFileSync(at(second, 'c/added'), 'by somebody'));
    flip(at(first, '.hikae/manifest'));
    secretly(at(dumps, 'c'), () => {
      rmSync(at(dumps, 'c/mail.sql.gz'));
      mkdirSync(at(dumps, 'c/mail.sql.gz'));
    });
    const all = survey();
    const report = await repair();
    assert.equal(report.restored.entries, 0);
    const named = report.findings.map(({ kind, places, path }) => [kind, [...places].sort(), path]);
    for (const one of [
      ['content', days, 'c/shared'],
      ['content', [second], 'c/changing'],
      ['extra', [second], 'c/added'],
      ['manifest', [first], ''],
      ['content', [dumps], 'c/mail.sql'],
    ])
      assert.ok(
        named.some((found) => JSON.stringify(found) === JSON.stringify(one)),
        JSON.stringify([one, named]),
      );
    const now = survey();
    for (const [path, stood] of all) assert.equal(now.get(path), stood, path);
    const { damaged } = JSON.parse(readFileSync(join(place, '.hikae/damaged.json'), 'utf8'));
    assert.deepEqual(damaged[second], ['c/changing', 'c/shared']);
  });

  test('that is cancelled half-way has harmed nothing, and the next one goes on', async () => {
    rmSync(at(first, 'c/sub/below'), { recursive: true });
    flip(at(first, 'c/shared'));
    const controller = new AbortController();
    const from = await openVault(join(folder, 'plain'), { create: false });
    const open: Vault['open'] = async (entry, options) => {
      controller.abort(new Error('cancelled'));
      return from.open(entry, options);
    };
    const descriptors = () => readdirSync('/proc/self/fd').length;
    const before = descriptors();
    const cancelled = repair({ from: { ...from, open }, signal: controller.signal });
    await assert.rejects(cancelled, /cancelled/);
    assert.equal(descriptors(), before);
    assert.ok(existsSync(at(first, 'c/sub/below')), 'folders come first');
    assert.equal(existsSync(at(first, 'c/sub/below/inner')), false);
    mkdirSync(join(place, '.hikae/repair'));
    writeFileSync(join(place, '.hikae/repair/1'), 'left by a crash');
    assert.deepEqual((await repair({ from })).findings, []);
    await from.close();
    await requireWhole();
  });

  test('in a dry run tells the same and changes nothing', async () => {
    flip(at(second, 'c/shared'));
    chmodSync(at(first, 'c/sub/below/setuid'), 0o644);
    unlinkSync(at(second, 'c/link'));
    flip(at(second, 'c/changing'));
    rmSync(at(dumps, 'checksums.sha256'));
    const all = survey();
    const from = await openVault(join(folder, 'plain'), { create: false });
    const planned = await repair({ from, dryRun: true });
    assert.deepEqual(survey(), all);
    assert.deepEqual(await repair({ from }), planned);
    await from.close();
    await requireWhole();
  });
});
