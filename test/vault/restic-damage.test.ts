/** Objects of a repository flipped, cut off, removed and swapped: it is named, and what is sound stays within reach. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isHikaeError } from '../../src/base/errors.ts';
import type { SnapshotEntry } from '../../src/model/snapshot.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { damageFolder } from './damaged-folder.ts';
import { restic, resticCheck } from './restic-command.ts';
import { openTestRepository } from './restic-taking.ts';
import { dayTime, describeSnapshot, never, nodeAt, nodesOf, silent, take, verifyAll } from './taking.ts';

let folder = '';
let root = '';
let repository = '';
let vault: Vault;
let entry: SnapshotEntry;

/** Two packs of data: one for the large file, which is nobody else's, one for the small ones. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hikae-damage-'));
  root = join(folder, 'tree');
  repository = join(folder, 'repository');
  mkdirSync(join(root, 'sub'), { recursive: true });
  writeFileSync(join(root, 'sub/small'), 'small');
  writeFileSync(join(root, 'other'), 'other');
  vault = await openTestRepository(repository);
  await take(vault, { root, target: 'first' });
  writeFileSync(join(root, 'sub/large'), noise(20_000_000));
  ({ entry } = await take(vault, { root, target: 'second', time: dayTime(1) }));
});
afterEach(async () => {
  await vault.close();
  rmSync(folder, { recursive: true });
});

function noise(length: number): Buffer {
  return createHash('shake256', { outputLength: length }).update('noise').digest();
}

function objects(kind: string): string[] {
  const below = join(repository, kind);
  return readdirSync(below, { recursive: true, encoding: 'utf8' })
    .map((name) => join(below, name))
    .filter((path) => statSync(path).isFile())
    .sort((left, right) => statSync(right).size - statSync(left).size);
}

/** The pack that holds only parts of the large file. */
function largestPack(): string {
  return objects('data')[0] as string;
}

function flip(path: string, at = Math.floor(statSync(path).size / 2)): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] as number) ^ 1;
  chmodSync(path, 0o600);
  writeFileSync(path, bytes);
}

async function reopened(): Promise<Vault> {
  await vault.close();
  vault = await openTestRepository(repository, { create: false });
  return vault;
}

async function findings(level: 'structure' | 'full'): Promise<string[]> {
  const { snapshots } = await vault.list({ signal: never });
  const { findings: found } = await vault.verify(snapshots, { level, emit: silent, signal: never });
  return found.map(({ kind, path }) => `${kind} ${path}`).sort();
}

async function read(path: string): Promise<string> {
  const node = nodeAt(await nodesOf(vault, entry), path);
  const reader = await vault.open(entry, { signal: never });
  const parts: Uint8Array[] = [];
  try {
    for await (const part of reader.content(node)) parts.push(part);
  } finally {
    await reader.close();
  }
  return Buffer.concat(parts).toString('latin1');
}

describe('a pack of data', () => {
  const damages: readonly (readonly [string, (path: string) => void, boolean])[] = [
    ['flipped in one bit', (path) => flip(path), false],
    ['cut off', (path) => truncateSync(path, 100), true],
    ['removed', (path) => unlinkSync(path), true],
    ['swapped for another', (path) => copyFileSync(objects('data')[1] as string, path), true],
  ];
  for (const [what, damage, seenFromOutside] of damages) {
    test(`that is ${what} costs the one file, by name`, async () => {
      damage(largestPack());
      await reopened();
      const named = 'content second/c/sub/large';
      assert.deepEqual((await findings('structure')).includes(named), seenFromOutside);
      assert.ok((await findings('full')).includes(named));
      assert.deepEqual(
        (await findings('full')).filter((one) => one.includes('small')),
        [],
      );
      assert.equal(await read('c/sub/small'), 'small');
      await assert.rejects(read('c/sub/large'), (error) => isHikaeError(error, 'SNAPSHOT_CONTENT_DAMAGED'));
    });
  }

  test('that is gone is stored anew by the next snapshot, once no index names it', async () => {
    unlinkSync(largestPack());
    restic(repository, ['rebuild-index']);
    await reopened();
    const { stored } = await take(vault, { root, target: 'second', time: dayTime(2) });
    assert.ok(stored.newBytes > 10_000_000, String(stored.newBytes));
    assert.deepEqual((await verifyAll(vault)).findings, []);
    assert.equal((await read('c/sub/large')).length, 20_000_000);
    assert.equal(resticCheck(repository), 'sound');
  });

  test('that is damaged does not matter where another holds the same', async () => {
    // As two hosts do that write at once: the second has not seen the first one's index.
    const aside = join(folder, 'index');
    const before = new Set(objects('data'));
    renameSync(join(repository, 'index'), aside);
    await reopened();
    await take(vault, { root, target: 'third', time: dayTime(2) });
    cpSync(aside, join(repository, 'index'), { recursive: true });
    await reopened();
    for (const pack of before) unlinkSync(pack);
    const { snapshots, unreadable } = await vault.list({ signal: never });
    assert.deepEqual(
      unreadable.map(({ reason }) => reason.message).length,
      2,
      'their own headers have no double',
    );
    assert.equal(snapshots.length, 1);
    const third = snapshots[0] as SnapshotEntry;
    assert.equal((await describeSnapshot(vault, third)).size, 5);
    const found = await findings('full');
    assert.ok(found.length > 0 && found.every((one) => one === 'content '), String(found));
  });
});

test('a folder whose list is damaged costs that folder for who goes around damage, and all for others', async () => {
  await damageFolder(repository, ['second', 'c', 'sub']);
  await reopened();
  await assert.rejects(nodesOf(vault, entry), (error) => isHikaeError(error, 'SNAPSHOT_DAMAGED'));
  const reader = await vault.open(entry, { signal: never, aroundDamage: true });
  try {
    const paths: string[] = [];
    for await (const batch of reader.nodes()) paths.push(...batch.map(({ path }) => path));
    assert.deepEqual(paths, ['c', 'c/other', 'c/sub']);
    assert.deepEqual([...(reader.damagedFolders?.keys() ?? [])], ['c/sub']);
  } finally {
    await reader.close();
  }
});

describe('other objects', () => {
  test('of an index that is damaged nothing is believed, and it is named', async () => {
    for (const index of objects('index')) flip(index);
    await reopened();
    const { snapshots, unreadable } = await vault.list({ signal: never });
    assert.deepEqual([snapshots.length, unreadable.length], [0, 2]);
    const { findings: found } = await vault.verify([entry], {
      level: 'structure',
      emit: silent,
      signal: never,
    });
    assert.deepEqual(
      found.map(({ kind }) => kind),
      ['missing', 'unreadable', 'unreadable'],
    );
    await reopened();
    assert.ok((await take(vault, { root, target: 'second', time: dayTime(3) })).entry.complete);
  });

  test('a snapshot file that is damaged hides no other', async () => {
    const [snapshot] = objects('snapshots');
    flip(snapshot as string);
    await reopened();
    const { snapshots, unreadable } = await vault.list({ signal: never });
    assert.deepEqual([snapshots.length, unreadable.length], [1, 1]);
  });

  test('packs of trees that are cut off make their snapshots unreadable, and say so', async () => {
    const largest = largestPack();
    for (const pack of objects('data')) {
      if (pack !== largest) truncateSync(pack, 10);
    }
    await reopened();
    const { snapshots, unreadable } = await vault.list({ signal: never });
    assert.deepEqual([snapshots.length, unreadable.length], [0, 2]);
    assert.ok(unreadable.every(({ reason }) => isHikaeError(reason, 'SNAPSHOT_DAMAGED')));
  });

  for (const [what, damage, code] of [
    [
      'no key is left',
      () =>
        objects('keys').forEach((key) => {
          truncateSync(key, 9);
        }),
      'VAULT_NO_KEY',
    ],
    ['the config is gone', () => unlinkSync(join(repository, 'config')), 'VAULT_OBJECT_DAMAGED'],
    ['the config is damaged', () => flip(join(repository, 'config')), 'VAULT_OBJECT_DAMAGED'],
  ] as const) {
    test(`where ${what} there is no vault, and never a new one`, async () => {
      damage();
      for (const create of [false, true]) {
        await assert.rejects(openTestRepository(repository, { create }), (error) =>
          isHikaeError(error, code),
        );
      }
    });
  }

  test('a folder that was a repository and is empty is not made one again by itself', async () => {
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    await assert.rejects(openTestRepository(empty, { create: false, seen: true }), (error) =>
      isHikaeError(error, 'VAULT_GONE'),
    );
    await assert.rejects(openTestRepository(empty, { create: false }), (error) =>
      isHikaeError(error, 'VAULT_NOT_FOUND'),
    );
    writeFileSync(join(empty, 'somebody'), 'else');
    await assert.rejects(openTestRepository(empty), (error) => isHikaeError(error, 'VAULT_FOREIGN'));
  });
});
