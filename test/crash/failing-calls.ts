/** Storages that fail at one of the calls that a piece of work makes: at each in turn, or at some that are spread over it. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { isHikaeError } from '../../src/base/errors.ts';
import { openLocalStorage } from '../../src/storage/local/local-storage.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { seededRandom } from '../../src/vault/seeded-random.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { type Fault, faultyStorage } from '../doubles/faulty-storage.ts';
import { openTestStorage } from '../vault/restic-taking.ts';

export const isLong = process.env.HIKAE_LONG === '1';
export const random = seededRandom(Number(process.env.HIKAE_SEED ?? 1));

/** The same bytes for the same seed; nothing compresses or shares them. */
export function noise(length: number, seed: string): Buffer {
  return createHash('shake256', { outputLength: length }).update(seed).digest();
}

/** Numbers of calls, from 1: all of them with HIKAE_LONG=1, else so many, one of each part of the work. */
export function chooseCalls(calls: number, some: number, t: TestContext): readonly number[] {
  const count = isLong ? calls : Math.min(some, calls);
  const chosen = Array.from({ length: count }, (_, part) =>
    isLong ? part + 1 : Math.floor(((part + random()) / count) * calls) + 1,
  );
  t.diagnostic(`${chosen.length} of ${calls} calls`);
  return chosen;
}

/** Works on a storage with faults. What it fails with has to be an error of ours; gives how many calls there were. */
export async function workOn(
  storage: Storage,
  faults: readonly Fault[],
  work: (storage: Storage) => Promise<unknown>,
): Promise<number> {
  const faulty = faultyStorage(storage, faults);
  try {
    await work(faulty);
  } catch (error) {
    assert.ok(isHikaeError(error), String(error instanceof Error ? error.stack : error));
  } finally {
    await faulty.close();
  }
  return faulty.calls.length;
}

/** Works on a copy of a repository, and leaves that as one whose process is gone: without locks. */
export async function workOnCopy(
  { from, to }: { readonly from: string; readonly to: string },
  faults: readonly Fault[],
  work: (vault: Vault) => Promise<unknown>,
): Promise<number> {
  cpSync(from, to, { recursive: true });
  const storage = await openLocalStorage(to, { create: false, random: randomBytes });
  const calls = await workOn(storage, faults, async (faulty) =>
    work(await openTestStorage(faulty, { create: false })),
  );
  rmSync(join(to, 'locks'), { recursive: true, force: true });
  mkdirSync(join(to, 'locks'));
  return calls;
}
