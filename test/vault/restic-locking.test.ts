/** Locking what snapshots need, where calls on locks fail and where there is far more to lock than usual. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { isHikaeError } from '../../src/base/errors.ts';
import type { Event } from '../../src/model/events.ts';
import type { Key, Storage } from '../../src/storage/storage.ts';
import { seededRandom } from '../../src/vault/seeded-random.ts';
import type { LockAllowance, SnapshotEntry } from '../../src/vault/vault.ts';
import { type Call, type Fault, faultyStorage } from '../doubles/faulty-storage.ts';
import { LockedStorage } from '../doubles/locked-storage.ts';
import { openTestStorage } from './restic-taking.ts';
import { dayTime, describeSnapshot, never, takeInto, verifyAll } from './taking.ts';

const DAY = 86_400_000;
const lock = { mode: 'compliance', for: 10 * DAY, generation: 2 * DAY } as const;
const options = { signal: never };
const isLong = process.env.HIKAE_LONG === '1';
const random = seededRandom(Number(process.env.HIKAE_SEED ?? 1));

let folder = '';
let root = '';
let storage: LockedStorage;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hikae-locking-'));
  root = join(folder, 'tree');
  mkdirSync(root);
  storage = new LockedStorage(dayTime(0));
  writeFileSync(join(root, 'kept'), noise(300_000, 'kept'));
  await backUp(0, storage, { create: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

function noise(length: number, seed: string): Buffer {
  return createHash('shake256', { outputLength: length }).update(seed).digest();
}

interface How {
  readonly create?: boolean;
  readonly allowance?: LockAllowance;
}

/** A backup on a day, and what it tells; the lock of the format is given back as when the process ends. */
async function backUp(day: number, through: Storage, { create = false, allowance }: How = {}) {
  storage.time = dayTime(day);
  writeFileSync(join(root, 'changing'), noise(50_000, `day ${day}`));
  const events: Event[] = [];
  const emit = (event: Event) => void events.push(event);
  const clock = { now: () => storage.time, elapsed: () => 0 };
  const vault = await openTestStorage(through, { create, clock, lock });
  const writable = await vault.acquire({ wait: 0, emit, ...options, ...(allowance && { allowance }) });
  try {
    const { entry } = await takeInto(writable, { root, time: dayTime(day), emit });
    return { entry, set: events.find((event) => event.type === 'locks.set') };
  } finally {
    await writable.release().catch(() => undefined);
    for await (const batch of storage.list('locks' as Key, options))
      for (const { key } of batch) await storage.remove(key, options);
  }
}

async function look() {
  const clock = { now: () => storage.time, elapsed: () => 0 };
  return openTestStorage(storage, { create: false, clock, lock });
}

/** Everything that is seen is locked for as long as the snapshots are promised. */
async function requireLocked(what: string): Promise<void> {
  for (const folder of ['data', 'index', 'keys', 'config', 'snapshots'] as Key[]) {
    for await (const batch of storage.locking.versions(folder, options)) {
      for (const { key, version, latest, deleted } of batch) {
        if (!latest || deleted) continue;
        const { lock: found } = await storage.locking.statVersion(key, version, options);
        assert.ok(typeof found === 'object', `${what}: ${key} is not locked`);
        assert.ok(found.until >= storage.time, `${what}: ${key} is locked too short`);
      }
    }
  }
}

const ofLocks = ({ operation, key }: Call) =>
  ['state', 'versions', 'statVersion', 'extend'].includes(operation) ||
  (operation === 'put' && !key.startsWith('locks/'));

test('whatever call on a lock fails, nothing is published that is not locked, and the next run goes on', async () => {
  const described = await describeSnapshot(await look(), (await entries())[0] as SnapshotEntry);
  // On this day everything of the first run has to be locked for longer.
  const counted = faultyStorage(storage, []);
  const start = storage.copy();
  const usual = await backUp(5, counted);
  assert.ok(usual.set?.type === 'locks.set' && usual.set.extended > 0);
  const calls = counted.calls.filter(ofLocks).length;
  assert.ok(calls > 15, `${calls} calls`);
  const kinds: readonly Fault['kind'][] = ['fail', 'cut', 'lose-answer'];
  const all = Array.from({ length: calls }, (_, at) => kinds.map((kind) => ({ at: at + 1, kind }))).flat();
  const chosen = isLong ? all : all.filter(() => random() < 8 / all.length);
  for (const { at, kind } of chosen) {
    const what = `${kind} at call ${at} of ${calls}`;
    storage = start.copy();
    const faulty = faultyStorage(storage, [{ at, kind, of: ofLocks }]);
    await assert.rejects(backUp(5, faulty), (error) => isHikaeError(error), what);
    const seen = await entries();
    // An answer that was lost may be that to the snapshot's own file, which is the last.
    assert.ok(seen.length === 1 || (seen.length === 2 && kind === 'lose-answer'), what);
    if (seen.length === 2) await requireLocked(what);
    assert.deepEqual(await describeSnapshot(await look(), seen[0] as SnapshotEntry), described, what);
    const again = await backUp(5.1, storage);
    await requireLocked(what);
    const vault = await look();
    const proof = await vault.prove?.(again.entry, { emit: () => undefined, ...options });
    assert.deepEqual(proof?.findings, [], what);
    assert.ok((proof?.protectedUntil ?? 0) >= dayTime(15.1), what);
    assert.deepEqual((await verifyAll(vault)).findings, [], what);
  }
});

async function entries() {
  return (await (await look()).list(options)).snapshots;
}

test('more than is allowed is asked about once, before it is locked; who says no has nothing published', async () => {
  writeFileSync(join(root, 'grown'), noise(20_000_000, 'grown'));
  const no = new Error('no');
  let asked = 0;
  const refusing = async () => {
    asked += 1;
    throw no;
  };
  const bytesNow = async () => {
    let bytes = 0;
    for await (const batch of storage.list('data' as Key, options))
      for (const { size } of batch) bytes += size;
    return bytes;
  };
  const before = await bytesNow();
  const most = 5_000_000;
  const refused = backUp(1, storage, { allowance: { most, exceeded: refusing } });
  await assert.rejects(refused, (error) => error === no);
  assert.equal(asked, 1);
  assert.ok((await bytesNow()) - before <= most);
  assert.equal((await entries()).length, 1);

  const agreeing = async () => {
    asked += 1;
  };
  const done = await backUp(1.1, storage, { allowance: { most, exceeded: agreeing } });
  assert.equal(asked, 2);
  assert.ok(done.set?.type === 'locks.set');
  assert.ok((done.set.stored?.bytes ?? 0) >= 20_000_000, `${done.set.stored?.bytes}`);
  const small = await backUp(1.2, storage, { allowance: { most, exceeded: refusing } });
  assert.ok(small.set?.type === 'locks.set' && (small.set.stored?.bytes ?? 0) < 200_000);
  assert.equal(asked, 2, 'what is small is not asked about');
});
