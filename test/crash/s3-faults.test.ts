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
import { openS3Storage } from '../../src/storage/s3/s3-storage.ts';
import { keyFrom, type Storage } from '../../src/storage/storage.ts';
import { retrying } from '../../src/storage/wrappers/retrying.ts';
import { seededRandom } from '../../src/vault/seeded-random.ts';
import { type FaultKind, type FaultProxy, faultKinds, openFaultProxy } from '../doubles/fault-proxy.ts';
import { type Ceph, startCeph } from '../servers/ceph.ts';
import { openTestStorage } from '../vault/restic-taking.ts';
import { dayTime, describeSnapshot, listed, never, take, verifyAll } from '../vault/taking.ts';

const isLong = process.env.HIKAE_LONG === '1';
const random = seededRandom(Number(process.env.HIKAE_SEED ?? 1));
const bucket = 'faults';
/** A repository serves for so many faults: it grows with each. */
const FAULTS_EACH = 12;

let ceph: Ceph;
let proxy: FaultProxy;
let folder = '';
let root = '';

before(async () => {
  ceph = await startCeph();
  proxy = await openFaultProxy(ceph.port);
  const { endpoint, user } = ceph;
  const credentials = { accessKeyId: user.id, secretAccessKey: user.secret };
  const admin = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  // Its objects have versions, so that whatever was put twice can be seen.
  await admin.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));
  admin.destroy();
  folder = mkdtempSync(join(tmpdir(), 'hikae-s3-faults-'));
  root = join(folder, 'tree');
  mkdirSync(join(root, 'sub'), { recursive: true });
  writeFileSync(join(root, 'sub/kept'), noise('kept', 300_000));
});
after(async () => {
  await proxy?.close();
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
  return retrying(await openS3Storage(options, { signal: never }), retry);
}

/** A repository with a snapshot in it, and what that holds. */
async function freshRepository(number: number) {
  const prefix = `repository-${number}`;
  writeFileSync(join(root, 'changing'), 'at first');
  const vault = await openTestStorage(await openBucket(prefix, ceph.endpoint));
  const { entry } = await take(vault, { root });
  const described = await describeSnapshot(vault, entry);
  await vault.close();
  return { prefix, first: entry.place, described };
}

type Repository = Awaited<ReturnType<typeof freshRepository>>;

/** A backup through the proxy; undefined when it was told that it has failed. */
async function backUp(prefix: string, day: number): Promise<string | undefined> {
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
async function lookAfter({ prefix, first, described }: Repository, known: ReadonlySet<string>, what: string) {
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
  return places;
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
  const [passing, endless] = [faultsOf([1, 2, 3, 4, 5]), faultsOf([Number.POSITIVE_INFINITY])];
  return isLong ? [...passing, ...endless] : [...passing.slice(0, 7), ...endless.slice(0, 3)];
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, order: random() }))
    .sort((left, right) => left.order - right.order)
    .map(({ item }) => item);
}

test('whatever request of a backup fails, nothing is lost and nothing is twice', async (t) => {
  let repository = await freshRepository(0);
  proxy.arm(() => undefined);
  await backUp(repository.prefix, 1);
  const requests = proxy.seen.length;
  assert.ok(requests > 10, `${requests} requests`);
  const faults = plan(requests);
  const told = { succeeded: 0, failed: 0 };
  let known = new Set<string>();
  for (const [number, { at, kind, length }] of faults.entries()) {
    if (number % FAULTS_EACH === 0) {
      repository = await freshRepository(number + 1);
      known = new Set();
    }
    const what = `${kind} x ${length} at request ${at} of ${requests}`;
    proxy.arm((count) => (count >= at && count < at + length ? kind : undefined));
    const place = await backUp(repository.prefix, 1 + (number % FAULTS_EACH));
    if (place !== undefined) known.add(place);
    told[place === undefined ? 'failed' : 'succeeded'] += 1;
    // Eight attempts outlast five faults, and a server that is slow, wherever they fall.
    if (Number.isFinite(length)) assert.ok(place !== undefined, `${what} should have been survived`);
    // This process lives on, so a lock that it could not give back looks held.
    await removeLocks(repository.prefix);
    const places = await lookAfter(repository, known, what);
    for (const found of places) known.add(found);
  }
  assert.ok(told.succeeded > 0);
  t.diagnostic(
    `${faults.length} faults at ${requests} requests: ${told.succeeded} survived, ${told.failed} told`,
  );
});

async function removeLocks(prefix: string): Promise<void> {
  const storage = await openBucket(prefix, ceph.endpoint);
  for await (const batch of storage.list(keyFrom('locks'), { signal: never }))
    for (const { key } of batch) await storage.remove(key, { signal: never });
  await storage.close();
}

test('a token that has expired is asked for anew, once, and the run goes on', async () => {
  const { prefix } = await freshRepository(-1);
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
    if (before === undefined) delete process.env.AWS_CONFIG_FILE;
    else process.env.AWS_CONFIG_FILE = before;
  }
  assert.equal(readFileSync(counter, 'utf8'), 'asked\nasked\n');
});
