/** The restic command reads, checks, extends and prunes what hikae writes, and hikae what restic writes. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isHikaeError } from '../../src/base/errors.ts';
import type { SnapshotEntry } from '../../src/model/snapshot.ts';
import { describeTree } from '../doubles/live-tree.ts';
import { fillTree } from './every-kind.ts';
import { restic, resticBackup, resticCheck } from './restic-command.ts';
import { openTestRepository, PASSWORD } from './restic-taking.ts';
import { differences, readAsTree } from './round-trip.ts';
import { dayTime, draftOf, listed, never, silent, take, verifyAll, writing } from './taking.ts';

let folder = '';
let root = '';
let repository = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hikae-restic-'));
  root = join(folder, 'tree');
  repository = join(folder, 'repository');
  mkdirSync(root);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Everything that Debian's restic stores just as hikae does: it leaves out sockets, and bends targets that are no UTF-8. */
function fillForBoth(): void {
  fillTree(root);
  unlinkSync(join(root, 'socket'));
  unlinkSync(join(root, 'raw-target'));
  writeFileSync(join(root, 'random'), noise(12_000_000));
  writeFileSync(join(root, 'zeros'), Buffer.alloc(3_000_000));
  writeFileSync(join(root, '<&>\u2028'), 'what Go escapes in JSON');
}

function noise(length: number, seed = 'noise'): Buffer {
  return createHash('shake256', { outputLength: length }).update(seed).digest();
}

function init(...more: string[]): void {
  restic(repository, ['init', ...more]);
}

describe('what hikae writes', () => {
  beforeEach(fillForBoth);

  test('restic checks, and restores as it was', async () => {
    const vault = await openTestRepository(repository);
    await take(vault, { root });
    assert.equal(resticCheck(repository), 'sound');
    restic(repository, ['restore', 'latest', '--target', join(folder, 'out')]);
    assert.deepEqual(differences(describeTree(root), describeTree(join(folder, 'out/files/c'))), []);
    const [entry] = await entries(vault);
    assert.deepEqual(differences(describeTree(root), await readAsTree(vault, entry as SnapshotEntry)), []);
    await vault.close();
  });

  test('restic finds in its own words: it adds no data, and no tree but those of the folders above', async () => {
    const vault = await openTestRepository(repository);
    await take(vault, { root });
    const { data_blobs, tree_blobs } = resticBackup(repository, ['.'], [], { folder: root });
    assert.deepEqual({ data_blobs, tree_blobs }, { data_blobs: 0, tree_blobs: 0 });
    const above = resticBackup(repository, [root]);
    assert.equal(above.data_blobs, 0);
    assert.equal(above.tree_blobs, root.split('/').length - 1);
    await vault.close();
  });

  test('of an incomplete snapshot says so in a tag', async () => {
    const vault = await openTestRepository(repository);
    await writing(vault, async (writable) => {
      const writer = await writable.begin(draftOf(), { emit: silent, signal: never });
      writer.absent({ name: 'c', origin: { kind: 'command', argv: ['x'], file: 'y' } });
      await writer.publish();
    });
    const [snapshot] = JSON.parse(restic(repository, ['snapshots', '--json'])) as {
      tags: string[];
      paths: string[];
    }[];
    assert.deepEqual(snapshot?.paths, ['/files']);
    assert.ok(snapshot?.tags.includes('incomplete') && snapshot.tags.includes('date:2026-11-22'));
    assert.equal(resticCheck(repository), 'sound');
    await vault.close();
  });
});

describe('what restic writes', () => {
  beforeEach(fillForBoth);

  test('hikae reads as it was, and adds nothing to', async () => {
    init();
    resticBackup(repository, [root], ['--tag', 'mine', '--host', 'other']);
    const vault = await openTestRepository(repository, { create: false });
    const [entry] = await entries(vault);
    assert.equal(entry?.header.target, `restic:${root}`);
    assert.equal(entry?.header.host, 'other');
    const found = await readAsTree(vault, entry as SnapshotEntry, `files${root}`);
    assert.deepEqual(differences(describeTree(root), found), []);
    assert.deepEqual((await verifyAll(vault)).findings, []);

    const { stored } = await take(vault, { root });
    assert.equal(stored.newBytes, 0, 'hikae cuts where restic does');
    assert.equal(resticCheck(repository), 'sound');
    await vault.close();
  });

  test('hikae reads in the first version of the format too, and does not write there', async () => {
    init('--repository-version', '1');
    resticBackup(repository, [root]);
    const vault = await openTestRepository(repository, { create: false });
    const [entry] = await entries(vault);
    const found = await readAsTree(vault, entry as SnapshotEntry, `files${root}`);
    assert.deepEqual(differences(describeTree(root), found), []);
    assert.deepEqual((await verifyAll(vault)).findings, []);
    await assert.rejects(take(vault, { root }), (error) => isHikaeError(error, 'VAULT_FORMAT_OLD'));
    restic(repository, ['migrate', 'upgrade_repo_v2']);
    await vault.close();
    const upgraded = await openTestRepository(repository, { create: false });
    assert.equal((await take(upgraded, { root })).stored.newBytes, 0);
    assert.equal(resticCheck(repository), 'sound');
    await upgraded.close();
  });
});

test('both write in turn, restic forgets and prunes, and both find it sound', async () => {
  const change = (day: number) => {
    writeFileSync(join(root, 'changing'), noise(2_000_000, `day ${day}`));
    writeFileSync(join(root, `new-${day}`), noise(1000 + day, `new ${day}`));
    writeFileSync(join(root, 'all'), noise(30_000, 'all'));
    chmodSync(join(root, 'all'), 0o600 + day);
    if (day === 0) linkSync(join(root, 'all'), join(root, 'linked'));
    if (day === 0) symlinkSync('all', join(root, 'link'));
    utimesSync(join(root, 'all'), day, day);
  };
  const vault = await openTestRepository(repository);
  const expected = new Map<string, Map<string, string>>();
  for (let day = 0; day < 4; day++) {
    change(day);
    const { entry } = await take(vault, { root, time: dayTime(day) });
    expected.set(entry.place, describeTree(root));
    resticBackup(repository, ['.'], ['--host', 'restic'], { folder: root });
  }
  restic(repository, ['forget', '--host', 'restic', '--keep-last', '1', '--prune', '--max-unused', '0']);
  const [first = ''] = expected.keys();
  const [doomed] = await entries(vault);
  await writing(vault, (writable) => writable.remove(doomed as SnapshotEntry, { signal: never }));
  restic(repository, ['prune', '--max-unused', '0']);
  expected.delete(first);

  assert.equal(resticCheck(repository), 'sound');
  assert.deepEqual((await verifyAll(vault)).findings, []);
  const own = (await entries(vault)).filter(({ header }) => header.target === 'files');
  assert.deepEqual(
    own.map(({ place }) => place),
    [...expected.keys()],
  );
  for (const entry of own) {
    const tree = expected.get(entry.place) ?? new Map();
    assert.deepEqual(differences(tree, await readAsTree(vault, entry)), []);
  }
  const { stored } = await take(vault, { root, time: dayTime(5) });
  assert.equal(stored.newBytes, 0);
  assert.equal(stored.unchanged, stored.summary.nodes);
  await vault.close();
});

describe('passwords', () => {
  test('each of several opens it, and another opens nothing', async () => {
    const vault = await openTestRepository(repository);
    writeFileSync(join(root, 'file'), 'content');
    await take(vault, { root });
    await vault.close();
    const second = join(folder, 'second');
    writeFileSync(second, 'battery staple\n');
    restic(repository, ['key', 'add', '--new-password-file', second]);
    for (const password of [PASSWORD, 'battery staple']) {
      const opened = await openTestRepository(repository, { create: false, password });
      assert.equal((await listed(opened)).length, 1);
      assert.deepEqual(opened.identity, vault.identity);
      await opened.close();
      assert.match(restic(repository, ['snapshots'], { password }), /1 snapshots/);
    }
    await assert.rejects(openTestRepository(repository, { create: false, password: 'x' }), (error) => {
      assert.ok(isHikaeError(error, 'VAULT_WRONG_PASSWORD'));
      return error.exit === 12;
    });
  });

  test('may be of any script', async () => {
    const password = 'パスワード \u{1f511}';
    const vault = await openTestRepository(repository, { password });
    await vault.close();
    assert.match(restic(repository, ['snapshots'], { password }), /^$|0 snapshots/);
  });
});

async function entries(vault: Awaited<ReturnType<typeof openTestRepository>>) {
  return (await vault.list({ signal: never })).snapshots;
}
