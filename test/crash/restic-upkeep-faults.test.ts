/**
 * The storage dies, or loses an answer, at every call in turn of a prune and of a repair: what was sound is sound, every
 * snapshot is as it was, and the next run ends what this one began.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isHikaeError } from '../../src/base/errors.ts';
import { openLocalStorage } from '../../src/storage/local/local-storage.ts';
import { seededRandom } from '../../src/vault/seeded-random.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { type Fault, faultyStorage } from '../doubles/faulty-storage.ts';
import { resticCheck } from '../vault/restic-command.ts';
import { openTestRepository, openTestStorage } from '../vault/restic-taking.ts';
import { never, silent, verifyAll } from '../vault/taking.ts';
import { damage, makeUntidy, type States, statesOf } from './untidy.ts';

const isLong = process.env.HIKAE_LONG === '1';
const random = seededRandom(Number(process.env.HIKAE_SEED ?? 1));
const HOUR = 3_600_000;
const options = { dryRun: false, wait: 0, emit: silent, signal: never };

let folder = '';
let whole = '';
let damaged = '';
let known: States;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hikae-upkeep-'));
  whole = join(folder, 'whole');
  damaged = join(folder, 'damaged');
  known = await makeUntidy(whole, join(folder, 'tree'));
  cpSync(whole, damaged, { recursive: true });
  damage(damaged);
});
after(() => rmSync(folder, { recursive: true }));

interface Action {
  readonly from: () => string;
  /** nothing of the repository is damaged before */
  readonly isWhole: boolean;
  act(vault: Vault): Promise<unknown>;
}

async function repair(vault: Vault): Promise<void> {
  const from = await openTestRepository(whole, { create: false });
  try {
    const report = await vault.repair?.({ ...options, from });
    assert.deepEqual(report?.findings, []);
  } finally {
    await from.close();
  }
}

async function prune(vault: Vault, grace: number): Promise<void> {
  assert.ok(vault.prune !== undefined);
  await vault.prune({ ...options, grace });
}

const actions: Readonly<Record<string, Action>> = {
  'a prune that marks': { from: () => whole, isWhole: true, act: (vault) => prune(vault, HOUR) },
  'a prune that removes': { from: () => whole, isWhole: true, act: (vault) => prune(vault, 0) },
  'a repair': { from: () => damaged, isWhole: false, act: repair },
};

for (const [what, action] of Object.entries(actions)) {
  for (const kind of ['dead', 'lose-answer'] as const) {
    test(`${kind} at any call of ${what}`, { timeout: 600_000 * (isLong ? 20 : 1) }, async (t) => {
      const { calls } = await runWith([], action, 'counted');
      rmSync(join(folder, 'counted'), { recursive: true });
      const all = Array.from({ length: calls }, (_, at) => at + 1);
      const chosen = isLong ? all : all.filter(() => random() < 4 / calls);
      t.diagnostic(`${chosen.length} of ${calls} calls`);
      for (const at of chosen) await survives([{ at, kind }], action, `${kind}-${at}`);
    });
  }
}

async function runWith(faults: readonly Fault[], { from, act }: Action, name: string) {
  const repository = join(folder, name);
  cpSync(from(), repository, { recursive: true });
  const storage = faultyStorage(
    await openLocalStorage(repository, { create: false, random: randomBytes }),
    faults,
  );
  try {
    const vault = await openTestStorage(storage, { create: false });
    await act(vault);
  } catch (error) {
    assert.ok(isHikaeError(error), String(error instanceof Error ? error.stack : error));
  } finally {
    await storage.close();
  }
  return { calls: storage.calls.length, repository };
}

async function survives(faults: readonly Fault[], action: Action, name: string): Promise<void> {
  const { repository } = await runWith(faults, action, name);
  // Its process, which is this one, would be gone with its locks.
  rmSync(join(repository, 'locks'), { recursive: true, force: true });
  mkdirSync(join(repository, 'locks'));
  const vault = await openTestRepository(repository, { create: false });
  if (action.isWhole) {
    assert.equal(resticCheck(repository), 'sound', name);
    assert.deepEqual(await statesOf(vault), known, name);
  }
  await action.act(vault);
  await prune(vault, 0);
  await vault.close();
  const again = await openTestRepository(repository, { create: false });
  assert.equal(resticCheck(repository), 'sound', name);
  assert.deepEqual((await verifyAll(again)).findings, [], name);
  assert.deepEqual(await statesOf(again), known, name);
  await again.close();
  rmSync(repository, { recursive: true });
}
