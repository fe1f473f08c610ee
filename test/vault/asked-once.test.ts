/** What a run asks of a vault elsewhere, where each question is a round trip: once, as long as nothing can have changed. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { CallOptions, Key, ObjectStatus, Storage } from '../../src/storage/storage.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { MemoryStorage } from '../doubles/memory-storage.ts';
import { openTestObjects } from './object-taking.ts';
import { openTestStorage } from './restic-taking.ts';
import { captureOf, dayTime, draftOf, never, originOf, silent, takeInto, writing } from './taking.ts';

const folder = mkdtempSync(join(tmpdir(), 'hikae-asked-'));
const root = join(folder, 'tree');
mkdirSync(root);
writeFileSync(join(root, 'file'), 'content');
after(() => rmSync(folder, { recursive: true }));

/** Knows which folders were listed. */
class WatchedStorage extends MemoryStorage {
  #listed: string[] = [];

  override list(of: Key | '', options: CallOptions): AsyncGenerator<readonly ObjectStatus[]> {
    this.#listed.push(of);
    return super.list(of, options);
  }

  override folders(of: Key | '', options: CallOptions): Promise<readonly string[]> {
    this.#listed.push(`${of}/`);
    return super.folders(of, options);
  }

  /** Each with how often it was listed since this was last asked. */
  listed(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const one of this.#listed.sort()) counts[one] = (counts[one] ?? 0) + 1;
    this.#listed = [];
    return counts;
  }
}

const own = '.hikae';
const kinds: readonly {
  readonly kind: string;
  readonly open: (storage: Storage) => Promise<Vault>;
  /** until the first file is stored, and when the snapshot is there and the list is asked for */
  readonly before: Record<string, number>;
  readonly afterwards: Record<string, number>;
}[] = [
  {
    kind: 'restic',
    open: openTestStorage,
    before: { keys: 1, locks: 2, snapshots: 1, index: 1 },
    afterwards: { snapshots: 1 },
  },
  {
    kind: 'plain',
    open: openTestObjects,
    before: {
      ...{ 'daily/': 1, 'weekly/': 1, 'safety/': 1, 'daily/files/': 1 },
      ...{ [`${own}/locks`]: 1, [`${own}/done`]: 1, [`${own}/unfinished`]: 1, [`${own}/removing`]: 1 },
      ...{ [`${own}/protected`]: 1, [`${own}/damaged`]: 1 },
      // What an interrupted run may have left at the very place.
      ...{ 'daily/files/2026-11-23': 1, [`${own}/done/daily/files/2026-11-23`]: 1 },
    },
    afterwards: {
      ...{ 'daily/files/': 1, 'weekly/files/': 1, 'safety/files/': 1 },
      ...{ [`${own}/unfinished`]: 1, [`${own}/removing`]: 1, [`${own}/protected`]: 1 },
    },
  },
];

for (const { kind, open, before, afterwards } of kinds) {
  describe(`of a ${kind} vault`, () => {
    const days = (vault: Vault) =>
      vault
        .list({ target: 'files', signal: never })
        .then(({ snapshots }) => snapshots.map(({ header }) => header.time));

    test('a run lists each folder once, and once more when it has added a snapshot', async () => {
      const storage = new WatchedStorage();
      const first = await open(storage);
      await writing(first, (writable) => takeInto(writable, { root, target: 'files', time: dayTime(0) }));
      storage.listed();
      const vault = await open(storage);
      await writing(vault, async (writable) => {
        const options = { signal: never };
        assert.deepEqual(await days(vault), [dayTime(0)]);
        assert.equal((await writable.predecessor('files', options))?.header.time, dayTime(0));
        const second = { root, target: 'files', time: dayTime(1) };
        const writer = await writable.begin(draftOf(second), { emit: silent, signal: never });
        assert.deepEqual(storage.listed(), before);
        const origin = originOf(second);
        await writer.component({ name: 'c', origin }, (troubles) => captureOf(second, troubles));
        await writer.publish();
        storage.listed();
        for (let time = 0; time < 2; time++) assert.deepEqual(await days(vault), [dayTime(0), dayTime(1)]);
        assert.deepEqual(storage.listed(), afterwards);
      });
    });
  });
}

test('a run on a repository sees what another machine has added, once it has added something itself', async () => {
  const storage = new MemoryStorage();
  const [vault, other] = [
    await openTestStorage(storage),
    await openTestStorage(storage, { machine: 'another' }),
  ];
  const at = (day: number) => ({ root, target: 'files', time: dayTime(day) });
  const times = async () => (await vault.list({ signal: never })).snapshots.map(({ header }) => header.time);
  await writing(vault, async (writable) => {
    assert.deepEqual(await times(), []);
    await writing(other, (others) => takeInto(others, at(1)));
    await takeInto(writable, at(2));
    assert.deepEqual(await times(), [dayTime(1), dayTime(2)]);
    assert.deepEqual((await vault.list({ signal: never })).unreadable, []);
  });
});
