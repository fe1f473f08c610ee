/** Protecting a snapshot where objects are locked: told first, done as told, and never further than somebody has agreed to. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isHikaeError } from '../../src/base/errors.ts';
import type { Event } from '../../src/model/events.ts';
import type { Parts } from '../../src/operations/parts.ts';
import { planProtection, protectSnapshot } from '../../src/operations/protect.ts';
import { parseSnapshotSpec } from '../../src/operations/select.ts';
import type { Policy } from '../../src/policy/policy.ts';
import type { Key, Storage } from '../../src/storage/storage.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { LockedStorage } from '../doubles/locked-storage.ts';
import { openTestObjects } from './object-taking.ts';
import { openTestStorage } from './restic-taking.ts';
import { never, silent, take, writing } from './taking.ts';

const options = { signal: never };
const DAY = 86_400_000;
const lock = { mode: 'compliance', for: 10 * DAY, generation: 2 * DAY } as const;

const kinds: Readonly<Record<string, (storage: Storage, create: boolean) => Promise<Vault>>> = {
  restic: (storage, create) => openTestStorage(storage, { create, lock }),
  plain: (storage, create) => openTestObjects(storage, { create, locking: lock }),
};

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'hikae-protecting-'));
  for (const name of ['one', 'two']) writeFileSync(join(folder, name), `the file ${name}`);
});
after(() => rmSync(folder, { recursive: true }));

for (const [kind, open] of Object.entries(kinds)) {
  describe(`in a locked vault of the kind ${kind}`, () => {
    /** A vault in which one snapshot lies as a daily and as a weekly one, taken now. */
    async function setUp() {
      const storage = new LockedStorage(Date.now());
      const vault = await open(storage, true);
      const { entry } = await take(vault, { root: folder, time: Date.now() });
      await writing(vault, (writable) => writable.derive(entry, 'weekly', { emit: silent, ...options }));
      await vault.close();
      const told: Event[] = [];
      const parts = {
        clock: { now: () => Date.now(), elapsed: () => 0 },
        zone: 'UTC',
        emit: (event: Event) => told.push(event),
        signal: never,
        lockWait: 0,
        vaults: ['away'],
        policy: { cost: { currency: 'JPY', rate: 150 } } as unknown as Policy,
        openVault: async (name: string) => ({ name, vault: await open(storage, false) }),
        random: randomBytes,
      } as unknown as Parts;
      const request = (days: number | undefined, yes = false) => ({
        spec: parseSnapshotSpec(entry.header.target),
        until: days === undefined ? undefined : Date.now() + days * DAY,
        yes,
      });
      return { storage, parts, told, request };
    }

    /** Days that each object is locked for, of all that is seen but the notes that vaults take for themselves. */
    async function daysLocked({ locking, time }: LockedStorage): Promise<Map<Key, number>> {
      const days = new Map<Key, number>();
      for await (const batch of locking.versions('', options)) {
        for (const { key, version, latest, deleted } of batch) {
          if (!latest || deleted || /^locks\/|^\.hikae\/(?!vault)/.test(key)) continue;
          const { lock: found } = await locking.statVersion(key, version, options);
          days.set(key, typeof found === 'object' ? Math.round((found.until - time) / DAY) : 0);
        }
      }
      return days;
    }

    test('a dry run says what is locked for longer, and the run does that and no more', async () => {
      const { storage, parts, told, request } = await setUp();
      const before = await daysLocked(storage);
      const plan = await planProtection(request(30), parts);
      assert.deepEqual(await daysLocked(storage), before, 'nothing is changed');
      const { locks } = plan;
      assert.ok(
        locks !== undefined && plan.places.length === 2 && !plan.far && plan.lockedUntil === undefined,
      );
      assert.ok(locks.price.requests > 0 && locks.price.storage > 0 && locks.price.currency === 'JPY');

      const done = await protectSnapshot(request(30), parts);
      assert.deepEqual({ ...done.locks, until: 0, price: 0 }, { ...locks, until: 0, price: 0 });
      const expected = told.filter(({ type }) => type === 'protection.expected');
      assert.deepEqual(
        expected.map((event) => event.type === 'protection.expected' && event.extended),
        [locks.extended],
      );
      const after = await daysLocked(storage);
      const longer = [...after].filter(([key, days]) => before.has(key) && days > (before.get(key) ?? 0));
      const bytes = await Promise.all(
        longer.map(async ([key]) => (await storage.stat(key, options))?.size ?? 0),
      );
      assert.equal(longer.length, locks.extended);
      assert.equal(
        bytes.reduce((sum, size) => sum + size, 0),
        locks.extendedBytes,
      );
      for (const [key, days] of after) assert.ok(days >= 30 && days <= 32, `${key}: ${days}`);
    });

    test('a date that the locks reach already is said, and nothing is written', async () => {
      const { storage, parts, told, request } = await setUp();
      const before = await daysLocked(storage);
      const done = await protectSnapshot(request(9), parts);
      assert.ok(
        Math.abs((done.lockedUntil ?? 0) - (Date.now() + 10 * DAY)) < DAY / 10,
        `${done.lockedUntil}`,
      );
      assert.equal(done.protectedUntil, done.lockedUntil);
      assert.deepEqual([await daysLocked(storage), told], [before, []]);
    });

    test('a date further away than a policy may promise is locked only with --yes', async () => {
      const { storage, parts, told, request } = await setUp();
      const before = await daysLocked(storage);
      assert.equal((await planProtection(request(400), parts)).far, true);
      await assert.rejects(protectSnapshot(request(400), parts), (error) =>
        isHikaeError(error, 'PROTECTION_FAR'),
      );
      assert.deepEqual(await daysLocked(storage), before);
      assert.equal(
        told.filter(({ type }) => type === 'protection.expected').length,
        1,
        'the price is shown first',
      );
      await protectSnapshot(request(400, true), parts);
      for (const [key, days] of await daysLocked(storage)) assert.ok(days >= 400, `${key}: ${days}`);
    });

    test('to lift a protection makes no lock longer, and none shorter', async () => {
      const { storage, parts, request } = await setUp();
      await protectSnapshot(request(30), parts);
      const before = await daysLocked(storage);
      await protectSnapshot(request(undefined), parts);
      const after = await daysLocked(storage);
      for (const [key, days] of after) assert.equal(days, before.get(key) ?? 30, key);
      assert.equal(after.size, before.size);
    });
  });
}
