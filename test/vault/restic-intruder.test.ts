/** What somebody adds to a repository who has got in: it neither hides nor replaces what was there before. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isHikaeError } from '../../src/base/errors.ts';
import { Secret } from '../../src/base/secret.ts';
import { storageErrors } from '../../src/storage/errors.ts';
import type { Key, Storage } from '../../src/storage/storage.ts';
import { encodeLockFile } from '../../src/vault/restic/format/lock-file.ts';
import { encodeSnapshotFile, parseSnapshotFile } from '../../src/vault/restic/format/snapshot-file.ts';
import { readUnpacked, writeUnpacked } from '../../src/vault/restic/objects.ts';
import { openRepository } from '../../src/vault/restic/repository.ts';
import { MemoryStorage } from '../doubles/memory-storage.ts';
import { openTestStorage, PASSWORD } from './restic-taking.ts';
import { dayTime, describeSnapshot, listed, never, silent, take, verifyAll } from './taking.ts';

let root = '';
let storage: MemoryStorage;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hikae-intruder-'));
  mkdirSync(join(root, 'folder'));
  writeFileSync(join(root, 'folder/file'), 'content');
  storage = new MemoryStorage();
});
afterEach(() => rmSync(root, { recursive: true }));

async function forging() {
  const password = new Secret(PASSWORD);
  const repository = await openRepository(storage, { password, random: randomBytes, signal: never });
  assert.ok(repository !== undefined);
  return { ...repository, version: 2 as const };
}

function plant(key: string, bytes: Uint8Array): void {
  storage.objects.set(key as Key, { bytes, modified: Date.now() + 60_000 });
}

/** What is put after this is later, whatever the clock says of it. */
function age(): void {
  for (const [key, { bytes }] of storage.objects) storage.objects.set(key, { bytes, modified: 1_000 });
}

describe('somebody who has got in', () => {
  test('keeps nobody out by false keys, whatever they say of themselves', async () => {
    const vault = await openTestStorage(storage);
    const options = { recovery: true, wait: 0, emit: silent, signal: never };
    await vault.keys?.add(new Secret('of the page'), options);
    age();
    for (let at = 0; at < 200; at++) {
      const base64 = (length: number) => randomBytes(length).toString('base64');
      const scrypt = { kdf: 'scrypt', N: 65_536, r: 8, p: 128, salt: base64(64), data: base64(200) };
      const bytes = Buffer.from(JSON.stringify({ created: '2001-01-01T00:00:00Z', ...scrypt }));
      plant(`keys/${createHash('sha256').update(bytes).digest('hex')}`, bytes);
    }
    for (const password of [PASSWORD, 'of the page'])
      await (await openTestStorage(storage, { create: false, password })).close();
    await vault.close();
  });

  test('puts no snapshot in the place of another', async () => {
    const vault = await openTestStorage(storage);
    const { entry } = await take(vault, { root, target: 'blog' });
    writeFileSync(join(root, 'folder/file'), 'pay me');
    const { entry: other } = await take(vault, { root, target: 'blog', time: dayTime(1) });
    age();
    const true_ = await describeSnapshot(vault, entry);
    const repository = await forging();
    const files = [...storage.objects.keys()].filter((key) => key.startsWith('snapshots/'));
    const read = async (key: Key) => ({
      key,
      file: await readUnpacked(repository, key, parseSnapshotFile, { signal: never }),
    });
    const both = await Promise.all(files.map(read));
    const [first, second] = [entry, other].map(({ header }) =>
      both.find(({ file }) => file.tags?.includes(`id:${header.id}`)),
    );
    assert.ok(first !== undefined && second !== undefined);
    const tags = [...(first.file.tags ?? []), 'protected:2099-01-01T00:00:00.000Z'];
    // It says of itself that it stays longer, but its content is that of the other.
    const false_ = encodeSnapshotFile({ ...first.file, tags, tree: second.file.tree });
    const id = await writeUnpacked(repository, 'snapshots', false_, { signal: never });
    const reopened = await openTestStorage(storage, { create: false });
    assert.deepEqual(await listed(reopened), [entry.place, other.place]);
    assert.deepEqual(await describeSnapshot(reopened, entry), true_);
    const { unreadable } = await reopened.list({ signal: never });
    assert.deepEqual(
      unreadable.map(({ place }) => place),
      [`snapshots/${id}`],
    );
    await reopened.close();
    await vault.close();
  });

  test('hides nothing by objects at odd places', async () => {
    const vault = await openTestStorage(storage);
    await take(vault, { root });
    const id = 'a'.repeat(64);
    for (const folder of ['data', 'index', 'keys', 'snapshots', 'locks'])
      plant(`${folder}/${id}/${id}`, Buffer.from('x'));
    const reopened = await openTestStorage(storage, { create: false });
    assert.equal((await listed(reopened)).length, 1);
    assert.deepEqual((await verifyAll(reopened)).findings, []);
    await reopened.close();
    await vault.close();
  });

  test('keeps out nobody who only reads, by a lock', async () => {
    const vault = await openTestStorage(storage);
    const { entry } = await take(vault, { root });
    const usual = { exclusive: true, hostname: 'elsewhere', username: 'root', pid: 4711, uid: 0, gid: 0 };
    const json = encodeLockFile({ time: Date.now(), ...usual });
    await writeUnpacked(await forging(), 'locks', json, { signal: never });
    await assert.rejects(vault.open(entry, { signal: never }), (error) =>
      isHikaeError(error, 'VAULT_REPOSITORY_LOCKED'),
    );
    const reading = await openTestStorage(readOnly(storage), { create: false });
    assert.equal((await describeSnapshot(reading, entry)).size > 0, true);
    await reading.close();
    await vault.close();
  });

  test('blocks nothing by objects that only he can read', async () => {
    const vault = await openTestStorage(storage);
    const { entry } = await take(vault, { root });
    const mine = new Set<string>();
    for (const folder of ['index', 'keys', 'snapshots']) {
      const key = `${folder}/${randomBytes(32).toString('hex')}`;
      plant(key, Buffer.from('x'));
      mine.add(key);
    }
    const reading = await openTestStorage(failing(storage, mine), { create: false });
    assert.deepEqual(await listed(reading), [entry.place]);
    assert.equal((await describeSnapshot(reading, entry)).size > 0, true);
    await reading.close();
    await vault.close();
  });
});

/** As for keys that may put nothing. */
function readOnly(inner: Storage): Storage {
  return changed(inner, {
    put: async (key) => {
      throw storageErrors.STORAGE_REFUSED({
        storage: inner.location,
        operation: 'put',
        key,
        reason: 'HTTP 403',
      });
    },
  });
}

function failing(inner: Storage, keys: ReadonlySet<string>): Storage {
  return changed(inner, {
    read: async (key, options) => {
      if (!keys.has(key)) return inner.read(key, options);
      const reason = 'HTTP 400';
      throw storageErrors.STORAGE_FAILED({ storage: inner.location, operation: 'read', key, reason });
    },
  });
}

function changed(inner: Storage, changes: Partial<Storage>): Storage {
  return new Proxy(inner, {
    get(target, name) {
      const own = Reflect.get(changes, name);
      if (own !== undefined) return own;
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
