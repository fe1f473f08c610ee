/** What is kept on this machine of a repository that lies elsewhere: what it saves, and that nothing depends on it. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { type CallOptions, type Key, keyFrom, type Range } from '../../src/storage/storage.ts';
import { RepositoryCache } from '../../src/vault/restic/cache/repository-cache.ts';
import type { PackRepairReport, Vault } from '../../src/vault/vault.ts';
import { MemoryStorage } from '../doubles/memory-storage.ts';
import { openTestStorage } from './restic-taking.ts';
import { dayTime, describeSnapshot, never, silent, take, verifyAll } from './taking.ts';

const folder = mkdtempSync(join(tmpdir(), 'hikae-cache-'));
const root = join(folder, 'tree');
mkdirSync(join(root, 'sub'), { recursive: true });
writeFileSync(join(root, 'sub/small'), 'small');
// More than one chunk, so that its hash is in the list that hikae keeps.
writeFileSync(join(root, 'large'), createHash('shake256', { outputLength: 9_000_000 }).update('x').digest());
after(() => rmSync(folder, { recursive: true }));

/** Knows which objects were read. */
class WatchedStorage extends MemoryStorage {
  asked: Key[] = [];

  override read(key: Key, options: CallOptions & { limit: number }): Promise<Uint8Array> {
    this.asked.push(key);
    return super.read(key, options);
  }

  override readRange(key: Key, options: CallOptions & Range): Promise<Uint8Array> {
    this.asked.push(key);
    return super.readRange(key, options);
  }

  override stream(key: Key, options: CallOptions & Partial<Range>): AsyncGenerator<Uint8Array> {
    this.asked.push(key);
    return super.stream(key, options);
  }

  /** By the folders that they lie in, but for what is read before it is known which repository it is, and locks. */
  asksOf(): string[] {
    const kinds = this.asked.map((key) => key.split('/')[0] as string);
    this.asked = [];
    return [...new Set(kinds)].filter((kind) => !['config', 'keys', 'locks'].includes(kind)).sort();
  }
}

let storage: WatchedStorage;
let cache: string;
let troubles: string[];
/** a run with a vault opened anew */
async function running<Result>(work: (vault: Vault) => Promise<Result>, cached = true): Promise<Result> {
  const onTrouble = (reason: string) => void troubles.push(reason);
  const kept = cached ? { cache: { folder: cache, onTrouble } } : {};
  const vault = await openTestStorage(storage, kept);
  try {
    return await work(vault);
  } finally {
    await vault.close();
  }
}

const taking = (day: number) => (vault: Vault) => take(vault, { root, target: 'files', time: dayTime(day) });

async function browse(vault: Vault): Promise<Map<string, string>> {
  const { snapshots, unreadable } = await vault.list({ signal: never });
  assert.deepEqual(unreadable, []);
  const last = snapshots.at(-1);
  assert.ok(last !== undefined);
  return describeSnapshot(vault, last);
}

function filesIn(kind: string): string[] {
  const [id = ''] = readdirSync(cache);
  return readdirSync(join(cache, id, kind)).map((name) => join(cache, id, kind, name));
}

const kinds = ['index', 'snapshots', 'packs', 'blobs'];

beforeEach(() => {
  storage = new WatchedStorage();
  cache = mkdtempSync(join(folder, 'cache-'));
  troubles = [];
});

describe('the cache of a repository', () => {
  test('makes the next run read nothing that an earlier one has written or read', async () => {
    await running(taking(0));
    storage.asksOf();
    const { stored } = await running(taking(1));
    assert.equal(stored.newBytes, 0);
    assert.deepEqual(storage.asksOf(), [], 'what was written');
    rmSync(cache, { recursive: true });
    await running((vault) => vault.list({ signal: never }));
    assert.deepEqual(storage.asksOf(), ['data', 'index', 'snapshots'], 'it was deleted');
    const first = await running(browse);
    assert.ok(storage.asksOf().includes('data'));
    await running((vault) => vault.list({ signal: never }));
    await running(taking(2));
    assert.deepEqual(storage.asksOf(), [], 'what was read');
    assert.deepEqual(await running(browse), first);
    assert.deepEqual(await running(browse, false), first);
    assert.deepEqual(troubles, []);
    const [id = ''] = readdirSync(cache);
    for (const path of [cache, join(cache, id), ...kinds.map((kind) => join(cache, id, kind))])
      assert.equal(statSync(path).mode & 0o777, 0o700, path);
  });

  test('is damaged in all its files: they are fetched anew', async () => {
    await running(taking(0));
    const expected = await running(browse);
    const files = kinds.flatMap((kind) => filesIn(kind));
    assert.ok(files.length >= 5, String(files));
    const sound = new Map(files.map((path) => [path, readFileSync(path)]));
    for (const change of [
      (bytes: Buffer) => bytes.fill((bytes[0] as number) ^ 1, 0, 1),
      (bytes: Buffer) => bytes.subarray(0, bytes.length / 2),
      () => Buffer.alloc(0),
    ]) {
      for (const [path, bytes] of sound) writeFileSync(path, change(Buffer.from(bytes)));
      storage.asksOf();
      assert.deepEqual(await running(browse), expected);
      assert.deepEqual(storage.asksOf(), ['data', 'index', 'snapshots']);
      for (const [path, bytes] of sound) assert.ok(readFileSync(path).equals(bytes), path);
    }
    assert.deepEqual(troubles, []);
  });

  test('hides no damage from who judges what lies in the storage', async () => {
    await running(taking(0));
    const tree = filesIn('packs').map((path) => basename(path));
    const key = [...storage.objects.keys()].find((one) => tree.includes(basename(one)));
    assert.ok(key !== undefined);
    const { bytes, modified } = storage.objects.get(key) ?? assert.fail();
    const flipped = Buffer.from(bytes);
    flipped[0] = (flipped[0] as number) ^ 1;
    storage.objects.set(key, { bytes: flipped, modified });
    assert.ok((await running(browse)).size > 3, 'it is read from the cache');
    assert.notEqual((await running(verifyAll)).findings.length, 0);
    const upkeep = { dryRun: true, wait: 0, emit: silent, signal: never };
    const report = await running(async (vault) => vault.repair?.(upkeep));
    assert.equal((report as PackRepairReport | undefined)?.damaged.packs, 1);
    const pruning = running(async (vault) => vault.prune?.({ ...upkeep, grace: 0 }));
    await assert.rejects(pruning, { code: 'VAULT_PRUNE_UNSAFE' });
  });

  test('keeps no pack that is damaged, of which parts may still be read', async () => {
    await running(taking(0), false);
    const expected = await running(browse);
    for (const name of filesIn('packs').map((path) => basename(path))) {
      const key = keyFrom(`data/${name.slice(0, 2)}/${name}`);
      const { bytes, modified } = storage.objects.get(key) ?? assert.fail();
      const flipped = Buffer.from(bytes);
      // In the list of what is in it, which readers of blobs don't look at.
      flipped[flipped.length - 5] = (flipped.at(-5) as number) ^ 1;
      storage.objects.set(key, { bytes: flipped, modified });
    }
    rmSync(cache, { recursive: true });
    assert.deepEqual(await running(browse), expected);
    assert.deepEqual(filesIn('packs'), []);
  });

  test('lies where nothing can be written: it is told once, and everything else is as without', async () => {
    rmSync(cache, { recursive: true });
    writeFileSync(cache, 'no folder');
    await running(taking(0));
    assert.equal(troubles.length, 1, String(troubles));
    const seen = await running(browse);
    rmSync(cache);
    assert.deepEqual(await running(browse), seen);
  });

  test('takes no more than it may: what was used longest ago goes first', () => {
    let now = dayTime(0);
    const options = {
      clock: { now: () => now, elapsed: () => 0 },
      random: randomBytes,
      onTrouble: (reason: string) => void troubles.push(reason),
      most: 1_000,
    };
    const open = (id: string) => new RepositoryCache({ ...options, folder: join(cache, id) });
    const bytes = (value: number, size = 200) => Buffer.alloc(size, value);
    const nameOf = (content: Buffer) => createHash('sha256').update(content).digest('hex');
    const add = (to: RepositoryCache, content: Buffer) => {
      now += 1_000;
      to.add('index', nameOf(content), content);
      // The time that was given to the file counts, and not the one of this test.
      to.find('index', nameOf(content), () => undefined);
    };
    const has = (id: string, content: Buffer) =>
      open(id).find('index', nameOf(content), (found) => found.equals(content)) === true;
    const [old, other] = [open('old'), open('other')];
    for (let value = 0; value < 5; value++) add(old, bytes(value));
    assert.ok(!old.takes(251), 'none that would push out a quarter');
    now += 1_000;
    assert.ok(has('old', bytes(0)), 'used again by a later run');
    add(other, bytes(5));
    const left = [0, 1, 2, 3, 4].filter((value) => has('old', bytes(value)));
    assert.deepEqual(left, [0, 3, 4]);
    assert.ok(has('other', bytes(5)));
    assert.deepEqual(troubles, []);
  });
});
