/** The passwords of a repository, and the locks that somebody has left, with restic beside. */
import assert from 'node:assert/strict';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isHikaeError } from '../../src/base/errors.ts';
import { Secret } from '../../src/base/secret.ts';
import type { Vault, VaultKeys, VaultLocks } from '../../src/vault/vault.ts';
import { plantLock } from './planted-lock.ts';
import { restic } from './restic-command.ts';
import { openTestRepository, PASSWORD, testOwner } from './restic-taking.ts';
import { never, silent, take } from './taking.ts';

let folder = '';
let repository = '';
let vault: Vault;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hikae-keys-'));
  repository = join(folder, 'repository');
  vault = await openTestRepository(repository);
});
afterEach(async () => {
  await vault.close();
  rmSync(folder, { recursive: true });
});

const options = { wait: 0, emit: silent, signal: never };

function keysOf({ keys }: Vault): VaultKeys {
  assert.ok(keys);
  return keys;
}

function locksOf({ locks }: Vault): VaultLocks {
  assert.ok(locks);
  return locks;
}

async function withPassword<Result>(
  password: string,
  work: (vault: Vault) => Promise<Result>,
): Promise<Result> {
  const opened = await openTestRepository(repository, { create: false, password });
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}

function opens(password: string): Promise<boolean> {
  return withPassword(password, async () => true).catch((error) => {
    if (isHikaeError(error, 'VAULT_WRONG_PASSWORD')) return false;
    throw error;
  });
}

/** What restic itself lists: ids, and whose they are. */
function keysByRestic(password = PASSWORD): { id: string; userName: string; current: boolean }[] {
  return JSON.parse(restic(repository, ['key', 'list', '--json'], { password }));
}

function secretFile(password: string): string {
  const file = join(folder, 'new-password');
  writeFileSync(file, `${password}\n`);
  return file;
}

describe('a password', () => {
  test('that hikae adds opens the repository for restic, and the reverse', async () => {
    const added = await keysOf(vault).add(new Secret('second'), { ...options, recovery: false });
    assert.equal(keysByRestic('second').length, 2);
    restic(repository, ['key', 'add', '--new-password-file', secretFile('third')]);
    assert.deepEqual(await Promise.all(['second', 'third', 'x'].map(opens)), [true, true, false]);
    const { keys, unreadable } = await keysOf(vault).list({ signal: never });
    assert.deepEqual(unreadable, []);
    assert.equal(keys.length, 3);
    assert.ok(keys.some(({ id, inUse }) => id === added.id && !inUse));
    assert.deepEqual(
      keysByRestic('second')
        .map(({ id }) => id)
        .sort(),
      keys.map(({ id }) => id.slice(0, 8)).sort(),
    );
    restic(repository, ['key', 'remove', added.id], { password: 'third' });
    assert.equal(await opens('second'), false);
  });

  test('of the recovery kit is marked, and is tried after the others', async () => {
    await keysOf(vault).add(new Secret('for the safe'), { ...options, recovery: true });
    const { keys } = await keysOf(vault).list({ signal: never });
    assert.deepEqual(keys.map(({ recovery, inUse }) => [recovery, inUse]).sort(), [
      [false, true],
      [true, false],
    ]);
    assert.deepEqual(
      keysByRestic('for the safe')
        .map(({ userName }) => userName)
        .sort(),
      ['recovery', 'tester'],
    );
    assert.equal(await opens('for the safe'), true);
  });

  test('is changed for another, and the old one opens nothing more', async () => {
    await keysOf(vault).add(new Secret('other'), { ...options, recovery: false });
    const replaced = await keysOf(vault).replace(new Secret('fresh'), options);
    assert.ok(replaced.inUse);
    assert.deepEqual(await Promise.all(['fresh', 'other', PASSWORD].map(opens)), [true, true, false]);
    await keysOf(vault).replace(new Secret('fresher'), options);
    assert.equal(keysByRestic('fresher').length, 2);
    restic(repository, ['key', 'passwd', '--new-password-file', secretFile('by restic')], {
      password: 'fresher',
    });
    assert.deepEqual(await Promise.all(['by restic', 'fresher'].map(opens)), [true, false]);
  });

  test('is removed, but not the one in use, nor the last', async () => {
    const refused = (id: string, code: string) =>
      assert.rejects(keysOf(vault).remove(id, options), (error) => {
        assert.ok(isHikaeError(error, code), String(error));
        return error.exit === 2;
      });
    const { keys } = await keysOf(vault).list({ signal: never });
    const own = keys[0]?.id ?? '';
    await refused(own.slice(0, 8), 'VAULT_KEY_LAST');
    const second = await keysOf(vault).add(new Secret('second'), { ...options, recovery: false });
    await refused(own, 'VAULT_KEY_IN_USE');
    await refused('', 'VAULT_KEY_UNKNOWN');
    await refused('xyz', 'VAULT_KEY_UNKNOWN');
    // Two who have come in by different keys, and each removes the other's.
    await withPassword('second', (other) => keysOf(other).remove(own.slice(0, 10), options));
    await refused(second.id, 'VAULT_KEY_LAST');
    assert.deepEqual(await Promise.all(['second', PASSWORD].map(opens)), [true, false]);
  });

  test('waits for who is at work, as restic would want it', async () => {
    await take(vault, { root: folder });
    await plantLock(repository, { exclusive: false });
    await keysOf(vault).add(new Secret('beside'), { ...options, recovery: false });
    await assert.rejects(keysOf(vault).replace(new Secret('fresh'), options), (error) =>
      isHikaeError(error, 'VAULT_REPOSITORY_LOCKED'),
    );
    assert.deepEqual(await Promise.all([PASSWORD, 'beside', 'fresh'].map(opens)), [true, true, false]);
  });
});

describe('a key file that is damaged', () => {
  test('is told, keeps nobody out, and can be removed', async () => {
    const { id } = await keysOf(vault).add(new Secret('second'), { ...options, recovery: false });
    truncateSync(join(repository, 'keys', id), 100);
    const { keys, unreadable } = await keysOf(vault).list({ signal: never });
    assert.deepEqual([keys.length, unreadable.map((one) => one.id)], [1, [id]]);
    assert.equal(await opens(PASSWORD), true);
    await keysOf(vault).remove(id.slice(0, 8), options);
    assert.equal((await keysOf(vault).list({ signal: never })).unreadable.length, 0);
  });

  test('is no password that opens when it is the only one', async () => {
    const [id = ''] = readdirSync(join(repository, 'keys'));
    const bytes = readFileSync(join(repository, 'keys', id));
    unlinkSync(join(repository, 'keys', id));
    await assert.rejects(opens(PASSWORD), (error) => {
      assert.ok(isHikaeError(error, 'VAULT_NO_KEY'));
      return error.exit === 10;
    });
    writeFileSync(join(repository, 'keys', id), bytes);
    assert.equal(await opens(PASSWORD), true);
  });
});

describe('locks', () => {
  const minutes = (count: number) => Date.now() - count * 60_000;

  test('are stale when their process is gone, or they were not refreshed for half an hour', async () => {
    const owner = await testOwner();
    const here = { machine: owner.machine, boot: owner.boot, started: owner.started, writes: false };
    const expected = new Map<string, boolean>();
    const plant = async (stale: boolean, lock: Parameters<typeof plantLock>[1]) =>
      expected.set(await plantLock(repository, { exclusive: false, ...lock }), stale);
    await plant(false, { time: minutes(29) });
    await plant(true, { time: minutes(31) });
    // Nothing but its pid says that it is gone, and that may be one of a container or of another machine of this name.
    await plant(false, { time: minutes(1), hostname: owner.hostname, pid: 2 ** 22 - 1 });
    await plant(false, { time: minutes(40), pid: owner.pid, hikae: here });
    await plant(true, { time: minutes(1), pid: owner.pid, hikae: { ...here, started: owner.started + 1 } });
    await plant(true, { time: minutes(1), pid: owner.pid, hikae: { ...here, boot: 'another' } });
    await plant(true, { time: minutes(31), hikae: { ...here, machine: 'elsewhere' } });
    const found = await locksOf(vault).list({ signal: never });
    assert.deepEqual(new Map(found.map(({ id, stale }) => [id, stale])), expected);
    assert.equal(restic(repository, ['list', 'locks', '--no-lock']).trim().split('\n').length, 7);
    for (const lock of found) await locksOf(vault).remove(lock, { signal: never });
    for (const lock of found) await locksOf(vault).remove(lock, { signal: never });
    assert.deepEqual(await locksOf(vault).list({ signal: never }), []);
  });

  test('that can not be read stand in the way of all, until they are old', async () => {
    const id = await plantLock(repository, { exclusive: false });
    const file = join(repository, 'locks', id);
    const bytes = readFileSync(file);
    unlinkSync(file);
    writeFileSync(file, bytes.subarray(0, 40));
    const [fresh] = await locksOf(vault).list({ signal: never });
    assert.deepEqual([fresh?.holder, fresh?.stale], [undefined, false]);
    await assert.rejects(vault.acquire(options), (error) => isHikaeError(error) && error.exit === 11);
    utimesSync(file, minutes(31) / 1000, minutes(31) / 1000);
    const [old] = await locksOf(vault).list({ signal: never });
    assert.equal(old?.stale, true);
  });
});
