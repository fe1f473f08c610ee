/** Opening repositories for tests, with keys that take no time. */
import { randomBytes } from 'node:crypto';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { ownProcess } from '../../src/base/process-identity.ts';
import { Secret } from '../../src/base/secret.ts';
import type { Emit } from '../../src/model/events.ts';
import { openLocalStorage } from '../../src/storage/local/local-storage.ts';
import type { Storage } from '../../src/storage/storage.ts';
import type { LockSettings } from '../../src/vault/locking/lock-dates.ts';
import type { LockOwner } from '../../src/vault/restic/locks.ts';
import { openResticVault } from '../../src/vault/restic/restic-vault.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { dayTime, never, silent } from './taking.ts';

export const PASSWORD = 'correct horse';
export const quick = { N: 16, r: 8, p: 1 };

export async function testOwner(machine = 'test'): Promise<LockOwner> {
  const identity = await ownProcess({ signal: never });
  const [uid, gid] = [process.getuid?.() ?? -1, process.getgid?.() ?? -1];
  return { ...identity, machine, hostname: machine, username: 'tester', uid, gid };
}

export interface OpenTestOptions {
  readonly password?: string;
  readonly create?: boolean;
  readonly seen?: boolean;
  readonly zone?: string;
  readonly machine?: string;
  /** where objects are locked; what is remembered of them is not kept */
  readonly lock?: LockSettings;
  readonly clock?: Clock;
  /** see ResticVaultOptions */
  readonly cache?: { readonly folder: string; readonly onTrouble: (reason: string) => void };
  /** with a lock, which is not waited for, when absent */
  readonly reading?: { readonly lock: boolean; readonly wait: number; readonly emit: Emit };
}

export async function openTestRepository(path: string, options: OpenTestOptions = {}): Promise<Vault> {
  const { create = true } = options;
  return openTestStorage(await openLocalStorage(path, { create, random: randomBytes }), options);
}

export async function openTestStorage(storage: Storage, options: OpenTestOptions = {}): Promise<Vault> {
  const { password = PASSWORD, create = true, seen = false, zone = 'UTC' } = options;
  const { lock, cache, machine, clock = systemClock } = options;
  const { reading = { lock: true, wait: 0, emit: silent } } = options;
  return openResticVault(storage, {
    password: new Secret(password),
    ...(create ? { create: { now: dayTime(0) } } : {}),
    cost: quick,
    seen,
    reading,
    cache,
    owner: await testOwner(machine),
    clock,
    ...(lock === undefined ? {} : { locking: { settings: lock, hints: undefined } }),
    random: randomBytes,
    threads: 2,
    zone,
    signal: never,
  });
}
