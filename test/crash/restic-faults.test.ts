/**
 * The storage dies, or loses an answer, at every call in turn: whatever a run was doing then, every earlier snapshot is as it
 * was, restic finds nothing wrong, and the next run succeeds and goes on from what was stored.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { copySnapshot } from '../../src/vault/snapshot-copy.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { resticCheck } from '../vault/restic-command.ts';
import { openTestRepository } from '../vault/restic-taking.ts';
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
import { chooseCalls, noise, workOnCopy } from './failing-calls.ts';

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
      const to = join(folder, 'repository');
      const calls = await workOnCopy({ from: original, to }, [], act);
      rmSync(to, { recursive: true });
      for (const at of chooseCalls(calls, 3, t)) {
        await workOnCopy({ from: original, to }, [{ at, kind }], act);
        await requireSound(to, act, `${at}`);
        rmSync(to, { recursive: true });
      }
    });
  }
}

async function requireSound(
  repository: string,
  act: (vault: Vault) => Promise<unknown>,
  name: string,
): Promise<void> {
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
}
