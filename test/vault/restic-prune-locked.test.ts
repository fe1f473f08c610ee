/** Pruning a repository whose objects are locked: what goes when, day by day on the server's clock. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { isHikaeError } from '../../src/base/errors.ts';
import type { Key, ObjectVersion } from '../../src/storage/storage.ts';
import type { SnapshotEntry, Vault } from '../../src/vault/vault.ts';
import { LockedStorage } from '../doubles/locked-storage.ts';
import { openTestStorage } from './restic-taking.ts';
import { dayTime, describeSnapshot, never, silent, take, verifyAll, writing } from './taking.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const lock = { mode: 'compliance', for: 10 * DAY, generation: 2 * DAY } as const;
const options = { signal: never };

let folder = '';
let root = '';
let storage: LockedStorage;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hikae-prune-locked-'));
  root = join(folder, 'tree');
  mkdirSync(root);
  storage = new LockedStorage(dayTime(0));
  writeFileSync(join(root, 'shared'), noise(3_000_000, 'shared'));
  await on(-1, (vault) => take(vault, { root, time: dayTime(-1) }), { create: true });
  writeFileSync(join(root, 'first'), noise(6_000_000, 'first'));
  await on(0, (vault) => take(vault, { root, time: dayTime(0) }));
  unlinkSync(join(root, 'first'));
  await on(1, (vault) => take(vault, { root, time: dayTime(1) }));
});
afterEach(() => rmSync(folder, { recursive: true }));

function noise(length: number, seed: string): Buffer {
  return createHash('shake256', { outputLength: length }).update(seed).digest();
}

/** Does work on a day, by the server's clock and ours. */
async function on<Result>(
  day: number,
  work: (vault: Vault) => Promise<Result>,
  { create = false, locked = true, off = 0 } = {},
): Promise<Result> {
  storage.time = dayTime(day);
  const clock = { now: () => storage.time + off, elapsed: () => 0 };
  const vault = await openTestStorage(storage, { create, clock, ...(locked ? { lock } : {}) });
  return work(vault);
}

const pruning =
  ({ grace = HOUR, dryRun = false } = {}) =>
  async (vault: Vault) => {
    const report = await vault.prune?.({ grace, dryRun, wait: 0, emit: silent, signal: never });
    assert.ok(report !== undefined);
    return report;
  };

const taken = (day: number) => async (vault: Vault) => {
  const { snapshots } = await vault.list(options);
  const entry = snapshots.find(({ header }) => header.time === dayTime(day));
  assert.ok(entry !== undefined);
  return entry;
};

const forgetting =
  (...days: readonly number[]) =>
  async (vault: Vault) => {
    for (const day of days) {
      const entry = await taken(day)(vault);
      await writing(vault, (writable) => writable.remove(entry, options));
    }
  };

async function versions(folder: string): Promise<readonly ObjectVersion[]> {
  const found: ObjectVersion[] = [];
  for await (const batch of storage.locking.versions(folder as Key, options)) found.push(...batch);
  return found;
}

/** Without the format's own locks, which come and go. */
async function everything(): Promise<readonly string[]> {
  const all = await versions('');
  return all.filter(({ key }) => !key.startsWith('locks/')).map(({ key, version }) => `${key} ${version}`);
}

/** For how many days from now what is seen in a folder is locked. */
async function daysLocked(folder: string): Promise<number[]> {
  const days: number[] = [];
  for (const { key, version, latest, deleted } of await versions(folder)) {
    if (!latest || deleted) continue;
    const { lock: found } = await storage.locking.statVersion(key, version, options);
    days.push(typeof found === 'object' ? (found.until - storage.time) / DAY : 0);
  }
  return days.sort((one, other) => one - other);
}

/** The pack of `first`. */
async function largest(): Promise<ObjectVersion> {
  const [pack] = (await versions('data')).toSorted((one, other) => other.size - one.size);
  assert.ok(pack !== undefined && pack.size >= 6_000_000, `${pack?.size} bytes`);
  return pack;
}

async function requireWhole(vault: Vault, count: number): Promise<void> {
  const { snapshots, unreadable } = await vault.list(options);
  assert.deepEqual([snapshots.length, unreadable], [count, []]);
  for (const entry of snapshots) await describeSnapshot(vault, entry);
  assert.deepEqual((await verifyAll(vault)).findings, []);
}

test('what nobody needs stays until its date, is marked then, and hidden when its time of grace is over', async () => {
  await assert.rejects(on(10.5, forgetting(1)), (error) => isHikaeError(error, 'SNAPSHOT_LOCKED'));
  await on(10.5, forgetting(-1, 0));
  const before = await everything();
  const planned = await on(10.5, pruning({ dryRun: true }));
  assert.deepEqual(await everything(), before);
  const held = await on(10.5, pruning({ grace: 0 }));
  assert.deepEqual(held, planned, 'the plan is what is done');
  assert.deepEqual(await everything(), before, 'there is nothing to do before its date');
  assert.deepEqual([held.marked.packs, held.copied.packs, held.removed.packs], [0, 0, 0]);
  assert.equal(held.held.length, 1);
  const [{ until = 0, bytes = 0, packs = 0 } = {}] = held.held;
  assert.equal(until, dayTime(12));
  assert.ok(bytes >= 6_000_000, `${bytes} bytes`);

  const marked = await on(12.1, pruning());
  assert.deepEqual([marked.held, marked.marked], [[], { packs, bytes }]);
  const gone = await on(12.2, pruning());
  assert.deepEqual([gone.removed, gone.hides], [{ packs, bytes }, true]);
  const hidden = (await versions('data')).filter(({ deleted, latest }) => deleted && latest);
  assert.equal(hidden.length, packs);
  await on(12.2, (vault) => requireWhole(vault, 1));
  const last = await everything();
  const again = await on(13, pruning({ grace: 0 }));
  assert.deepEqual([again.removed.packs, again.marked.packs], [0, 0]);
  assert.deepEqual(await everything(), last, 'nothing is left to do');
});

test('what is held is as good as any for a snapshot that needs it again', async () => {
  await on(10.5, forgetting(-1, 0));
  await on(10.5, pruning());
  writeFileSync(join(root, 'first'), noise(6_000_000, 'first'));
  const { stored } = await on(10.6, (vault) => take(vault, { root, time: dayTime(10.6) }));
  assert.equal(stored.newBytes, 0, 'its content is not sent again');
  const { key, version } = await largest();
  assert.deepEqual((await storage.locking.statVersion(key, version, options)).lock, {
    mode: 'compliance',
    until: dayTime(10.6) + lock.for + lock.generation,
  });
  await on(12.1, pruning({ grace: 0 }));
  assert.equal((await largest()).latest, true);
  await on(12.1, (vault) => requireWhole(vault, 2));
});

test('nothing that is locked is copied to save room', async () => {
  for (let at = 0; at < 3; at++) writeFileSync(join(root, `small-${at}`), noise(200_000, `small ${at}`));
  await on(1.1, (vault) => take(vault, { root, time: dayTime(1.1) }));
  unlinkSync(join(root, 'small-0'));
  await on(1.2, (vault) => take(vault, { root, time: dayTime(1.2) }));
  await on(12, forgetting(-1, 0, 1, 1.1));
  const report = await on(30, pruning({ grace: 0 }));
  assert.ok(report.unneededBytes >= 200_000, `${report.unneededBytes}`);
  assert.equal(report.copied.packs, 0);
  await on(30, (vault) => requireWhole(vault, 1));
});

test('an index that takes the place of others is locked as long as they were', async () => {
  const until = dayTime(100);
  await on(2, async (vault) => {
    const entry = await taken(1)(vault);
    await writing(vault, (writable) => writable.protect(entry, until, options));
  });
  await on(12.1, forgetting(-1, 0));
  const before = (await versions('index')).length;
  await on(12.1, pruning());
  assert.ok((await versions('index')).length > before, 'it was written anew');
  assert.ok(Math.min(...(await daysLocked('index'))) >= 87.9);
  const proof = await on(12.2, async (vault) =>
    vault.prove?.(await taken(1)(vault), { emit: silent, ...options }),
  );
  assert.deepEqual([proof?.protectedUntil, proof?.findings], [until, []]);
});

test('a snapshot that somebody has hidden loses nothing while it is promised', async () => {
  let entry: SnapshotEntry | undefined;
  const before = await on(2, async (vault) => {
    entry = await taken(0)(vault);
    return describeSnapshot(vault, entry);
  });
  storage.time = dayTime(2.5);
  for (const { key } of await versions('snapshots')) await storage.remove(key as Key, options);
  // With the right to delete, and without a policy that knows of locks.
  for (const grace of [HOUR, 0]) {
    const report = await on(3, pruning({ grace }), { locked: false });
    assert.deepEqual([report.marked.packs, report.removed.packs], [0, 0]);
    assert.ok(report.held.length > 0);
  }
  await on(4, async (vault) => {
    await vault.undelete?.({ time: dayTime(2), dryRun: false, signal: never });
  });
  const after = await on(4, async (vault) => describeSnapshot(vault, entry as SnapshotEntry));
  assert.deepEqual(after, before);
});

test('locks that may not be seen count as locks, and a wrong clock stops it before anything is written', async () => {
  await on(12, forgetting(-1, 0));
  const before = await everything();
  storage.seesLocks = false;
  const blind = await on(30, pruning({ grace: 0 }), { locked: false });
  assert.deepEqual(
    blind.held.map(({ until }) => until),
    [undefined],
  );
  storage.seesLocks = true;
  for (const locked of [true, false]) {
    const wrong = on(30, pruning({ grace: 0 }), { locked, off: 20 * 60_000 });
    await assert.rejects(wrong, (error) => isHikaeError(error, 'VAULT_CLOCK_OFF'));
  }
  assert.deepEqual(await everything(), before);
});
