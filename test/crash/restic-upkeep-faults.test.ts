/**
 * The storage dies, or loses an answer, at every call in turn of a prune and of a repair: what was sound is sound, every
 * snapshot is as it was, and the next run ends what this one began.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Vault } from '../../src/vault/vault.ts';
import { resticCheck } from '../vault/restic-command.ts';
import { openTestRepository } from '../vault/restic-taking.ts';
import { never, silent, verifyAll } from '../vault/taking.ts';
import { chooseCalls, isLong, workOnCopy } from './failing-calls.ts';
import { damage, makeUntidy, type States, statesOf } from './untidy.ts';

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

for (const [what, { from, isWhole, act }] of Object.entries(actions)) {
  for (const kind of ['dead', 'lose-answer'] as const) {
    test(`${kind} at any call of ${what}`, { timeout: 600_000 * (isLong ? 20 : 1) }, async (t) => {
      const to = join(folder, 'repository');
      const calls = await workOnCopy({ from: from(), to }, [], act);
      rmSync(to, { recursive: true });
      for (const at of chooseCalls(calls, 3, t)) {
        await workOnCopy({ from: from(), to }, [{ at, kind }], act);
        const vault = await openTestRepository(to, { create: false });
        if (isWhole) {
          assert.equal(resticCheck(to), 'sound', `${at}`);
          assert.deepEqual(await statesOf(vault), known, `${at}`);
        }
        await act(vault);
        await prune(vault, 0);
        await vault.close();
        await requireMended(to, `${at}`);
        rmSync(to, { recursive: true });
      }
    });
  }
}

async function requireMended(repository: string, name: string): Promise<void> {
  const vault = await openTestRepository(repository, { create: false });
  assert.equal(resticCheck(repository), 'sound', name);
  assert.deepEqual((await verifyAll(vault)).findings, [], name);
  assert.deepEqual(await statesOf(vault), known, name);
  await vault.close();
}
