/**
 * The way to a bucket fails at every request in turn: a run either succeeds all the same or ends with an error that names
 * the object; nothing is lost, nothing is there twice, and the next run goes on. HIKAE_LONG=1 plants over 1,000 faults.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { isHikaeError } from '../../src/base/errors.ts';
import { Secret } from '../../src/base/secret.ts';
import type { SnapshotEntry } from '../../src/model/snapshot.ts';
import { openS3Storage } from '../../src/storage/s3/s3-storage.ts';
import { keyFrom, type Storage } from '../../src/storage/storage.ts';
import { attempting, retrying } from '../../src/storage/wrappers/retrying.ts';
import type { LockSettings } from '../../src/vault/locking/lock-dates.ts';
import { inLanes } from '../../src/vault/plain/objects/lanes.ts';
import { seededRandom } from '../../src/vault/seeded-random.ts';
import type { Vault } from '../../src/vault/vault.ts';
import {
  type FaultKind,
  type FaultProxy,
  faultKinds,
  openFaultProxy,
  type SeenRequest,
} from '../doubles/fault-proxy.ts';
import { type Ceph, startCeph } from '../servers/ceph.ts';
import { openTestObjects } from '../vault/object-taking.ts';
import { openTestStorage } from '../vault/restic-taking.ts';
import { dayTime, describeSnapshot, listed, never, silent, take, verifyAll } from '../vault/taking.ts';

const isLong = process.env.HIKAE_LONG === '1';
const random = seededRandom(Number(process.env.HIKAE_SEED ?? 1));
const bucket = 'faults';
const DAY = 86_400_000;
/** A repository serves for so many faults: it grows with each. Afterwards it is looked at. */
const FAULTS_EACH = 12;
/** Repositories that are worked on at a time, because a stalled request is waited for. */
const LANES = isLong ? 6 : 1;

let ceph: Ceph;
let folder = '';

before(async () => {
  ceph = await startCeph();
  const { endpoint, user } = ceph;
  const credentials = { accessKeyId: user.id, secretAccessKey: user.secret };
  const admin = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  // Its objects have versions, so that whatever was put twice can be seen.
  await admin.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));
  admin.destroy();
  folder = mkdtempSync(join(tmpdir(), 'hikae-s3-faults-'));
});
after(async () => {
  await ceph?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function noise(seed: string, length: number): Buffer {
  return createHash('shake256', { outputLength: length }).update(seed).digest();
}

async function openBucket(prefix: string, endpoint: string): Promise<Storage> {
  const { id, secret } = ceph.user;
  const keys = { id, secret: new Secret(secret) };
  const options = { bucket, prefix, region: 'us-east-1', endpoint, keys, silence: 1_000 };
  const retry = { attempts: 8, pause: 5, random };
  const opened = attempting(retry, { signal: never }, () => openS3Storage(options, { signal: never }));
  return retrying(await opened, retry);
}

/** A tree, a repository with a snapshot of it, what that holds, and a way there on which things may go wrong. */
async function freshRepository(number: number) {
  const prefix = `repository-${number}`;
  const root = join(folder, prefix);
  mkdirSync(join(root, 'sub'), { recursive: true });
  writeFileSync(join(root, 'sub/kept'), noise('kept', 300_000));
  writeFileSync(join(root, 'changing'), 'at first');
  const vault = await openTestStorage(await openBucket(prefix, ceph.endpoint));
  const { entry } = await take(vault, { root });
  const described = await describeSnapshot(vault, entry);
  await vault.close();
  return { prefix, root, first: entry.place, described, proxy: await openFaultProxy(ceph.port) };
}

type Repository = Awaited<ReturnType<typeof freshRepository>>;

/** A backup through the proxy; undefined when it was told that it has failed. */
async function backUp({ prefix, root, proxy }: Repository, day: number): Promise<string | undefined> {
  writeFileSync(join(root, 'changing'), noise(`day ${day} of ${prefix}`, 50_000));
  try {
    const storage = await openBucket(prefix, proxy.endpoint);
    try {
      const vault = await openTestStorage(storage, { create: false });
      return (await take(vault, { root, time: dayTime(day) })).entry.place;
    } finally {
      await storage.close();
    }
  } catch (error) {
    assert.ok(isHikaeError(error), String(error instanceof Error ? error.stack : error));
    return undefined;
  }
}

/** Every earlier snapshot is whole, one that was told to be there is there, and no object was put twice. */
async function lookAfter({ prefix, first, described }: Repository, known: readonly string[], what: string) {
  const storage = await openBucket(prefix, ceph.endpoint);
  const vault = await openTestStorage(storage, { create: false });
  const places = await listed(vault);
  for (const place of known) assert.ok(places.includes(place), `${what}: ${place} is lost`);
  assert.equal(new Set(places).size, places.length, what);
  const { snapshots } = await vault.list({ signal: never });
  const entry = snapshots.find(({ place }) => place === first);
  assert.ok(entry !== undefined, what);
  assert.deepEqual(await describeSnapshot(vault, entry), described, what);
  assert.deepEqual((await verifyAll(vault)).findings, [], what);
  const versions = new Map<string, number>();
  for await (const batch of storage.locking?.versions('', { signal: never }) ?? [])
    for (const { key } of batch) versions.set(key, (versions.get(key) ?? 0) + 1);
  const twice = [...versions].filter(([key, count]) => count > 1 && !key.startsWith('locks/'));
  assert.ok(versions.size > 0);
  assert.deepEqual(twice, [], what);
  await vault.close();
}

interface Planned {
  readonly at: number;
  readonly kind: FaultKind;
  /** so many requests in a row; without end where the way doesn't come back */
  readonly length: number;
}

/** All of them, or a few of which some pass and some don't. */
function plan(requests: number): Planned[] {
  const at = Array.from({ length: requests }, (_, index) => index + 1);
  const faultsOf = (lengths: readonly number[]) =>
    shuffled(
      at.flatMap((at) => faultKinds.flatMap((kind) => lengths.map((length) => ({ at, kind, length })))),
    );
  const [passing, endless] = [faultsOf([1, 2, 3, 4, 5, 6, 7]), faultsOf([Number.POSITIVE_INFINITY])];
  return isLong ? [...passing, ...endless] : [...passing.slice(0, 7), ...endless.slice(0, 3)];
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, order: random() }))
    .sort((left, right) => left.order - right.order)
    .map(({ item }) => item);
}

test('whatever request of a backup fails, nothing is lost and nothing is twice', async (t) => {
  const sound = await freshRepository(0);
  await backUp(sound, 1);
  const requests = sound.proxy.seen.length;
  await sound.proxy.close();
  assert.ok(requests > 10, `${requests} requests`);
  const faults = plan(requests);
  const groups = Array.from({ length: Math.ceil(faults.length / FAULTS_EACH) }, (_, number) =>
    faults.slice(number * FAULTS_EACH, (number + 1) * FAULTS_EACH),
  );
  const told = { succeeded: 0, failed: 0 };
  await inLanes(groups.entries(), LANES, async ([number, group]) => {
    const repository = await freshRepository(number + 1);
    try {
      const survived = await goThrough(repository, group);
      await lookAfter(repository, survived, group.map(nameOf).join(', '));
      told.succeeded += survived.length;
      told.failed += group.length - survived.length;
    } finally {
      await repository.proxy.close();
    }
  });
  assert.ok(told.succeeded > 0);
  t.diagnostic(
    `${faults.length} faults at ${requests} requests: ${told.succeeded} survived, ${told.failed} told`,
  );
});

/** Makes a backup for each of the faults; gives the places of those that were told to have succeeded. */
async function goThrough(repository: Repository, group: readonly Planned[]): Promise<readonly string[]> {
  const survived: string[] = [];
  for (const [index, fault] of group.entries()) {
    const { at, kind, length } = fault;
    repository.proxy.arm((count) => (count >= at && count < at + length ? kind : undefined));
    const place = await backUp(repository, 1 + index);
    if (place !== undefined) survived.push(place);
    // Eight attempts outlast seven faults, and a server that is slow, wherever they fall.
    if (Number.isFinite(length)) assert.ok(place !== undefined, `${nameOf(fault)} should have been survived`);
    // This process lives on, so a lock that it could not give back looks held.
    await removeLocks(repository.prefix);
  }
  return survived;
}

function nameOf({ at, kind, length }: Planned): string {
  return `${kind} x ${length} at request ${at}`;
}

async function removeLocks(prefix: string, folder = 'locks'): Promise<void> {
  const storage = await openBucket(prefix, ceph.endpoint);
  for await (const batch of storage.list(keyFrom(folder), { signal: never }))
    for (const { key } of batch) await storage.remove(key, { signal: never });
  await storage.close();
}

/** Vaults in which whatever a snapshot needs is locked, and the folders of their own locks. */
const lockedKinds = {
  restic: {
    own: 'locks',
    open: (storage: Storage, create: boolean, lock: LockSettings) =>
      openTestStorage(storage, { create, lock }),
  },
  plain: {
    own: '.hikae/locks',
    open: (storage: Storage, create: boolean, locking: LockSettings) =>
      openTestObjects(storage, { create, locking }),
  },
} as const;

/** Each run promises for longer than the one before, so that it has to make locks longer. */
function settingsOf(run: number): LockSettings {
  return { mode: 'compliance', for: (2 + 3 * run) * DAY, generation: DAY };
}

/** A vault of dated trees, or a repository, in which a snapshot is locked. */
class LockedVault {
  readonly #kind: (typeof lockedKinds)[keyof typeof lockedKinds];
  readonly #prefix: string;
  readonly #root: string;
  readonly proxy: FaultProxy;
  /** when a run began that may have published a snapshot, by the snapshot's time */
  readonly #began = new Map<number, { readonly at: number; readonly settings: LockSettings }>();
  #runs = 0;

  private constructor(kind: keyof typeof lockedKinds, prefix: string, proxy: FaultProxy) {
    this.#kind = lockedKinds[kind];
    this.#prefix = prefix;
    this.#root = join(folder, prefix);
    this.proxy = proxy;
  }

  static async create(kind: keyof typeof lockedKinds, name: string): Promise<LockedVault> {
    const made = new LockedVault(kind, `locked-${kind}-${name}`, await openFaultProxy(ceph.port));
    mkdirSync(made.#root);
    writeFileSync(join(made.#root, 'kept'), noise('kept', 100_000));
    assert.ok(await made.backUp());
    return made;
  }

  /** The next backup through the proxy; whether it was told to have succeeded. */
  async backUp(): Promise<boolean> {
    const run = this.#runs++;
    const settings = settingsOf(run);
    writeFileSync(join(this.#root, 'changing'), noise(`run ${run} of ${this.#prefix}`, 20_000));
    this.#began.set(dayTime(run), { at: Date.now(), settings });
    try {
      const storage = await openBucket(this.#prefix, this.proxy.endpoint);
      try {
        const vault = await this.#kind.open(storage, run === 0, settings);
        await take(vault, { root: this.#root, time: dayTime(run) });
        return true;
      } finally {
        await storage.close();
      }
    } catch (error) {
      assert.ok(isHikaeError(error), String(error instanceof Error ? error.stack : error));
      return false;
    } finally {
      await removeLocks(this.#prefix, this.#kind.own);
    }
  }

  /** What was just told to be there is; and of what is there the server has all locked to its date. */
  async requireLocked(succeeded: boolean, what: string): Promise<void> {
    const newest = dayTime(this.#runs - 1);
    await this.#look(async (vault, snapshots) => {
      const published = snapshots.filter(({ header }) => header.time === newest);
      if (published.length === 0) this.#began.delete(newest);
      assert.ok(!succeeded || published.length === 1, `${what}: what was told to be there is lost`);
      for (const entry of published) await this.#requireProven(vault, entry, what);
    });
  }

  /** The same of all that was ever published, and nothing of it is damaged. */
  async lookAfter(what: string): Promise<void> {
    await this.#look(async (vault, snapshots) => {
      assert.deepEqual(
        snapshots.map(({ header }) => header.time),
        [...this.#began.keys()],
        what,
      );
      for (const entry of snapshots) await this.#requireProven(vault, entry, what);
      assert.deepEqual((await verifyAll(vault)).findings, [], what);
    });
  }

  async #look(work: (vault: Vault, snapshots: readonly SnapshotEntry[]) => Promise<void>): Promise<void> {
    const storage = await openBucket(this.#prefix, ceph.endpoint);
    const vault = await this.#kind.open(storage, false, settingsOf(0));
    const { snapshots, unreadable } = await vault.list({ signal: never });
    assert.deepEqual(unreadable, []);
    await work(vault, snapshots);
    await vault.close();
  }

  async #requireProven(vault: Vault, entry: SnapshotEntry, what: string): Promise<void> {
    const { at, settings } = this.#began.get(entry.header.time) ?? assert.fail(entry.place);
    const proof = await vault.prove?.(entry, { emit: silent, signal: never });
    assert.deepEqual(proof?.findings, [], what);
    // A server tells whole seconds.
    const until = at + settings.for - 1_000;
    assert.ok((proof?.protectedUntil ?? 0) >= until, `${what}: ${entry.place} is locked too short`);
  }
}

/** What asks for versions, looks at a lock, or gives one. */
function isOfLocks({ path }: SeenRequest): boolean {
  return /[?&](?:versions|versionId|retention)\b/.test(path);
}

for (const kind of ['restic', 'plain'] as const) {
  test(`whatever call on a lock of a ${kind} vault fails, what is published is locked`, async (t) => {
    const sound = await LockedVault.create(kind, 'sound');
    // An open way would keep a test that has failed from ending.
    t.after(() => sound.proxy.close());
    sound.proxy.arm(() => undefined);
    assert.ok(await sound.backUp());
    await sound.requireLocked(true, 'no fault');
    const calls = sound.proxy.seen.filter(isOfLocks);
    assert.ok(calls.some(({ method, path }) => method === 'PUT' && /[?&]retention\b/.test(path)));
    const faults = planLocked(calls.length);
    const groups = Array.from({ length: Math.ceil(faults.length / LOCKED_EACH) }, (_, number) =>
      faults.slice(number * LOCKED_EACH, (number + 1) * LOCKED_EACH),
    );
    let told = 0;
    await inLanes(groups.entries(), LANES, async ([number, group]) => {
      const vault = await LockedVault.create(kind, `${number}`);
      try {
        for (const { at, kind: fault, length } of group) {
          let [count, hit] = [0, false];
          vault.proxy.arm((_, seen) => {
            if (isOfLocks(seen)) count += 1;
            const first = !hit && count >= at;
            hit ||= first;
            if (!hit) return undefined;
            // What doesn't come back is the whole way, on which only the first is waited for; what passes is a few calls on locks.
            if (length === Number.POSITIVE_INFINITY) return fault === 'stall' && !first ? 'reset' : fault;
            return isOfLocks(seen) && count < at + length ? fault : undefined;
          });
          const what = nameOf({ at, kind: fault, length });
          const succeeded = await vault.backUp();
          assert.equal(succeeded, Number.isFinite(length), `${what}: who can't lock has failed`);
          if (!succeeded) told += 1;
          await vault.requireLocked(succeeded, what);
        }
        await vault.lookAfter(group.map(nameOf).join(', '));
      } finally {
        await vault.proxy.close();
      }
    });
    t.diagnostic(`${faults.length} faults at ${calls.length} calls on locks: ${told} told`);
  });
}

/** One after the other meets more and more snapshots, each of which is asked about. */
const LOCKED_EACH = 5;

function planLocked(calls: number): Planned[] {
  const at = Array.from({ length: calls }, (_, index) => index + 1);
  const faultsOf = (length: number) =>
    shuffled(at.flatMap((at) => faultKinds.map((kind) => ({ at, kind, length }))));
  // The answer to a HEAD says no reason: it is asked once more with new keys, and that a session has ended again is believed of none.
  const passes = faultsOf(3).map((one) => (one.kind === 'expired-token' ? { ...one, length: 1 } : one));
  const [passing, endless] = [passes, faultsOf(Number.POSITIVE_INFINITY)];
  return isLong ? [...passing, ...endless] : [...passing.slice(0, 3), ...endless.slice(0, 2)];
}

test('a token that has expired is asked for anew, once, and the run goes on', async () => {
  const { prefix, root, proxy } = await freshRepository(-1);
  const counter = join(folder, 'asked');
  const program = join(folder, 'credentials');
  const { id, secret } = ceph.user;
  const answer = JSON.stringify({ Version: 1, AccessKeyId: id, SecretAccessKey: secret });
  writeFileSync(program, `#!/bin/sh\necho asked >>'${counter}'\ncat <<'END'\n${answer}\nEND\n`, {
    mode: 0o700,
  });
  const config = join(folder, 'config');
  writeFileSync(config, `[profile own]\ncredential_process = ${program}\n`);
  const before = process.env.AWS_CONFIG_FILE;
  process.env.AWS_CONFIG_FILE = config;
  try {
    proxy.arm((count) => (count === 9 ? 'expired-token' : undefined));
    const options = { bucket, prefix, region: 'us-east-1', endpoint: proxy.endpoint, profile: 'own' };
    const retry = { attempts: 3, pause: 5, random };
    const storage = retrying(await openS3Storage(options, { signal: never }), retry);
    const vault = await openTestStorage(storage, { create: false });
    writeFileSync(join(root, 'changing'), randomBytes(60_000));
    await take(vault, { root, time: dayTime(1) });
    assert.equal((await listed(vault)).length, 2);
    await storage.close();
  } finally {
    await proxy.close();
    if (before === undefined) delete process.env.AWS_CONFIG_FILE;
    else process.env.AWS_CONFIG_FILE = before;
  }
  assert.equal(readFileSync(counter, 'utf8'), 'asked\nasked\n');
});
