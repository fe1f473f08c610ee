/** What holds of dated trees in a bucket with Object Lock, on a real server. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isHikaeError } from '../../src/base/errors.ts';
import type { Event } from '../../src/model/events.ts';
import type { SnapshotEntry } from '../../src/model/snapshot.ts';
import { type Key, keyFrom, type Locking, type Storage } from '../../src/storage/storage.ts';
import { asOf } from '../../src/storage/wrappers/as-of.ts';
import { TreeHashes } from '../../src/vault/plain/objects/locking/tree-hashes.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { collect } from '../storage/contract.ts';
import { openTestObjects } from './object-taking.ts';
import {
  dayTime,
  describeSnapshot,
  draftOf,
  listed,
  never,
  originOf,
  silent,
  take,
  verifyAll,
  writing,
} from './taking.ts';

const options = { signal: never };
const DAY = 86_400_000;
const locking = { mode: 'compliance', for: 2 * DAY, generation: 3 * DAY } as const;

export interface LockedSubject {
  /** a place with locks */
  open(prefix: string): Promise<Storage>;
  /** the same for one who may put, lock and read, and removes nothing but what hikae notes for itself */
  openAsUploader(prefix: string): Promise<Storage>;
  /** as its owner: a new version over what is there */
  overwrite(prefix: string, key: Key, bytes: Uint8Array): Promise<void>;
}

export function lockedTrees(subject: LockedSubject): void {
  describe('where the policy wants it locked', () => {
    let folder: string;
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'hikae-locked-'));
      for (const name of ['one', 'two', '%41']) writeFileSync(join(folder, name), `the file ${name}`);
    });
    after(() => rmSync(folder, { recursive: true }));

    const openLocked = async (prefix: string, open = subject.open) => {
      const storage = await open(prefix);
      return { storage, versions: versionsIn(storage), vault: await openTestObjects(storage, { locking }) };
    };

    /** Days from now that each object of a folder is locked for, by its key; 0 where it isn't. */
    async function daysLocked({ versions }: Opened, below: Key | ''): Promise<Map<Key, number>> {
      const days = new Map<Key, number>();
      for (const { key, version, deleted } of await collect(versions.versions(below, options))) {
        if (deleted) continue;
        const { lock, time } = await versions.statVersion(key, version, options);
        if (typeof lock === 'object') assert.equal(lock.mode, 'compliance');
        days.set(key, typeof lock === 'object' ? (lock.until - time) / DAY : 0);
      }
      return days;
    }

    async function proven(vault: Vault, entry: SnapshotEntry) {
      const proof = await vault.prove?.(entry, { emit: silent, ...options });
      assert.ok(proof !== undefined);
      return { ...proof, days: ((proof.protectedUntil ?? 0) - Date.now()) / DAY };
    }

    test('everything of a snapshot is locked with the request that stores it, and proven', async () => {
      const opened = await openLocked('locked/dates');
      const { vault } = opened;
      const events: Event[] = [];
      await take(vault, { root: folder });
      const { entry } = await take(vault, {
        root: folder,
        time: dayTime(1),
        emit: (event) => events.push(event),
      });
      const weekly = await writing(vault, (writable) =>
        writable.derive(entry, 'weekly', { emit: silent, ...options }),
      );
      for (const [key, days] of await daysLocked(opened, '')) {
        const isNote = /^\.hikae\/(?!vault\.json|evidence)/.test(key);
        const expected = isNote ? 0 : key.endsWith('/.hikae/manifest') ? 2 : 3;
        assert.ok(Math.abs(days - expected) < 0.01, `${key}: ${days}`);
      }
      const [told] = events.filter(({ type }) => type === 'locks.set');
      assert.ok(told?.type === 'locks.set');
      // Three files, the checksums, the manifest, and the vault's identity.
      assert.deepEqual([told.objects, told.extended], [6, 0]);

      for (const one of [entry, weekly]) {
        const proof = await proven(vault, one);
        assert.deepEqual(proof.findings, []);
        assert.ok(proof.days > 1.99 && proof.days < 2.01, `${proof.days}`);
        assert.equal(proof.objects.filter(({ hash }) => hash === 'same').length, 3);
      }
      const { snapshots } = await vault.list(options);
      for (const { protectedUntil = 0 } of snapshots) assert.ok(protectedUntil > Date.now() + 1.99 * DAY);
      await assert.rejects(
        writing(vault, (writable) => writable.remove(entry, options)),
        (error) => isHikaeError(error, 'SNAPSHOT_LOCKED'),
      );

      const until = Date.now() + 9 * DAY;
      await writing(vault, (writable) => writable.protect(entry, until, options));
      assert.ok((await proven(vault, entry)).days > 8.99);
      assert.ok((await proven(vault, weekly)).days < 2.01);
      await vault.close();
    });

    test('what was published before an attack is read, and laid on top again', async () => {
      const opened = await openLocked('locked/attacked');
      const { vault, storage, versions } = opened;
      const { entry } = await take(vault, { root: folder });
      const before = await describeSnapshot(vault, entry);
      const { time } = await versions.state(options);
      while ((await versions.state(options)).time <= time) await delay(50);

      for (const { key, deleted } of await collect(versions.versions('', options)))
        if (!deleted && !key.startsWith('.hikae/locks/'))
          await subject.overwrite('locked/attacked', key, Buffer.from('garbage'));
      // A mark that says "being removed" would have the next run finish it.
      for (const mark of ['removing', 'unfinished'])
        await subject.overwrite('locked/attacked', keyFrom(`.hikae/${mark}/${entry.place}`), Buffer.alloc(0));
      assert.equal((await vault.list(options)).unreadable.length, 1, 'it counts as damaged, not as gone');
      for (const key of [`${entry.place}/c/one`, `${entry.place}/.hikae/manifest`, '.hikae/vault.json'])
        await storage.remove(keyFrom(key), options);

      const hashes = new TreeHashes(versions, tmpdir());
      const then = asOf(storage, versions, time, (all, call) => hashes.choose(all, call));
      const old = await openTestObjects(then, { create: false });
      assert.deepEqual(await listed(old), [entry.place]);
      assert.deepEqual(await describeSnapshot(old, entry), before);
      const hidden = await proven(old, entry);
      assert.ok(hidden.days > 1.99, `${hidden.days}`);
      assert.equal(hidden.findings.length, hidden.objects.length);
      assert.ok(hidden.findings.every(({ flaw }) => flaw === 'hidden'));

      const planned = await old.undelete?.({ time, dryRun: true, ...options });
      assert.deepEqual([planned?.objects.length, planned?.lost], [hidden.objects.length, []]);
      await old.undelete?.({ time, dryRun: false, ...options });
      assert.deepEqual((await old.undelete?.({ time, dryRun: false, ...options }))?.objects, []);
      // Marks of others have removed nothing, and hinder nobody.
      const next = await take(vault, { root: folder, time: dayTime(1) });
      assert.deepEqual(await listed(vault), [entry.place, next.entry.place]);
      assert.deepEqual((await verifyAll(vault)).findings, []);
      await vault.close();
    });

    test('who may not remove stores snapshots all the same, and leaves the removal to others', async () => {
      const prefix = 'locked/roles';
      const owner = await openTestObjects(await subject.open(prefix));
      // Not locked: its time is over.
      const old = await take(owner, { root: folder });
      await owner.close();
      const { vault } = await openLocked(prefix, subject.openAsUploader);
      const events: Event[] = [];
      const emit = (event: Event) => void events.push(event);
      await writing(vault, async (writable) => {
        // A run that ends in the middle: what it has sent stays, and is used by the next one.
        const writer = await writable.begin(draftOf({ time: dayTime(1) }), { emit, ...options });
        const failing = writer.component({ name: 'c', origin: originOf({ root: folder }) }, () =>
          Promise.reject(new Error('no such thing')),
        );
        await assert.rejects(failing, /no such thing/);
        await writer.abandon({ discard: true });
      });
      const next = await take(vault, { root: folder, time: dayTime(1), emit });
      await assert.rejects(
        writing(vault, (writable) => writable.remove(old.entry, options)),
        (error) => isHikaeError(error, 'STORAGE_REFUSED'),
      );
      assert.deepEqual(await listed(vault), [old.entry.place, next.entry.place]);
      assert.deepEqual((await verifyAll(vault)).findings, []);
      await vault.close();
    });
  });
}

interface Opened {
  readonly storage: Storage;
  readonly versions: Locking;
  readonly vault: Vault;
}

function versionsIn({ locking: versions }: Storage): Locking {
  assert.ok(versions !== undefined);
  return versions;
}
