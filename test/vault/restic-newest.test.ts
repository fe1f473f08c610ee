/** The same as with Debian's restic, in short, with the newest: what it stores otherwise than years ago is seen here. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, test } from 'node:test';
import { Secret } from '../../src/base/secret.ts';
import type { SnapshotEntry } from '../../src/model/snapshot.ts';
import { describeTree } from '../doubles/live-tree.ts';
import { newestRestic } from '../servers/newest-restic.ts';
import { fillTree } from './every-kind.ts';
import { plantLock } from './planted-lock.ts';
import { restic, resticBackup, resticCheck } from './restic-command.ts';
import { openTestRepository, PASSWORD } from './restic-taking.ts';
import { differences, readAsTree } from './round-trip.ts';
import { dayTime, never, silent, take, verifyAll, writing } from './taking.ts';

describe('with the newest restic', { timeout: 300_000 }, () => {
  let options: { program: string };
  let folder = '';
  let root = '';
  let repository = '';

  before(() => {
    options = { program: newestRestic() };
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hikae-newest-'));
    root = join(folder, 'tree');
    repository = join(folder, 'repository');
    mkdirSync(root);
    fillTree(root);
    // The one thing that it still leaves out.
    unlinkSync(join(root, 'socket'));
    writeFileSync(join(root, 'random'), createHash('shake256', { outputLength: 9_000_000 }).digest());
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('it checks what hikae writes, restores it as it was, finds no data new, and prunes it soundly', async () => {
    const vault = await openTestRepository(repository);
    const { entry: doomed } = await take(vault, { root, time: dayTime(0) });
    writeFileSync(join(root, 'random'), 'much less');
    const { entry } = await take(vault, { root, time: dayTime(1) });
    assert.equal(resticCheck(repository, options), 'sound');
    restic(repository, ['restore', 'latest', '--target', join(folder, 'out')], options);
    assert.deepEqual(differences(describeTree(root), describeTree(join(folder, 'out/files/c'))), []);
    assert.equal(resticBackup(repository, ['.'], [], { ...options, folder: root }).data_blobs, 0);
    await writing(vault, (writable) => writable.remove(doomed, { signal: never }));
    restic(repository, ['prune', '--max-unused', '0'], options);
    assert.equal(resticCheck(repository, options), 'sound');
    assert.deepEqual((await verifyAll(vault)).findings, []);
    assert.deepEqual(differences(describeTree(root), await readAsTree(vault, entry)), []);
    await vault.close();
  });

  test('hikae reads what it writes as it was, and adds no data to it', async () => {
    restic(repository, ['init'], options);
    resticBackup(repository, [root], [], options);
    const vault = await openTestRepository(repository, { create: false });
    const [entry] = (await vault.list({ signal: never })).snapshots;
    const found = await readAsTree(vault, entry as SnapshotEntry, `files${root}`);
    assert.deepEqual(differences(describeTree(root), found), []);
    assert.deepEqual((await verifyAll(vault)).findings, []);
    assert.equal((await take(vault, { root })).stored.newBytes, 0, 'hikae cuts where it does');
    assert.equal(resticCheck(repository, options), 'sound');
    await vault.close();
  });

  test('passwords and locks of each are those of the other', async () => {
    const vault = await openTestRepository(repository);
    await vault.keys?.add(new Secret('of hikae'), { wait: 0, emit: silent, signal: never, recovery: true });
    const file = join(folder, 'password');
    writeFileSync(file, 'of restic\n');
    restic(repository, ['key', 'add', '--new-password-file', file], { ...options, password: 'of hikae' });
    for (const password of [PASSWORD, 'of hikae', 'of restic'])
      await (await openTestRepository(repository, { create: false, password })).close();
    await plantLock(repository);
    assert.throws(() => restic(repository, ['backup', root], options), /locked/);
    assert.equal((await vault.locks?.list({ signal: never }))?.length, 1);
    await plantLock(repository, { time: Date.now() - 40 * 60_000 });
    restic(repository, ['unlock'], options);
    assert.equal((await vault.locks?.list({ signal: never }))?.length, 1, 'the fresh one stays for both');
    await vault.close();
  });
});
