/** Copies of snapshots between vaults, in each of the four pairs of kinds. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { isHikaeError } from '../../src/base/errors.ts';
import type { Node } from '../../src/model/node.ts';
import type { Origin, SnapshotEntry } from '../../src/model/snapshot.ts';
import { trouble } from '../../src/model/trouble.ts';
import { openLocalStorage } from '../../src/storage/local/local-storage.ts';
import { copySnapshot } from '../../src/vault/snapshot-copy.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { captureDumps, sqlText } from './dumps.ts';
import { fillTree, SPARSE } from './every-kind.ts';
import { openTestObjects } from './object-taking.ts';
import { resticCheck } from './restic-command.ts';
import { openTestRepository } from './restic-taking.ts';
import { readAsTree } from './round-trip.ts';
import {
  captureOf,
  dayTime,
  draftOf,
  listed,
  never,
  nodesOf,
  openVault,
  originOf,
  silent,
  take,
  verifyAll,
  writing,
} from './taking.ts';

type Kind = 'plain' | 'restic' | 'objects';
const kinds: readonly Kind[] = ['plain', 'restic'];

async function open(kind: Kind, place: string): Promise<Vault> {
  if (kind === 'restic') return openTestRepository(place);
  if (kind === 'plain') return openVault(place);
  return openTestObjects(await openLocalStorage(place, { create: true, random: randomBytes }));
}

async function copy(entry: SnapshotEntry, from: Vault, to: Vault, signal = never) {
  const reader = await from.open(entry, { signal: never });
  try {
    return await writing(to, (writable) =>
      copySnapshot({ reader, place: entry.place }, writable, { emit: silent, signal }),
    );
  } finally {
    await reader.close();
  }
}

const mysql: Origin = {
  kind: 'mysql',
  together: true,
  server: { via: 'socket', path: '/run/mysqld/mysqld.sock' },
  databases: 'all',
};
const dump = sqlText(700_000);
const facts = {
  server: 'MariaDB 10.11',
  databases: [{ name: 'shop', file: 'shop.sql', tables: [{ name: 'orders', rows: 3 }], definition: [] }],
};
const policy = Buffer.from('version: 1\n# the policy as it was\n');

/** A snapshot of everything: a tree, dumps with facts, a missing component, a note, and the policy. */
async function takeAll(vault: Vault, root: string): Promise<SnapshotEntry> {
  return writing(vault, async (writable) => {
    const writer = await writable.begin(draftOf({ root }), { emit: silent, signal: never, policy });
    writer.absent({ name: 'absent', origin: originOf({ root: '/nowhere' }) });
    await writer.component({ name: 'c', origin: originOf({ root }) }, (troubles) =>
      captureOf({ root }, troubles),
    );
    await writer.component({ name: 'db', origin: mysql }, async (troubles) => {
      troubles(trouble('not-transactional', 'db/shop.sql', 'orders'));
      const capture = captureDumps({ 'shop.sql': { content: dump }, empty: { content: '' } }, dayTime(0));
      return { ...capture, facts: () => facts };
    });
    return writer.publish();
  });
}

/** All that a node says, but for where holes are, which repositories do not know, and how it is stored. */
function facesOf(nodes: ReadonlyMap<string, Node>) {
  return [...nodes.values()].map(({ stored: _, holes: __, inParts: ___, ...node }) => {
    // The format of repositories has no number of names of folders, FIFOs and sockets.
    return /^(?:dir|fifo|socket)$/.test(node.type) ? { ...node, links: 0 } : node;
  });
}

async function policyOf(vault: Vault, entry: SnapshotEntry): Promise<string | undefined> {
  const reader = await vault.open(entry, { signal: never });
  try {
    const bytes = await reader.policy({ signal: never });
    return bytes === undefined ? undefined : Buffer.from(bytes).toString();
  } finally {
    await reader.close();
  }
}

describe('copies of snapshots', () => {
  let root = '';
  let scratch = '';
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'hikae-copy-source-'));
    fillTree(root);
  });
  after(() => rmSync(root, { recursive: true }));
  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), 'hikae-copy-'));
  });
  afterEach(() => rmSync(scratch, { recursive: true }));

  for (const from of [...kinds, 'objects'] as const) {
    for (const to of [...kinds, 'objects'] as const) {
      // plain-objects.test.ts copies between objects and a plain vault on a disk.
      if ((from === 'objects' || to === 'objects') && from !== 'restic' && to !== 'restic') continue;
      test(`${from} → ${to}: everything is as it was, and verifies`, async () => {
        const [source, destination] = [
          await open(from, join(scratch, 'from')),
          await open(to, join(scratch, 'to')),
        ];
        const entry = await takeAll(source, root);
        const { entry: copied, newBytes } = await copy(entry, source, destination);
        assert.ok(newBytes > 0);
        assert.deepEqual(copied.header, entry.header);
        assert.equal(copied.complete, false);
        assert.deepEqual((await destination.list({ signal: never })).snapshots, [copied]);
        assert.deepEqual(facesOf(await nodesOf(destination, copied)), facesOf(await nodesOf(source, entry)));
        for (const component of ['c', 'db']) {
          assert.deepEqual(
            await readAsTree(destination, copied, component),
            await readAsTree(source, entry, component),
          );
        }
        assert.equal(await policyOf(destination, copied), policy.toString());
        assert.deepEqual((await verifyAll(destination)).findings, []);
        if (to === 'plain') {
          const folder = join(scratch, 'to', copied.place);
          assert.ok(statSync(join(folder, 'db/shop.sql.gz')).size < dump.length / 2);
          const sparse = statSync(join(folder, 'c/sparse'));
          assert.equal(sparse.size, SPARSE);
          assert.ok(sparse.blocks * 512 < SPARSE / 4, `${sparse.blocks} blocks`);
          const [one, other] = ['c/a-group', 'c/folder/group-2'].map((path) => statSync(join(folder, path)));
          assert.equal(one?.ino, other?.ino);
        }
        if (to === 'restic') assert.equal(resticCheck(join(scratch, 'to')), 'sound');
        await Promise.all([source.close(), destination.close()]);
      });

      if (from === 'objects' || to === 'objects') continue;

      test(`${from} → ${to}: of the next snapshot only what is new is sent`, async () => {
        const tree = join(scratch, 'tree');
        mkdirSync(join(tree, 'sub'), { recursive: true });
        for (let at = 0; at < 20; at++) writeFileSync(join(tree, `sub/${at}`), `file ${at}`.repeat(1000));
        const [source, destination] = [
          await open(from, join(scratch, 'from')),
          await open(to, join(scratch, 'to')),
        ];
        const first = await take(source, { root: tree });
        writeFileSync(join(tree, 'new'), 'n'.repeat(5000));
        const second = await take(source, { root: tree, time: dayTime(1) });
        await copy(first.entry, source, destination);
        const { newBytes, entry } = await copy(second.entry, source, destination);
        assert.equal(newBytes, 5000);
        // An older one that is copied later shares the same way, and takes nothing from the newest.
        const again = await open(to, join(scratch, 'again'));
        await copy(second.entry, source, again);
        assert.equal((await copy(first.entry, source, again)).newBytes, 0);
        assert.equal((await listed(again)).length, 2);
        if (to === 'plain')
          assert.ok(readdirSync(join(scratch, 'again/daily/files/latest')).includes('c'), entry.place);
        assert.deepEqual((await verifyAll(again)).findings, []);
        await Promise.all([source.close(), destination.close(), again.close()]);
      });

      test(`${from} → ${to}: damaged content is never copied`, async () => {
        const tree = join(scratch, 'tree');
        mkdirSync(tree);
        writeFileSync(join(tree, 'sound'), 'sound '.repeat(1000));
        writeFileSync(join(tree, 'victim'), randomBytes(400_000));
        const [source, destination] = [
          await open(from, join(scratch, 'from')),
          await open(to, join(scratch, 'to')),
        ];
        const { entry } = await take(source, { root: tree });
        damage(from, join(scratch, 'from'), entry);
        await assert.rejects(
          copy(entry, source, destination),
          (error) => isHikaeError(error, 'SNAPSHOT_CONTENT_DAMAGED') && /victim/.test(error.message),
        );
        assert.deepEqual(await listed(destination), []);
        await Promise.all([source.close(), destination.close()]);
      });
    }
  }

  test('a weekly that was made of a daily has all that it has, and is copied as a weekly', async () => {
    const source = await open('plain', join(scratch, 'from'));
    const entry = await takeAll(source, root);
    const weekly = await writing(source, (writable) =>
      writable.derive(entry, 'weekly', { emit: silent, signal: never }),
    );
    assert.deepEqual(weekly.header.components, entry.header.components);
    assert.deepEqual(weekly.header.troubles, entry.header.troubles);
    const destination = await open('restic', join(scratch, 'to'));
    const { entry: copied } = await copy(weekly, source, destination);
    assert.equal(copied.header.schedule, 'weekly');
    await Promise.all([source.close(), destination.close()]);
  });
});

/** As a failing disk would: what `victim` has is no longer what was stored. */
function damage(kind: Kind, place: string, entry: SnapshotEntry): void {
  if (kind === 'plain') {
    const path = join(place, entry.place, 'c/victim');
    const bytes = readFileSync(path);
    bytes[1000] = (bytes[1000] as number) ^ 1;
    writeFileSync(path, bytes);
    return;
  }
  // All content that can not be packed lies in one pack.
  const packs = readdirSync(join(place, 'data'), { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name));
  const [largest] = packs.sort((one, other) => statSync(other).size - statSync(one).size);
  const bytes = readFileSync(String(largest));
  bytes[bytes.length >> 2] = (bytes[bytes.length >> 2] as number) ^ 1;
  writeFileSync(String(largest), bytes);
}
