/**
 * The storage dies, or loses an answer, at every call in turn: whatever a run was doing then, every earlier snapshot is as it
 * was, restic finds nothing wrong, and the next run succeeds and goes on from what was stored.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { isHikaeError } from '../../src/base/errors.ts';
import { openLocalStorage } from '../../src/storage/local/local-storage.ts';
import { seededRandom } from '../../src/vault/seeded-random.ts';
import { copySnapshot } from '../../src/vault/snapshot-copy.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { type Fault, faultyStorage } from '../doubles/faulty-storage.ts';
import { resticCheck } from '../vault/restic-command.ts';
import { openTestRepository, openTestStorage } from '../vault/restic-taking.ts';
import {
  dayTime,
  describeSnapshot,
  listed,
  never,
  silent,
  take,
  verifyAll,
  writing,
} from '../vault/taking.ts';

const isLong = process.env.HIKAE_LONG === '1';
const random = seededRandom(Number(process.env.HIKAE_SEED ?? 1));

let folder = '';
let root = '';
let original = '';

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hikae-faults-'));
  root = join(folder, 'tree');
  original = join(folder, 'original');
  mkdirSync(join(root, 'sub'), { recursive: true });
  writeFileSync(join(root, 'sub/kept'), noise(3_000_000, 'kept'));
  writeFileSync(join(root, 'changing'), 'before');
  const vault = await openTestRepository(original);
  await take(vault, { root });
  await take(vault, { root, time: dayTime(1) });
  await vault.close();
  writeFileSync(join(root, 'changing'), 'after');
  writeFileSync(join(root, 'new'), noise(18_000_000, 'new'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function noise(length: number, seed: string): Buffer {
  return createHash('shake256', { outputLength: length }).update(seed).digest();
}

const actions: Readonly<Record<string, (vault: Vault) => Promise<unknown>>> = {
  'a backup': (vault) => take(vault, { root, time: dayTime(2) }),
  'a copy': async (vault) => {
    const source = await openTestRepository(join(folder, 'source'));
    if ((await listed(source)).length === 0) await take(source, { root, time: dayTime(2) });
    const [entry] = (await source.list({ signal: never })).snapshots;
    if (entry === undefined) throw new Error('no snapshot to copy');
    const reader = await source.open(entry, { signal: never });
    try {
      await writing(vault, (writable) =>
        copySnapshot({ reader, place: entry.place }, writable, { emit: silent, signal: never }),
      );
    } finally {
      await reader.close();
      await source.close();
    }
  },
  'the rest': (vault) =>
    writing(vault, async (writable) => {
      const { snapshots } = await vault.list({ signal: never });
      const [first, second] = snapshots;
      if (first === undefined || second === undefined) throw new Error('no snapshots');
      await writable.derive(second, 'weekly', { emit: silent, signal: never });
      await writable.protect(second, dayTime(90), { signal: never });
      await writable.remove(first, { signal: never });
    }),
};

for (const [what, act] of Object.entries(actions)) {
  for (const kind of ['dead', 'lose-answer'] as const) {
    test(`${kind} at any call of ${what}`, async (t) => {
      const { calls } = await runWith([], act, 'counted');
      const all = Array.from({ length: calls }, (_, at) => at + 1);
      const chosen = isLong ? all : all.filter(() => random() < 4 / calls);
      t.diagnostic(`${chosen.length} of ${calls} calls`);
      for (const at of chosen) await survives([{ at, kind }], act, `${kind}-${at}`);
    });
  }
}

async function runWith(faults: readonly Fault[], act: (vault: Vault) => Promise<unknown>, name: string) {
  const repository = join(folder, name);
  cpSync(original, repository, { recursive: true });
  const storage = faultyStorage(
    await openLocalStorage(repository, { create: false, random: randomBytes }),
    faults,
  );
  let failed = false;
  try {
    const vault = await openTestStorage(storage, { create: false });
    await act(vault);
  } catch (error) {
    assert.ok(isHikaeError(error), String(error instanceof Error ? error.stack : error));
    failed = true;
  } finally {
    await storage.close();
  }
  return { calls: storage.calls.length, failed, repository };
}

async function survives(faults: readonly Fault[], act: (vault: Vault) => Promise<unknown>, name: string) {
  const { repository } = await runWith(faults, act, name);
  // Its process, which is this one, would be gone with its locks.
  rmSync(join(repository, 'locks'), { recursive: true, force: true });
  mkdirSync(join(repository, 'locks'));
  assert.equal(resticCheck(repository), 'sound', name);
  const [before, after] = [await openTestRepository(original), await openTestRepository(repository)];
  const [known, left] = [await listed(before), await before.list({ signal: never })];
  const { snapshots, unreadable } = await after.list({ signal: never });
  assert.deepEqual(unreadable, [], name);
  const places = snapshots.map(({ place }) => place);
  const lost = known.filter((place) => !places.includes(place));
  assert.ok(lost.length === 0 || (act === actions['the rest'] && lost[0] === known[0]), `${name}: ${lost}`);
  for (const entry of left.snapshots.filter(({ place }) => places.includes(place))) {
    assert.deepEqual(await describeSnapshot(after, entry), await describeSnapshot(before, entry), name);
  }
  const { stored } = await take(after, { root, time: dayTime(3) });
  assert.equal(stored.summary.files, 3);
  assert.deepEqual((await verifyAll(after)).findings, [], name);
  await before.close();
  await after.close();
  rmSync(repository, { recursive: true });
}
