/** Plain vaults of objects, in memory: the contract of all vaults, on media with and without folders. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isHikaeError } from '../../src/base/errors.ts';
import type { SnapshotEntry } from '../../src/model/snapshot.ts';
import { keyFrom } from '../../src/storage/storage.ts';
import { copySnapshot } from '../../src/vault/snapshot-copy.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { faultyStorage } from '../doubles/faulty-storage.ts';
import { describeTree } from '../doubles/live-tree.ts';
import { MemoryStorage } from '../doubles/memory-storage.ts';
import { vaultContract } from './contract.ts';
import { captureDumps, dumpOrigin, sqlText } from './dumps.ts';
import { fillTree } from './every-kind.ts';
import { openTestObjects } from './object-taking.ts';
import { differences, readAsTree } from './round-trip.ts';
import {
  captureOf,
  dayTime,
  describeSnapshot,
  draftOf,
  listed,
  never,
  nodeAt,
  nodesOf,
  openVault,
  originOf,
  silent,
  take,
  verifyAll,
  writing,
} from './taking.ts';

for (const folders of [false, true]) {
  const media = new Map<string, MemoryStorage>();
  const mediumOf = (folder: string) => {
    const medium = media.get(folder) ?? new MemoryStorage(undefined, { folders });
    media.set(folder, medium);
    return medium;
  };
  vaultContract({
    kind: folders ? 'plain, of objects in folders' : 'plain, of objects',
    deduplicates: false,
    open: (folder) => openTestObjects(mediumOf(folder)),
    ruin(folder, { place }) {
      const { objects } = mediumOf(folder);
      const key = keyFrom(`${place}/.hikae/manifest`);
      const { bytes = Buffer.alloc(0), modified = 0 } = objects.get(key) ?? {};
      objects.set(key, { bytes: bytes.subarray(0, 10), modified });
    },
  });
}

describe('dated trees of objects', () => {
  let folder = '';
  let root = '';
  let medium: MemoryStorage;
  let vault: Vault;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hikae-objects-'));
    root = join(folder, 'source');
    mkdirSync(root);
    for (const name of ['one', 'two', 'three']) writeFileSync(join(root, name), `the file ${name}`);
    medium = new MemoryStorage();
    vault = await openTestObjects(medium);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const keys = () => [...medium.objects.keys()].sort();
  const text = (key: string) => Buffer.from(medium.objects.get(keyFrom(key))?.bytes ?? []).toString();
  const change = (key: string, bytes: string) => {
    assert.ok(medium.objects.has(keyFrom(key)), key);
    medium.objects.set(keyFrom(key), { bytes: Buffer.from(bytes), modified: 0 });
  };

  test('everything that Linux keeps comes back, and a second snapshot of it sends nothing', async () => {
    fillTree(root);
    const source = describeTree(root);
    const { entry, stored } = await take(vault, { root });
    assert.deepEqual(stored.troubles.first, []);
    assert.deepEqual(differences(source, await readAsTree(vault, entry)), []);
    const calls = faultyStorage(medium, []);
    const again = await take(await openTestObjects(calls), { root, time: dayTime(1) });
    assert.equal(again.stored.newBytes, 0);
    assert.equal(again.stored.unchanged, again.stored.summary.nodes);
    const sent = calls.calls.filter(({ operation, key }) => operation === 'put' && key.startsWith('daily/'));
    assert.deepEqual(
      sent.map(({ key }) => key),
      ['checksums.sha256', '.hikae/manifest'].map((name) => `daily/files/2026-11-23/${name}`),
    );
    assert.deepEqual(differences(source, await readAsTree(vault, again.entry)), []);
    assert.deepEqual((await verifyAll(vault)).findings, []);
    const lines = text(`${entry.place}/checksums.sha256`).trimEnd().split('\n');
    const own = keys().filter(
      (key) => key.startsWith(`${entry.place}/`) && !key.endsWith('/checksums.sha256'),
    );
    assert.equal(lines.length, own.length, 'every object but the list itself');
  });

  test('a snapshot of another vault is stored with the id, the nodes and the policy that it has', async () => {
    fillTree(root);
    const local = await openVault(join(folder, 'local'));
    const policy = Buffer.from('version: 1\n');
    const entry = await writing(local, async (writable) => {
      const writer = await writable.begin(draftOf(), { emit: silent, signal: never, policy });
      await writer.component({ name: 'c', origin: originOf({ root }) }, (troubles) =>
        captureOf({ root }, troubles),
      );
      await writer.component({ name: 'd', origin: dumpOrigin }, async () =>
        captureDumps({ 'large.sql': { content: sqlText(3_000_000) } }, dayTime(0)),
      );
      return writer.publish();
    });
    for (const [from, to] of [
      [local, vault],
      [vault, await openVault(join(folder, 'back'))],
    ] as const) {
      const reader = await from.open(entry, { signal: never });
      const source = { reader, place: entry.place };
      const copied = await writing(to, (writable) =>
        copySnapshot(source, writable, { emit: silent, signal: never }),
      );
      await reader.close();
      assert.deepEqual(copied.entry.header, entry.header);
      assert.deepEqual(await describeSnapshot(to, copied.entry), await describeSnapshot(local, entry));
      const stored = await to.open(copied.entry, { signal: never });
      assert.deepEqual(Buffer.from((await stored.policy()) ?? []), policy);
      await stored.close();
      assert.deepEqual((await verifyAll(to)).findings, []);
    }
  });

  test('a file whose attributes alone have changed is copied without being sent', async () => {
    const local = await openVault(join(folder, 'local'));
    const copy = async (day: number) => {
      const { entry } = await take(local, { root, time: dayTime(day) });
      const reader = await local.open(entry, { signal: never });
      const source = { reader, place: entry.place };
      const copied = await writing(vault, (writable) =>
        copySnapshot(source, writable, { emit: silent, signal: never }),
      );
      await reader.close();
      return copied;
    };
    assert.equal((await copy(0)).newBytes, 'the file one'.length * 2 + 'the file three'.length);
    chmodSync(join(root, 'one'), 0o640);
    const { newBytes, entry } = await copy(1);
    assert.equal(newBytes, 0);
    assert.equal(nodeAt(await nodesOf(vault, entry), 'c/one').mode, 0o640);
    assert.deepEqual((await verifyAll(vault)).findings, []);
  });

  for (const folders of [false, true])
    test(`what an interrupted run had stored is used by the next${folders ? ', in folders' : ''}`, async () => {
      medium = new MemoryStorage(undefined, { folders });
      vault = await openTestObjects(medium);
      const large = randomBytes(70_000_000);
      writeFileSync(join(root, 'a-large-one'), large);
      writeFileSync(join(root, 'a-small-one'), 'small');
      const isLast = ({ operation, key }: { operation: string; key: string }) =>
        operation === 'put' && key.endsWith('/checksums.sha256');
      const dying = await openTestObjects(faultyStorage(medium, [{ at: 1, of: isLast, kind: 'dead' }]));
      await assert.rejects(take(dying, { root }), (error) => isHikaeError(error, 'STORAGE_FAILED'));
      assert.deepEqual(await listed(vault), []);
      // Its process, which is this one, would be gone.
      for (const key of keys()) if (key.startsWith('.hikae/locks/')) medium.objects.delete(keyFrom(key));
      for (const [name, time] of [
        ['the same', dayTime(0)],
        ['another day', dayTime(1)],
      ] as const) {
        const then = new MemoryStorage(medium.objects, { folders });
        const again = await openTestObjects(then);
        const { stored, entry } = await take(again, { root, time });
        assert.ok(stored.newBytes < 1_000, `${name}: ${stored.newBytes} bytes were sent again`);
        assert.equal(stored.summary.files, 5);
        assert.deepEqual((await verifyAll(again)).findings, []);
        const left = [...then.objects.keys()].filter((key) => !key.startsWith(`${entry.place}/`));
        assert.deepEqual(left, ['.hikae/vault.json'], name);
      }
    });

  test('what others have put where a snapshot grows is in none', async () => {
    const { place } = (await take(vault, { root })).entry;
    const writer = await writing(vault, async (writable) => {
      const begun = await writable.begin(draftOf({ time: dayTime(1) }), { emit: silent, signal: never });
      await begun.component({ name: 'c', origin: originOf({ root }) }, (troubles) =>
        captureOf({ root }, troubles),
      );
      await begun.abandon({ discard: false });
      return begun;
    });
    assert.ok(writer);
    for (const name of ['c/stranger', '.hikae/stranger', 'c/one'])
      medium.objects.set(keyFrom(`daily/files/2026-11-23/${name}`), { bytes: Buffer.from('?'), modified: 0 });
    const { entry } = await take(vault, { root, time: dayTime(1) });
    assert.deepEqual((await verifyAll(vault)).findings, []);
    const names = (of: string) =>
      keys().flatMap((key) => (key.startsWith(`${of}/`) ? [key.slice(of.length)] : []));
    assert.deepEqual(names(entry.place), names(place));
  });

  test('a snapshot that somebody took the manifest of is unreadable, and nobody removes the rest of it', async () => {
    const { entry } = await take(vault, { root });
    medium.objects.delete(keyFrom(`${entry.place}/.hikae/manifest`));
    const before = keys();
    const later = await take(vault, { root });
    assert.equal(later.entry.place, 'daily/files/2026-11-22T120000');
    const { snapshots, unreadable } = await vault.list({ signal: never });
    assert.deepEqual([snapshots.length, unreadable.map(({ place }) => place)], [1, [entry.place]]);
    for (const key of before) assert.ok(medium.objects.has(key), key);
  });

  test('an interrupted removal is finished by the next writer', async () => {
    const { entry } = await take(vault, { root });
    const isManifest = ({ operation, key }: { operation: string; key: string }) =>
      operation === 'remove' && key.endsWith('/manifest');
    const dying = await openTestObjects(faultyStorage(medium, [{ at: 1, of: isManifest, kind: 'dead' }]));
    const { snapshots } = await dying.list({ signal: never });
    await assert.rejects(
      writing(dying, (writable) => writable.remove(snapshots[0] as SnapshotEntry, { signal: never })),
    );
    assert.deepEqual(await listed(vault), []);
    for (const key of keys()) if (key.startsWith('.hikae/locks/')) medium.objects.delete(keyFrom(key));
    await writing(vault, async () => undefined);
    assert.deepEqual(keys(), ['.hikae/vault.json']);
    assert.equal((await take(vault, { root })).entry.place, entry.place);
  });

  test('damage is named, is not handed on, and is read anew from the source', async () => {
    const { entry } = await take(vault, { root });
    const at = (name: string) => `${entry.place}/${name}`;
    change(at('c/one'), 'THE FILE ONE');
    change(at('c/two'), 'short');
    medium.objects.delete(keyFrom(at('c/three')));
    medium.objects.set(keyFrom(at('c/extra')), { bytes: Buffer.from('?'), modified: 0 });
    const told = async (level: 'structure' | 'sample' | 'full') => {
      const sample = { seconds: 60, seed: 1 };
      const { snapshots } = await vault.list({ signal: never });
      const { findings } = await vault.verify(snapshots, { level, sample, emit: silent, signal: never });
      return findings.map(({ kind, path, places }) => `${kind} ${path} in ${places}`).sort();
    };
    const structure = ['extra c/extra', 'missing c/three', 'size c/two'];
    const all = (what: readonly string[]) => what.map((one) => `${one} in ${entry.place}`);
    assert.deepEqual(await told('structure'), all(structure));
    for (const level of ['sample', 'full'] as const)
      assert.deepEqual(await told(level), all(['content c/one', ...structure]));
    const reader = await vault.open(entry, { signal: never });
    const nodes = await nodesOf(vault, entry);
    for (const name of ['c/one', 'c/two', 'c/three'])
      await assert.rejects(
        async () => {
          for await (const _ of reader.content(nodeAt(nodes, name)));
        },
        (error) => isHikaeError(error, 'SNAPSHOT_CONTENT_DAMAGED'),
        name,
      );
    await reader.close();
    await assert.rejects(
      writing(vault, (writable) => writable.derive(entry, 'weekly', { emit: silent, signal: never })),
      (error) => isHikaeError(error, 'SNAPSHOT_CONTENT_DAMAGED'),
    );
    const next = await take(vault, { root, time: dayTime(1) });
    assert.equal(next.stored.newBytes, 'the file one'.length * 2 + 'the file three'.length);
    const again = await vault.verify([next.entry], { level: 'full', emit: silent, signal: never });
    assert.deepEqual(again.findings, []);
    await writing(vault, (writable) => writable.remove(entry, { signal: never }));
    assert.deepEqual(
      keys().filter((key) => key.startsWith('.hikae/')),
      ['.hikae/vault.json'],
    );
  });

  test('of the lists is told, and what relies on a damaged record stops', async () => {
    const { entry } = await take(vault, { root });
    const checksums = `${entry.place}/checksums.sha256`;
    const was = text(checksums);
    const kinds = async () => (await verifyAll(vault)).findings.map(({ kind }) => kind);
    change(checksums, was.replace('c/one', 'c/eno'));
    assert.deepEqual(await kinds(), ['checksums']);
    change(checksums, was);
    const manifest = `${entry.place}/.hikae/manifest`;
    change(manifest, text(manifest).replace('"size":12', '"size":13'));
    assert.ok((await kinds()).includes('manifest'));
    const damage = { bytes: Buffer.from('{'), modified: 0 };
    medium.objects.set(keyFrom(`.hikae/damaged/${entry.place}/x`), damage);
    await assert.rejects(take(vault, { root, time: dayTime(1) }), (error) =>
      isHikaeError(error, 'VAULT_DAMAGED'),
    );
  });

  test('a lock of another machine is in the way until it is old, one of a process that is gone is not', async () => {
    const other = await openTestObjects(medium, { machine: 'elsewhere' });
    const writable = await other.acquire({ wait: 0, emit: silent, signal: never });
    await assert.rejects(vault.acquire({ wait: 0, emit: silent, signal: never }), (error) =>
      isHikaeError(error, 'VAULT_LOCKED_ELSEWHERE'),
    );
    const [lock = ''] = keys().filter((key) => key.startsWith('.hikae/locks/'));
    const { bytes = Buffer.alloc(0) } = medium.objects.get(keyFrom(lock)) ?? {};
    medium.objects.set(keyFrom(lock), { bytes, modified: Date.now() - 31 * 60_000 });
    await (await vault.acquire({ wait: 0, emit: silent, signal: never })).release();
    await writable.release();
    const gone = { ...JSON.parse(Buffer.from(bytes).toString()), machine: 'test', started: 1 };
    const left = { bytes: Buffer.from(JSON.stringify(gone)), modified: Date.now() };
    medium.objects.set(keyFrom(`.hikae/locks/write-${'0'.repeat(32)}`), left);
    await (await vault.acquire({ wait: 0, emit: silent, signal: never })).release();
    assert.deepEqual(keys(), ['.hikae/vault.json']);
  });

  test('a lock that can not be read is named, in the way until it is old, and removed by hand', async () => {
    const { entry } = await take(vault, { root });
    const putGarbage = (name: string, age: number) =>
      medium.objects.set(keyFrom(`.hikae/locks/${name}`), {
        bytes: Buffer.from('garbage'),
        modified: Date.now() - age,
      });
    const acquire = async () => (await vault.acquire({ wait: 0, emit: silent, signal: never })).release();
    putGarbage('write-0', 60_000);
    await assert.rejects(acquire(), (error) => {
      assert.ok(isHikaeError(error, 'VAULT_LOCK_UNREADABLE'));
      assert.deepEqual([error.exit, error.details.object], [11, '.hikae/locks/write-0']);
      return true;
    });
    putGarbage('write-0', 31 * 60_000);
    putGarbage('other', 60_000);
    const found = (await vault.locks?.list({ signal: never })) ?? [];
    assert.deepEqual(
      found.map(({ id, holder, stale }) => [id, holder, stale]),
      [
        ['other', undefined, false],
        ['write-0', undefined, true],
      ],
    );
    await acquire();
    putGarbage('read-0', 60_000);
    const remove = () => writing(vault, (writable) => writable.remove(entry, { signal: never }));
    await assert.rejects(remove(), (error) => isHikaeError(error, 'SNAPSHOT_IN_USE'));
    for (const lock of (await vault.locks?.list({ signal: never })) ?? [])
      await vault.locks?.remove(lock, { signal: never });
    await remove();
    assert.deepEqual(
      keys().filter((key) => key.startsWith('.hikae/locks/')),
      [],
    );
  });

  test('a vault is made where there is nothing, once, and only by who asks for it', async () => {
    const open = (objects: MemoryStorage, options = {}) => openTestObjects(objects, options);
    const nothing = new MemoryStorage();
    for (const [seen, code] of [
      [false, 'VAULT_NOT_FOUND'],
      [true, 'VAULT_GONE'],
    ] as const)
      await assert.rejects(open(nothing, { create: false, seen }), (error) => isHikaeError(error, code));
    assert.equal(nothing.objects.size, 0);
    await nothing.put(keyFrom('config'), Buffer.from('of a repository'), { signal: never });
    await assert.rejects(open(nothing), (error) => isHikaeError(error, 'VAULT_FOREIGN'));
    change('.hikae/vault.json', '{"format":"hikae-plain-objects","version":2}');
    await assert.rejects(open(medium), (error) => isHikaeError(error, 'VAULT_NEWER'));
    change('.hikae/vault.json', '{"format":"hikae-plain-objects","version":1}');
    await assert.rejects(open(medium), (error) => isHikaeError(error, 'VAULT_DAMAGED'));
  });
});
