/** Pruning a repository, with the restic command as the judge of every state in between. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isHikaeError } from '../../src/base/errors.ts';
import type { PruneReport, Vault } from '../../src/vault/vault.ts';
import { restic, resticBackup, resticCheck } from './restic-command.ts';
import { openTestRepository } from './restic-taking.ts';
import { dayTime, describeSnapshot, never, silent, take, verifyAll, writing } from './taking.ts';

const HOUR = 3_600_000;

let folder = '';
let root = '';
let repository = '';
let vault: Vault;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hikae-prune-'));
  root = join(folder, 'tree');
  repository = join(folder, 'repository');
  mkdirSync(root);
  vault = await openTestRepository(repository);
});
afterEach(async () => {
  await vault.close();
  rmSync(folder, { recursive: true });
});

function noise(length: number, seed: string): Buffer {
  return createHash('shake256', { outputLength: length }).update(seed).digest();
}

/** A pack that two snapshots share, one that only the first has, and one that is needed in part. */
async function fill(): Promise<void> {
  writeFileSync(join(root, 'shared'), noise(5_000_000, 'shared'));
  await take(vault, { root });
  writeFileSync(join(root, 'first'), noise(6_000_000, 'first'));
  for (let at = 0; at < 8; at++) writeFileSync(join(root, `part-${at}`), noise(300_000, `part ${at}`));
  await take(vault, { root, time: dayTime(1) });
  unlinkSync(join(root, 'first'));
  for (let at = 0; at < 6; at++) unlinkSync(join(root, `part-${at}`));
  await take(vault, { root, time: dayTime(2) });
}

async function forget(day: number): Promise<void> {
  const { snapshots } = await vault.list({ signal: never });
  const entry = snapshots.find(({ header }) => header.time === dayTime(day));
  assert.ok(entry !== undefined);
  await writing(vault, (writable) => writable.remove(entry, { signal: never }));
}

async function prune(options: { grace?: number; dryRun?: boolean } = {}): Promise<PruneReport> {
  const { grace = HOUR, dryRun = false } = options;
  assert.ok(vault.prune !== undefined);
  return vault.prune({ grace, dryRun, wait: 0, emit: silent, signal: never });
}

function objects(kind: string): string[] {
  const names = readdirSync(join(repository, kind), { recursive: true, encoding: 'utf8' });
  return names.map((name) => join(repository, kind, name)).filter((path) => statSync(path).isFile());
}

function everything(): string[] {
  return ['data', 'index', 'snapshots'].flatMap((kind) => objects(kind).sort());
}

async function state(): Promise<Map<string, Map<string, string>>> {
  const { snapshots, unreadable } = await vault.list({ signal: never });
  assert.deepEqual(unreadable, []);
  const described = new Map<string, Map<string, string>>();
  for (const entry of snapshots) described.set(entry.place, await describeSnapshot(vault, entry));
  return described;
}

async function reopen(): Promise<void> {
  await vault.close();
  vault = await openTestRepository(repository, { create: false });
}

/** All that can be asked of a repository after a step: restic and hikae find it sound, and it says what it said. */
async function requireSound(before: Map<string, Map<string, string>>): Promise<void> {
  assert.equal(resticCheck(repository), 'sound');
  await reopen();
  assert.deepEqual((await verifyAll(vault)).findings, []);
  assert.deepEqual(await state(), before);
}

describe('a prune', () => {
  beforeEach(fill);

  test('marks what nobody needs, and removes it when its time is over', async () => {
    await forget(1);
    const before = await state();
    const packs = objects('data').length;
    const planned = await prune({ dryRun: true });
    const all = everything();
    const done = await prune();
    assert.deepEqual(done, planned, 'the plan is what is done');
    assert.ok(done.marked.packs >= 1 && done.copied.packs >= 1 && done.removed.packs === 0);
    assert.ok(objects('data').length > packs, 'nothing is removed yet');
    assert.notDeepEqual(everything(), all);
    await requireSound(before);

    const again = await prune();
    assert.equal(again.waiting.packs, done.marked.packs + done.copied.packs);
    assert.deepEqual([again.marked.packs, again.copied.packs, again.removed.packs], [0, 0, 0]);

    const last = await prune({ grace: 1 });
    assert.deepEqual(last.removed, again.waiting);
    assert.ok(last.removed.bytes > 6_000_000, String(last.removed.bytes));
    assert.equal(objects('data').length, last.kept.packs);
    await requireSound(before);
    const sound = everything();
    assert.equal((await prune({ grace: 0 })).removed.packs, 0);
    assert.deepEqual(everything(), sound, 'there is nothing left to do');
  });

  test('that only plans changes nothing', async () => {
    await forget(1);
    const before = everything();
    await prune({ dryRun: true, grace: 0 });
    assert.deepEqual(everything(), before);
    assert.deepEqual(objects('locks'), []);
  });

  test('without a time of grace removes at once, and leaves nothing that restic would', async () => {
    await forget(0);
    await forget(1);
    const before = await state();
    await prune({ grace: 0 });
    await requireSound(before);
    const left = restic(repository, ['prune', '--dry-run']);
    assert.match(left, /to delete: +0 blobs/);
    assert.match(left, /unused packs: +0|total prune: +0 blobs/);
  });

  test('of what restic wrote and restic forgot frees the same', async () => {
    resticBackup(repository, [root]);
    restic(
      repository,
      ['forget', '--tag', 'hikae', '--unsafe-keep-none', '--keep-last', '1']
        .slice(0, 3)
        .concat('--keep-last', '1', '--group-by', ''),
    );
    await reopen();
    const before = await state();
    await prune({ grace: 0 });
    await requireSound(before);
  });

  test('after one by restic, which knows no marks, drops the marks', async () => {
    await forget(1);
    const before = await state();
    await prune();
    restic(repository, ['prune']);
    await requireSound(before);
    const after = await prune();
    assert.deepEqual([after.waiting.packs, after.marked.packs, after.removed.packs], [0, 0, 0]);
    await requireSound(before);
  });

  test('gives back what a marked pack has, where a snapshot needs it after all', async () => {
    // As by a program without locks, whose snapshot comes when all its data is marked already.
    const aside = join(folder, 'aside');
    mkdirSync(aside);
    for (const path of objects('snapshots')) renameSync(path, join(aside, path.slice(-64)));
    await reopen();
    const gone = await prune();
    assert.equal(gone.kept.packs, 0);
    assert.equal(resticCheck(repository), 'sound');
    for (const name of readdirSync(aside)) renameSync(join(aside, name), join(repository, 'snapshots', name));
    await reopen();
    const back = await prune({ grace: 1 });
    assert.ok(back.recovered.packs > 0);
    assert.equal((await state()).size, 3);
    assert.equal(resticCheck(repository), 'sound');
  });

  test('takes a snapshot for its data that was stored anew while it was marked', async () => {
    await forget(1);
    await prune();
    writeFileSync(join(root, 'first'), noise(6_000_000, 'first'));
    const { stored } = await take(vault, { root, time: dayTime(3) });
    assert.ok(stored.newBytes >= 6_000_000, 'what is marked is nobody to rely on');
    const before = await state();
    await prune({ grace: 1 });
    await requireSound(before);
  });

  test('of packs that no index names marks them, and removes them later', async () => {
    await prune({ grace: 0 });
    const left = join(repository, 'data/00', '00'.repeat(32));
    mkdirSync(join(repository, 'data/00'), { recursive: true });
    writeFileSync(left, 'half a pack');
    const before = await state();
    assert.equal((await prune()).marked.packs, 1);
    assert.ok(statSync(left).isFile());
    await requireSound(before);
    assert.equal((await prune({ grace: 1 })).removed.packs, 1);
    assert.ok(!objects('data').includes(left));
    await requireSound(before);
  });
});

describe('nothing is removed', () => {
  beforeEach(fill);

  function flip(path: string, at = Math.floor(statSync(path).size / 2)): void {
    const bytes = readFileSync(path);
    bytes[at] = (bytes[at] as number) ^ 1;
    chmodSync(path, 0o600);
    writeFileSync(path, bytes);
  }
  const bySize = (kind: string) =>
    objects(kind).sort((one, other) => statSync(one).size - statSync(other).size);

  const cases: readonly (readonly [string, () => void, RegExp])[] = [
    ['a snapshot file is damaged', () => flip(bySize('snapshots')[0] as string), /snapshots\//],
    ['an index is damaged', () => flip(bySize('index')[0] as string), /index\//],
    [
      'trees are damaged',
      () => {
        for (const pack of bySize('data').slice(0, 3)) flip(pack, 40);
      },
      /tree|data/,
    ],
    ['a pack is missing', () => unlinkSync(bySize('data').at(-1) as string), /data\/.*missing/],
    [
      'all indexes are missing',
      () => {
        for (const path of objects('index')) unlinkSync(path);
      },
      /tree/,
    ],
  ];
  for (const [what, damage, named] of cases) {
    test(`where ${what}`, async () => {
      damage();
      await reopen();
      const before = everything();
      await assert.rejects(prune({ grace: 0 }), (error) => {
        assert.ok(isHikaeError(error, 'VAULT_PRUNE_UNSAFE'), String(error));
        assert.match(error.message, named);
        return true;
      });
      assert.deepEqual(everything(), before);
      assert.deepEqual(objects('locks'), []);
    });
  }

  test('while somebody else works with it, and who backs up waits for who prunes', async () => {
    const writable = await vault.acquire({ wait: 0, emit: silent, signal: never });
    const other = await openTestRepository(repository, { create: false });
    assert.ok(other.prune !== undefined);
    const options = { grace: 0, dryRun: false, emit: silent, signal: never };
    await assert.rejects(other.prune({ ...options, wait: 0 }), (error) =>
      isHikaeError(error, 'VAULT_LOCKED', 'VAULT_REPOSITORY_LOCKED'),
    );
    const later = other.prune({ ...options, wait: 60_000 });
    await writable.release();
    const [, taken] = await Promise.all([later, take(vault, { root, time: dayTime(4), wait: 60_000 })]);
    assert.ok(taken.entry.complete);
    await other.close();
    assert.equal(resticCheck(repository), 'sound');
  });
});
