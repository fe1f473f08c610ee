/** Opening plain vaults of objects for tests, on any storage. */
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { systemClock } from '../../src/base/clock.ts';
import { ownProcess } from '../../src/base/process-identity.ts';
import type { Storage } from '../../src/storage/storage.ts';
import type { LockSettings } from '../../src/vault/locking/lock-dates.ts';
import { openObjectVault } from '../../src/vault/plain/objects/object-vault.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { dayTime, never } from './taking.ts';

export interface OpenObjectOptions {
  readonly create?: boolean;
  readonly seen?: boolean;
  readonly machine?: string;
  readonly locking?: LockSettings;
}

export async function openTestObjects(storage: Storage, options: OpenObjectOptions = {}): Promise<Vault> {
  const { create = true, seen = false, machine = 'test', locking } = options;
  return openObjectVault(storage, {
    ...(create ? { create: { id: randomBytes(16).toString('hex'), now: dayTime(0) } } : {}),
    seen,
    locking,
    locksReading: true,
    holder: { ...(await ownProcess({ signal: never })), machine, hostname: machine },
    clock: systemClock,
    random: randomBytes,
    spool: tmpdir(),
    signal: never,
  });
}
