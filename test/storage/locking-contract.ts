/** What a storage with versions and locks keeps, as checks that any such medium can be put through. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/base/clock.ts';
import { runStorageChecks } from '../../src/storage/checks/checks.ts';
import { type Key, keyFrom, type Lock, type Locking, type Storage } from '../../src/storage/storage.ts';
import { asOf } from '../../src/storage/wrappers/as-of.ts';
import { retrying } from '../../src/storage/wrappers/retrying.ts';
import { faultyStorage } from '../doubles/faulty-storage.ts';
import { bodyOf, collect, collectBytes, failsWith, never, read } from './contract.ts';
import { patternOf } from './pattern.ts';

const options = { signal: never };

export interface LockingSubject {
  /** bytes above which it takes an object in parts */
  readonly parts: number;
  open(): Promise<Storage>;
  /** a place without locks and versions, on the same server */
  openPlain(): Promise<Storage>;
  /** the same place for somebody who may read all of it, and may neither see locks nor change anything */
  openAsReader(): Promise<Storage>;
  /** as its owner: a new version over what is there, and the removal of one version for good */
  overwrite(key: Key, bytes: Uint8Array): Promise<void>;
  destroy(key: Key, version: string): Promise<void>;
}

export function lockingContract(subject: LockingSubject): void {
  describe('versions and locks', () => {
    let storage: Storage;
    let locking: Locking;
    before(async () => {
      storage = await subject.open();
      assert.ok(storage.locking !== undefined);
      locking = storage.locking;
    });
    after(() => storage.close());

    const lock = (seconds: number, mode: Lock['mode'] = 'compliance'): Lock => ({
      mode,
      until: Date.now() + seconds * 1_000 + 1,
    });
    const versionsOf = (key: Key | '') => collect(locking.versions(key, options));
    const only = async (key: Key) => {
      const [version, ...more] = await versionsOf(key);
      assert.ok(version !== undefined && more.length === 0);
      return version.version;
    };
    async function lockedUntil(key: Key, version: string): Promise<number> {
      const { lock: found } = await locking.statVersion(key, version, options);
      assert.ok(typeof found === 'object', String(found));
      return found.until;
    }

    test('the medium says whether it has them, and what time it is', async () => {
      const plain = await subject.openPlain();
      try {
        for (const [one, has] of [
          [storage, true],
          [plain, false],
        ] as const) {
          const state = await one.locking?.state(options);
          assert.deepEqual([state?.versioned, state?.lockable], [has, has]);
          assert.ok(Math.abs((state?.time ?? 0) - Date.now()) < 60_000);
        }
        // A lock that would not be there is never taken for one.
        await assert.rejects(plain.put(keyFrom('locked'), patternOf(10), { ...options, lock: lock(60) }));
        assert.equal(await plain.stat(keyFrom('locked'), options), undefined);
      } finally {
        await plain.close();
      }
    });

    test('an object is locked from its first moment, however it is sent', async () => {
      const bytes = patternOf(4 * subject.parts + 1_000);
      const wanted = lock(3_600);
      await storage.put(keyFrom('sent/small'), bytes.subarray(0, 1_000), { ...options, lock: wanted });
      await storage.put(keyFrom('sent/stream'), bodyOf(bytes.subarray(0, 1_000)), {
        ...options,
        lock: wanted,
      });
      await storage.put(keyFrom('sent/parts'), bytes, { ...options, lock: wanted });
      await storage.put(keyFrom('sent/free'), bytes.subarray(0, 1_000), options);
      for (const { key, version, latest, deleted } of await versionsOf(keyFrom('sent'))) {
        assert.deepEqual([latest, deleted], [true, false]);
        const status = await locking.statVersion(key, version, options);
        assert.ok(status.request.length > 0 && Math.abs(status.time - Date.now()) < 60_000);
        if (key === 'sent/free') {
          assert.equal(status.lock, 'none');
          continue;
        }
        assert.ok(typeof status.lock === 'object');
        assert.equal(status.lock.mode, 'compliance');
        assert.ok(status.lock.until >= wanted.until && status.lock.until < wanted.until + 1_000);
        if (key === 'sent/parts') continue;
        const sha256 = createHash('sha256').update(bytes.subarray(0, 1_000)).digest('hex');
        assert.equal(status.sha256, sha256);
      }
      assert.equal((await versionsOf(keyFrom('sent'))).length, 4);
    });

    test('a copy is locked from its first moment, whatever its source has', async () => {
      const [from, to] = [keyFrom('copied/from'), keyFrom('copied/to')];
      await storage.put(from, patternOf(1_000), options);
      const wanted = lock(3_600);
      await storage.link(from, to, { ...options, lock: wanted });
      assert.ok((await lockedUntil(to, await only(to))) >= wanted.until);
      assert.equal((await locking.statVersion(from, await only(from), options)).lock, 'none');
    });

    test('what a user is told of locks on his own medium holds on this one', async () => {
      const place = { folder: keyFrom('checks'), clock: systemClock, random: randomBytes, largest: 1 };
      const wanted = { mode: 'compliance', milliseconds: 60_000 } as const;
      for await (const { end, reason } of runStorageChecks({ storage, lock: wanted, ...place, ...options }, [
        'locks',
        'hashes',
      ]))
        assert.equal(end, 'kept', reason ?? end);
    });

    test('a locked version outlives markers, garbage on top of it and the attempt to remove it', async () => {
      const key = keyFrom('attacked');
      const bytes = patternOf(5_000);
      await storage.put(key, bytes, { ...options, lock: lock(3_600) });
      const good = await only(key);
      await subject.overwrite(key, Buffer.from('garbage'));
      await storage.remove(key, options);
      await assert.rejects(subject.destroy(key, good));
      assert.equal(await storage.stat(key, options), undefined);
      const found = await versionsOf(key);
      assert.deepEqual(found.map(({ latest, deleted }) => [latest, deleted]).sort(), [
        [false, false],
        [false, false],
        [true, true],
      ]);
      assert.deepEqual(Buffer.from(await collectBytes(locking.streamVersion(key, good, options))), bytes);
      const range = { ...options, offset: 1_000, length: 10 };
      const part = await collectBytes(locking.streamVersion(key, good, range));
      assert.deepEqual(Buffer.from(part), bytes.subarray(1_000, 1_010));
      await locking.layOnTop(key, good, { ...options, lock: lock(3_600) });
      assert.deepEqual(await read(storage, key), bytes);
      const top = (await versionsOf(key)).find(({ latest }) => latest);
      assert.ok((await lockedUntil(key, top?.version ?? '')) > Date.now());
    });

    test('an extension is of the version that it names, and never makes a lock shorter or weaker', async () => {
      const key = keyFrom('extended');
      await storage.put(key, patternOf(10), { ...options, lock: lock(600) });
      const good = await only(key);
      await subject.overwrite(key, Buffer.from('garbage'));
      const [garbage] = (await versionsOf(key)).filter(({ version }) => version !== good);
      const longer = lock(7_200);
      await locking.extend(key, good, longer, options);
      assert.ok((await lockedUntil(key, good)) >= longer.until);
      const other = await locking.statVersion(key, garbage?.version ?? '', options);
      assert.equal(other.lock, 'none');
      await locking.extend(key, good, lock(60, 'governance'), options);
      const { lock: kept } = await locking.statVersion(key, good, options);
      assert.ok(typeof kept === 'object' && kept.mode === 'compliance' && kept.until >= longer.until);
      const nowhere = locking.extend(key, 'no-such-version', longer, options);
      await assert.rejects(nowhere, failsWith('STORAGE_NOT_FOUND', { key: 'extended' }));
    });

    test('what was there at a time is read as it was, whatever was done since and before', async () => {
      const bytes = patternOf(5_000);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const [named, fixed, gone, late] = [`then/${sha256}`, 'then/fixed', 'then/gone', 'then/late'].map(
        keyFrom,
      );
      assert.ok(named && fixed && gone && late);
      for (const key of [named, fixed, gone]) await storage.put(key, bytes, options);
      // Laid on top before that time already.
      for (const key of [named, fixed]) await subject.overwrite(key, Buffer.from('garbage'));
      await storage.remove(gone, options);
      const time = (await locking.state(options)).time;
      while ((await locking.state(options)).time <= time) await delay(50);
      for (const key of [named, fixed]) await storage.remove(key, options);
      await storage.put(late, bytes, options);

      const then = asOf(storage, locking, time);
      const listed = await collect(then.list(keyFrom('then'), options));
      assert.deepEqual(
        listed.map(({ key, size }) => [key, size]),
        [named, fixed].sort().map((key) => [key, bytes.length]),
      );
      for (const key of [named, fixed]) {
        assert.deepEqual(await read(then, key), bytes);
        assert.equal((await then.stat(key, options))?.sha256, sha256);
        const range = { ...options, offset: 100, length: 50 };
        assert.deepEqual(Buffer.from(await then.readRange(key, range)), bytes.subarray(100, 150));
      }
      for (const key of [gone, late]) {
        assert.equal(await then.stat(key, options), undefined);
        await assert.rejects(read(then, key), failsWith('STORAGE_NOT_FOUND', { key }));
      }
      assert.ok((await then.folders('', options)).includes('then'));
      for (const change of [then.put(late, bytes, options), then.remove(fixed, options)])
        await assert.rejects(change, failsWith('STORAGE_REFUSED', {}));
    });

    test('what we may not see is unknown, and what we may not do is refused', async () => {
      const key = keyFrom('seen');
      await storage.put(key, patternOf(10), { ...options, lock: lock(600) });
      const version = await only(key);
      const reader = await subject.openAsReader();
      try {
        const { locking: blind } = reader;
        assert.ok(blind !== undefined);
        const { versioned, lockable } = await blind.state(options);
        assert.deepEqual([versioned, lockable], [undefined, undefined]);
        assert.equal((await blind.statVersion(key, version, options)).lock, 'unknown');
        const extended = blind.extend(key, version, lock(7_200), options);
        await assert.rejects(extended, failsWith('STORAGE_REFUSED', { operation: 'extend', key }));
      } finally {
        await reader.close();
      }
    });

    test('an object whose answer was lost is known as ours only when its lock is there', async () => {
      const key = keyFrom('lost-answer');
      const faulty = faultyStorage(storage, [
        { at: 1, of: ({ operation }) => operation === 'put', kind: 'lose-answer' },
      ]);
      const wanted = lock(600);
      const again = retrying(faulty, { attempts: 2, pause: 1, random: Math.random });
      await again.put(key, patternOf(10), { ...options, lock: wanted });
      assert.ok((await lockedUntil(key, await only(key))) >= wanted.until);
      assert.ok(again.locking !== undefined);
      assert.equal((await collect(again.locking.versions(key, options))).length, 1);
    });
  });
}
