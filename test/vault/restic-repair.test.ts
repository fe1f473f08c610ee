/** Repairing a repository whose objects were flipped, cut off and removed: alone, and from vaults of every kind. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { copySnapshot } from '../../src/vault/snapshot-copy.ts';
import type { PackRepairReport, Vault } from '../../src/vault/vault.ts';
import { restic, resticCheck } from './restic-command.ts';
import { openTestRepository } from './restic-taking.ts';
import { dayTime, describeSnapshot, never, openVault, silent, take, verifyAll, writing } from './taking.ts';

const isLong = process.env.HIKAE_LONG === '1';

let folder = '';
let root = '';
let original = '';
let repository = '';
let vault: Vault;
let known: Map<string, Map<string, string>>;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hikae-repair-'));
  root = join(folder, 'tree');
  original = join(folder, 'original');
  mkdirSync(join(root, 'sub/below'), { recursive: true });
  writeFileSync(join(root, 'sub/small'), 'small');
  writeFileSync(join(root, 'sub/below/zero'), '');
  writeFileSync(join(root, 'sub/large'), noise(6_000_000));
  vault = await openTestRepository(original);
  await take(vault, { root });
  writeFileSync(join(root, 'other'), 'other');
  await take(vault, { root, time: dayTime(1) });
  known = await state();
  await copyTo(await openVault(join(folder, 'plain')));
  await copyTo(await openTestRepository(join(folder, 'elsewhere')));
  await vault.close();
  cpSync(original, join(folder, 'replica'), { recursive: true });
});
after(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  repository = mkdtempSync(join(folder, 'repository-'));
  cpSync(original, repository, { recursive: true });
  vault = await openTestRepository(repository, { create: false });
});
afterEach(async () => {
  await vault.close();
  rmSync(repository, { recursive: true });
});

const sources: Readonly<Record<string, () => Promise<Vault>>> = {
  'a plain vault': () => openVault(join(folder, 'plain'), { create: false }),
  'another repository': () => openTestRepository(join(folder, 'elsewhere'), { create: false }),
  'a replica': () => openTestRepository(join(folder, 'replica'), { create: false }),
};

async function copyTo(other: Vault): Promise<void> {
  const { snapshots } = await vault.list({ signal: never });
  for (const { place } of snapshots) {
    const entry = snapshots.find((one) => one.place === place);
    assert.ok(entry !== undefined);
    const reader = await vault.open(entry, { signal: never });
    await writing(other, (writable) =>
      copySnapshot({ reader, place }, writable, { emit: silent, signal: never }),
    );
    await reader.close();
  }
  await other.close();
}

function noise(length: number): Buffer {
  return createHash('shake256', { outputLength: length }).update('noise').digest();
}

/** The largest first. */
function objects(kind: string): string[] {
  const below = join(repository, kind);
  return readdirSync(below, { recursive: true, encoding: 'utf8' })
    .map((name) => join(below, name))
    .filter((path) => statSync(path).isFile())
    .sort((left, right) => statSync(right).size - statSync(left).size);
}

function everything(): string[] {
  return ['data', 'index', 'snapshots', 'locks'].flatMap((kind) => objects(kind).sort());
}

function flip(path: string, at = Math.floor(statSync(path).size / 2)): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] as number) ^ 1;
  chmodSync(path, 0o600);
  writeFileSync(path, bytes);
}

/** The packs that hold trees: asked of restic, which doesn't err. */
function packsOf(type: 'tree' | 'data'): string[] {
  const found = new Set<string>();
  for (const index of restic(repository, ['list', 'index']).trim().split('\n')) {
    const { packs } = JSON.parse(restic(repository, ['cat', 'index', index])) as {
      packs: { id: string; blobs: { type: string }[] }[];
    };
    for (const { id, blobs } of packs) if (blobs.some((blob) => blob.type === type)) found.add(id);
  }
  return [...found].map((id) => join(repository, 'data', id.slice(0, 2), id));
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

async function repair(options: { from?: Vault; dryRun?: boolean } = {}): Promise<PackRepairReport> {
  assert.ok(vault.repair !== undefined);
  const report = await vault.repair({ dryRun: false, wait: 0, emit: silent, signal: never, ...options });
  return report as PackRepairReport;
}

async function requireWhole(): Promise<void> {
  assert.equal(resticCheck(repository), 'sound');
  await reopen();
  assert.deepEqual((await verifyAll(vault)).findings, []);
  assert.deepEqual(await state(), known);
  assert.deepEqual(objects('locks'), []);
}

describe('alone', () => {
  test('what is sound is left as it is', async () => {
    const all = everything();
    const report = await repair();
    assert.deepEqual([report.findings, report.indexes, report.found, report.gone], [[], 0, 0, 0]);
    assert.equal(report.read.packs, objects('data').length);
    assert.deepEqual(everything(), all);
  });

  const indexes: readonly (readonly [string, () => void])[] = [
    ['flipped', () => flip(objects('index')[0] as string)],
    ['cut off', () => truncateSync(objects('index')[0] as string, 20)],
    ['removed', () => unlinkSync(objects('index')[0] as string)],
    [
      'all removed',
      () => {
        for (const path of objects('index')) unlinkSync(path);
      },
    ],
  ];
  for (const [what, damage] of indexes) {
    test(`indexes that are ${what} are made anew from the packs`, async () => {
      damage();
      const planned = await repair({ dryRun: true });
      const report = await repair();
      assert.deepEqual(report, planned, 'the plan is what is done');
      assert.deepEqual(report.findings, []);
      assert.ok(report.found > 0);
      await requireWhole();
      const all = everything();
      await repair();
      assert.deepEqual(everything(), all, 'there is nothing left to do');
    });
  }

  test('what a damaged pack still has is saved, and the pack is marked', async () => {
    const [pack] = packsOf('tree');
    assert.ok(pack !== undefined);
    // In the list at its end: no blob is damaged.
    flip(pack, statSync(pack).size - 10);
    const report = await repair();
    assert.equal(report.damaged.packs, 1);
    assert.ok(report.saved.blobs > 0);
    assert.deepEqual(report.findings, []);
    await requireWhole();
    assert.equal((await repair()).damaged.packs, 0, 'it is known already');
    assert.ok(vault.prune !== undefined);
    await vault.prune({ grace: 0, dryRun: false, wait: 0, emit: silent, signal: never });
    assert.ok(!objects('data').includes(pack));
    await requireWhole();
  });

  test('what is lost is named, stored anew by the next backup, and no snapshot is changed', async () => {
    const snapshots = objects('snapshots').map((path) => readFileSync(path));
    const pack = objects('data')[0] as string;
    flip(pack, 1000);
    const report = await repair();
    assert.ok(report.findings.some(({ kind, path }) => kind === 'content' && path === 'files/c/sub/large'));
    assert.ok(report.findings.every(({ path }) => path.startsWith('files/c/sub/')));
    assert.deepEqual(
      objects('snapshots').map((path) => readFileSync(path)),
      snapshots,
    );
    assert.ok((await repair()).findings.length > 0);
    await reopen();
    await take(vault, { root, time: dayTime(2) });
    assert.deepEqual((await verifyAll(vault)).findings, []);
    assert.deepEqual((await repair()).findings, []);
    assert.equal(resticCheck(repository), 'sound');
  });

  test('a snapshot file that is damaged is named, and is there still', async () => {
    const [path] = objects('snapshots') as [string];
    flip(path);
    const { findings } = await repair();
    assert.deepEqual(
      findings.map(({ kind, places }) => [kind, places[0]]),
      [['manifest', `snapshots/${path.slice(-64)}`]],
    );
    assert.ok(statSync(path).isFile());
  });
});

const damages: Readonly<Record<string, () => void>> = {
  'data flipped': () => flip(objects('data')[0] as string),
  'data cut off': () => truncateSync(objects('data')[0] as string, 100_000),
  'data removed': () => {
    for (const path of packsOf('data')) unlinkSync(path);
  },
  'trees flipped': () => {
    for (const path of packsOf('tree')) flip(path, 50);
  },
  'trees cut off': () => {
    for (const path of packsOf('tree')) truncateSync(path, 60);
  },
  'trees removed': () => {
    for (const path of packsOf('tree')) unlinkSync(path);
  },
  'everything removed but the snapshots': () => {
    for (const path of [...objects('data'), ...objects('index')]) unlinkSync(path);
  },
};

for (const [kind, open] of Object.entries(sources)) {
  describe(`from ${kind}`, () => {
    for (const [what, damage] of Object.entries(damages)) {
      const isChosen = isLong || kind === 'a plain vault' || what.startsWith('everything');
      if (!isChosen) continue;
      test(`${what} is mended`, async () => {
        damage();
        const from = await open();
        const all = everything();
        const planned = await repair({ from, dryRun: true });
        assert.deepEqual(everything(), all);
        const report = await repair({ from });
        assert.deepEqual(report.findings, [], JSON.stringify(planned));
        assert.deepEqual(report.fetched, planned.fetched);
        if (kind !== 'a replica') assert.deepEqual(report.storedAgain, planned.storedAgain);
        await from.close();
        await requireWhole();
      });
    }
  });
}

test('what the other vault has damaged too is not believed', async () => {
  const [pack] = objects('data') as [string];
  flip(pack, 1000);
  const spoiled = join(folder, 'spoiled');
  cpSync(repository, spoiled, { recursive: true });
  const from = await openTestRepository(spoiled, { create: false });
  const { findings, fetched, storedAgain } = await repair({ from });
  await from.close();
  rmSync(spoiled, { recursive: true });
  assert.ok(findings.length > 0);
  assert.deepEqual([fetched.blobs, storedAgain], [0, []]);
});
