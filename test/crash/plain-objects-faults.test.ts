/**
 * A medium dies, or loses an answer, at calls of a run on dated trees of objects: every earlier snapshot is as it was, what
 * is listed is whole, and the next run succeeds.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { keyFrom } from '../../src/storage/storage.ts';
import { copySnapshot } from '../../src/vault/snapshot-copy.ts';
import type { Vault } from '../../src/vault/vault.ts';
import type { Fault } from '../doubles/faulty-storage.ts';
import { MemoryStorage } from '../doubles/memory-storage.ts';
import { openTestObjects } from '../vault/object-taking.ts';
import {
  dayTime,
  describeSnapshot,
  listed,
  never,
  openVault,
  silent,
  take,
  verifyAll,
  writing,
} from '../vault/taking.ts';
import { chooseCalls, noise, random, workOn } from './failing-calls.ts';

let folder = '';
let root = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hikae-faults-'));
  root = join(folder, 'tree');
  mkdirSync(join(root, 'sub'), { recursive: true });
  writeFileSync(join(root, 'sub/kept'), noise(300_000, 'kept'));
  writeFileSync(join(root, 'changing'), 'before');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function original(folders: boolean): Promise<MemoryStorage> {
  const medium = new MemoryStorage(undefined, { folders });
  const vault = await openTestObjects(medium);
  await take(vault, { root });
  await take(vault, { root, time: dayTime(1) });
  writeFileSync(join(root, 'changing'), 'after');
  writeFileSync(join(root, 'new'), noise(1_500_000, 'new'));
  return medium;
}

const actions: Readonly<Record<string, (vault: Vault) => Promise<unknown>>> = {
  'a backup': (vault) => take(vault, { root, time: dayTime(2) }),
  'a copy': async (vault) => {
    const source = await openVault(join(folder, 'source'));
    if ((await listed(source)).length === 0) await take(source, { root, time: dayTime(2) });
    const [entry] = (await source.list({ signal: never })).snapshots;
    assert.ok(entry !== undefined);
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
      const [first, second] = (await vault.list({ signal: never })).snapshots;
      if (first === undefined || second === undefined) throw new Error('no snapshots');
      await writable.derive(second, 'weekly', { emit: silent, signal: never });
      await writable.protect(second, dayTime(90), { signal: never });
      await writable.remove(first, { signal: never });
    }),
};

for (const folders of [false, true])
  for (const [what, act] of Object.entries(actions))
    for (const kind of ['dead', 'lose-answer'] as const)
      test(`${kind} at any call of ${what}${folders ? ', in folders' : ''}`, async (t) => {
        const medium = await original(folders);
        const { calls } = await runWith(medium, [], act);
        for (const at of chooseCalls(calls, 4, t))
          await survives(medium, [{ at, kind }], act, `${kind} at ${at}`);
      });

/** Works on a copy of the medium, and gives what a loss of power leaves of it, locks of the process included. */
async function runWith(
  medium: MemoryStorage,
  faults: readonly Fault[],
  act: (vault: Vault) => Promise<unknown>,
) {
  const copy = new MemoryStorage(medium.objects, { folders: medium.tree !== undefined });
  const calls = await workOn(copy, faults, async (storage) =>
    act(await openTestObjects(storage, { create: false })),
  );
  return { calls, left: copy.afterCrash(() => random() < 0.5) };
}

async function survives(
  medium: MemoryStorage,
  faults: readonly Fault[],
  act: (vault: Vault) => Promise<unknown>,
  name: string,
) {
  const { left } = await runWith(medium, faults, act);
  // The process, which is this one, would be gone.
  for (const key of [...left.objects.keys()]) {
    const stored = left.objects.get(key);
    if (!key.startsWith('.hikae/locks/') || stored === undefined) continue;
    const lock = { ...JSON.parse(Buffer.from(stored.bytes).toString()), started: 1 };
    left.objects.set(key, { ...stored, bytes: Buffer.from(JSON.stringify(lock)) });
  }
  const [before, after] = [await openTestObjects(medium), await openTestObjects(left)];
  const [known, there] = [await listed(before), await listed(after)];
  assert.deepEqual((await after.list({ signal: never })).unreadable, [], name);
  const lost = known.filter((place) => !there.includes(place));
  assert.ok(lost.length === 0 || (act === actions['the rest'] && lost[0] === known[0]), `${name}: ${lost}`);
  for (const entry of (await before.list({ signal: never })).snapshots)
    if (there.includes(entry.place))
      assert.deepEqual(await describeSnapshot(after, entry), await describeSnapshot(before, entry), name);
  assert.deepEqual((await verifyAll(after)).findings, [], name);
  const { stored, entry } = await take(after, { root, time: dayTime(3) });
  assert.equal(stored.summary.files, 3);
  assert.deepEqual((await verifyAll(after)).findings, [], name);
  const keys = [...left.objects.keys()];
  const isTheirs = (key: string) => there.some((place) => key.startsWith(`${place}/`));
  const own = keys.filter(
    (key) => key.startsWith(`${entry.place}/`) || isTheirs(key) || /protected/.test(key),
  );
  const unfinished = keys.filter(
    (key) => /\/(?:unfinished|done)\/weekly/.test(key) || key.startsWith('weekly/'),
  );
  const extra = keys.filter((key) => ![...own, ...unfinished, '.hikae/vault.json'].includes(key));
  const lockless = extra.filter((key) => !key.startsWith(keyFrom('.hikae/locks')));
  assert.deepEqual(lockless, [], `${name}: nothing is left over`);
}
