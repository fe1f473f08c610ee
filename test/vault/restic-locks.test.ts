/** The locks of the format, between hikae and restic. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isHikaeError } from '../../src/base/errors.ts';
import type { Emit } from '../../src/model/events.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { plantLock } from './planted-lock.ts';
import { restic } from './restic-command.ts';
import { openTestRepository, PASSWORD, testOwner } from './restic-taking.ts';
import { listed, never, nodesOf, silent, take, writing } from './taking.ts';

let folder = '';
let root = '';
let repository = '';
let vault: Vault;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hikae-locks-'));
  root = join(folder, 'tree');
  repository = join(folder, 'repository');
  mkdirSync(root);
  writeFileSync(join(root, 'file'), 'content');
  vault = await openTestRepository(repository);
});
afterEach(async () => {
  await vault.close();
  rmSync(folder, { recursive: true });
});

function locks(): string[] {
  const place = join(repository, 'locks');
  // restic writes under another name first.
  return existsSync(place) ? readdirSync(place).filter((name) => /^[0-9a-f]{64}$/.test(name)) : [];
}

describe('while hikae writes', () => {
  test('restic may read and add, and may not prune', async () => {
    await take(vault, { root });
    await writing(vault, async () => {
      assert.equal(locks().length, 1);
      assert.match(restic(repository, ['snapshots']), /1 snapshots/);
      restic(repository, ['backup', root]);
      assert.throws(() => restic(repository, ['prune']), /already locked/);
    });
    assert.deepEqual(locks(), []);
    restic(repository, ['prune']);
  });

  test('restic does not unlock what is alive', async () => {
    await writing(vault, async () => {
      restic(repository, ['unlock']);
      assert.equal(locks().length, 1);
    });
  });
});

test('two that begin at the same moment come through one after the other', async () => {
  const other = await openTestRepository(repository, { create: false });
  const comeAndGo = async (one: Vault) => {
    const writable = await one.acquire({ wait: 60_000, emit: silent, signal: never });
    await writable.release();
  };
  await Promise.all([comeAndGo(vault), comeAndGo(other)]);
  assert.deepEqual(locks(), []);
  await other.close();
});

describe('while restic holds', () => {
  test('the lock of one who reads, hikae adds and removes nothing', async () => {
    const { entry } = await take(vault, { root });
    await holding('backup', async () => {
      await take(vault, { root });
      await writing(vault, async (writable) => {
        await assert.rejects(writable.remove(entry, { signal: never }), (error) =>
          isHikaeError(error, 'SNAPSHOT_IN_USE'),
        );
      });
      assert.equal((await listed(vault)).length, 2);
    });
    await writing(vault, (writable) => writable.remove(entry, { signal: never }));
    assert.equal((await listed(vault)).length, 1);
  });
});

describe('while somebody is alone with it', () => {
  test('nobody knows it of a lock that can not be read, which is named and removed by hand', async () => {
    const { entry } = await take(vault, { root });
    const id = 'ab'.repeat(32);
    writeFileSync(join(repository, 'locks', id), 'garbage');
    await assert.rejects(vault.open(entry, { signal: never }), (error) => {
      assert.ok(isHikaeError(error, 'VAULT_LOCK_UNREADABLE'));
      assert.deepEqual([error.exit, error.details.object], [11, `locks/${id}`]);
      return true;
    });
    const [lock, ...others] = (await vault.locks?.list({ signal: never })) ?? [];
    assert.ok(lock !== undefined && others.length === 0);
    assert.deepEqual([lock.id, lock.holder, lock.stale], [id, undefined, false]);
    await vault.locks?.remove(lock, { signal: never });
    assert.equal((await nodesOf(vault, entry)).size, 2);
  });

  test('nobody reads, unless without a lock', async () => {
    const { entry } = await take(vault, { root });
    await plantLock(repository);
    await assert.rejects(vault.open(entry, { signal: never }), (error) => {
      assert.ok(isHikaeError(error, 'VAULT_REPOSITORY_LOCKED'));
      return error.exit === 11;
    });
    const reading = { lock: false, wait: 0, emit: silent };
    const without = await openTestRepository(repository, { create: false, reading });
    assert.equal((await nodesOf(without, entry)).size, 2);
    assert.equal(locks().length, 1, 'and no lock of its own');
    await without.close();
  });

  test('who reads waits', async () => {
    const { entry } = await take(vault, { root });
    const other = await plantLock(repository);
    const phases: unknown[] = [];
    const emit: Emit = (event) => {
      if (phases.push(event) === 1) unlinkSync(join(repository, 'locks', other));
    };
    const reading = { lock: true, wait: 60_000, emit };
    const patient = await openTestRepository(repository, { create: false, reading });
    assert.equal((await nodesOf(patient, entry)).size, 2);
    assert.deepEqual(phases, [{ type: 'phase', phase: 'waiting' }]);
    await patient.close();
  });
});

describe('a lock that was left', () => {
  test('by a hikae that is gone is removed', async () => {
    const program = join(import.meta.dirname, 'programs/hold-repository.ts');
    const child = spawn(process.execPath, [program, repository], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    await assert.rejects(vault.acquire({ wait: 0, emit: silent, signal: never }), (error) =>
      isHikaeError(error, 'VAULT_LOCKED'),
    );
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal(locks().length, 1);
    await take(vault, { root });
    assert.deepEqual(locks(), []);
  });

  test('by a hikae that has read and is gone is removed by one that only reads', async () => {
    const { entry } = await take(vault, { root });
    const { machine, boot, started, pid } = await testOwner();
    const hikae = { machine, boot, started: started + 1, writes: false };
    await plantLock(repository, { exclusive: false, pid, hikae });
    await nodesOf(vault, entry);
    assert.deepEqual(locks(), []);
  });

  test('by somebody else stays, and is named', async () => {
    await holding('prune', async () => {
      await assert.rejects(vault.acquire({ wait: 0, emit: silent, signal: never }), (error) => {
        assert.ok(isHikaeError(error, 'VAULT_REPOSITORY_LOCKED'));
        assert.match(error.message, /by process \d+ on /);
        return error.exit === 11 && error.transient;
      });
    });
  });

  test('is waited for, and waiting can be cancelled', async () => {
    const phases: string[] = [];
    await writing(vault, async () => {
      const waiting = vault.acquire({
        wait: 60_000,
        emit: (event) => phases.push(event.type),
        signal: AbortSignal.timeout(700),
      });
      await assert.rejects(waiting, { name: 'TimeoutError' });
    });
    assert.ok(phases.includes('phase'));
    assert.deepEqual(locks(), []);
  });
});

/** Does work while restic holds the lock that it takes for a backup (not alone) or for a prune (alone). */
async function holding(command: 'backup' | 'prune', work: () => Promise<void>): Promise<void> {
  // A backup reads its input until it ends; a prune is stopped in the middle of its life.
  const args = command === 'backup' ? ['backup', '--stdin'] : ['prune'];
  const child = spawn('restic', ['--repo', repository, '--no-cache', '--quiet', ...args], {
    env: { PATH: process.env.PATH, RESTIC_PASSWORD: PASSWORD },
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  while (locks().length === 0 && child.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 2));
  if (command === 'prune') child.kill('SIGKILL');
  const before = locks();
  assert.equal(before.length, 1, 'restic took its lock');
  try {
    await work();
  } finally {
    child.stdin.end();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    for (const name of locks()) unlinkSync(join(repository, 'locks', name));
  }
}
