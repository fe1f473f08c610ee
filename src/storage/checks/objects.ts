/** What every medium has to keep of objects. */
import { isHikaeError } from '../../base/errors.ts';
import { compareKeys } from '../key.ts';
import { type Key, keyFrom, type Storage } from '../storage.ts';
import { anotherMedium, type CheckPlace, demand, type StorageCheck } from './check.ts';

const SMALL = 4_096;
/** Objects that are put at a time to see how many of them come and go. */
const MANY = 100;
/** Names that some medium or other has trouble with. */
const NAMES = ['a b+c', '100%', '%41', "quo'te", '手紙', 'é', '&<>', '~tilde', '#hash', '?query', 'dot.'];

export const objectChecks: readonly StorageCheck[] = [
  {
    name: 'round-trip',
    what: { en: 'an object comes back as it was put, at once', ja: '置いた内容をすぐに、同じ内容で読める' },
    why: { en: 'Everything else depends on it.', ja: '他のすべてがこれを前提にしています。' },
    mend: anotherMedium,
    async run(place) {
      const { storage, signal } = place;
      const bytes = place.random(SMALL);
      const key = keyIn(place, 'object');
      await storage.put(key, bytes, { signal });
      demand(same(await storage.read(key, { limit: SMALL, signal }), bytes), 'it came back otherwise');
      const status = await storage.stat(key, { signal });
      demand(status?.size === SMALL, `${status?.size} bytes are told of ${SMALL}`);
      return undefined;
    },
  },
  {
    name: 'ranges',
    what: { en: 'a part of an object can be read', ja: 'オブジェクトの一部を読める' },
    why: {
      en: 'A single file is restored from a repository by such parts.',
      ja: 'リポジトリーからのファイル復元は、部分読み取りで行います。',
    },
    mend: anotherMedium,
    async run(place) {
      const { storage, signal } = place;
      const bytes = place.random(SMALL);
      const key = keyIn(place, 'object');
      await storage.put(key, bytes, { signal });
      for (const [offset, length] of [
        [0, 1],
        [1_000, 2_000],
        [SMALL - 1, 1],
      ] as const) {
        const part = await storage.readRange(key, { offset, length, signal });
        demand(same(part, bytes.subarray(offset, offset + length)), `bytes ${offset} and on are others`);
      }
      return undefined;
    },
  },
  {
    name: 'listing',
    what: {
      en: 'what was put is listed, in order, and what was removed is not',
      ja: '一覧が正しい順で、置いたものだけを示す',
    },
    why: {
      en: 'Snapshots are found by listing: one that is left out is lost, one that stays is forgotten again and again.',
      ja: 'スナップショットは一覧で探します。漏れれば失われ、残れば何度も削除しようとします。',
    },
    mend: anotherMedium,
    async run(place) {
      const { storage, signal } = place;
      const keys = ['b/2', 'a', 'b/10', 'c'].map((name) => keyIn(place, name));
      for (const key of keys) await storage.put(key, place.random(1), { signal });
      await storage.remove(keyIn(place, 'c'), { signal });
      const found = await listed(storage, place);
      const expected = keys.slice(0, 3).sort(compareKeys);
      demand(found.join() === expected.join(), `listed are ${found.join(', ')}`);
      const folders = await storage.folders(place.folder, { signal });
      demand(folders.join() === 'b', `folders are ${folders.join(', ')}`);
      return undefined;
    },
  },
  {
    name: 'names',
    what: {
      en: 'names with blanks, signs and letters beyond ASCII stay what they are',
      ja: '空白・記号・日本語を含む名前が変わらない',
    },
    why: {
      en: 'Dated trees carry the names of files.',
      ja: '日付フォルダーの保管先では、ファイル名がそのまま名前になります。',
    },
    mend: anotherMedium,
    async run(place) {
      const { storage, signal } = place;
      const keys = NAMES.map((name) => keyIn(place, name));
      for (const key of keys) await storage.put(key, Buffer.from(key), { signal });
      const found = new Set(await listed(storage, place));
      for (const key of keys) {
        demand(found.has(key), `${key} is not listed`);
        const bytes = await storage.read(key, { limit: SMALL, signal });
        demand(same(bytes, Buffer.from(key)), `${key} has the content of another`);
      }
      return undefined;
    },
  },
  {
    name: 'write-once',
    what: {
      en: 'no put takes the place of an object that is there',
      ja: '既にあるオブジェクトは上書きされない',
    },
    why: {
      en: 'A second host, or a run that is repeated, would silently replace what was stored.',
      ja: '別のホストや再実行が、保存済みの内容を黙って置き換えてしまいます。',
    },
    mend: anotherMedium,
    told: {
      en: 'of two at one moment {stored} said that they had stored',
      ja: '同時に置いた 2 つのうち {stored} つが成功と応答',
    },
    async run(place) {
      const { storage, signal } = place;
      const [first, second] = [place.random(SMALL), place.random(SMALL)];
      const key = keyIn(place, 'object');
      await storage.put(key, first, { signal });
      demand(await existed(storage.put(key, second, { signal })), 'it was overwritten');
      demand(same(await storage.read(key, { limit: SMALL, signal }), first), 'its bytes are others now');
      const raced = keyIn(place, 'raced');
      const refused = await Promise.all(
        [first, second].map((bytes) => existed(storage.put(raced, bytes, { signal }))),
      );
      const stored = refused.filter((one) => !one).length;
      demand(stored > 0, 'of two at one moment neither was stored');
      demand(
        stored === 1 || storage.capabilities.writeOnce === 'checked',
        'of two at one moment both were stored',
      );
      const left = await storage.read(raced, { limit: SMALL, signal });
      demand(same(left, first) || same(left, second), 'two at one moment became a mixture');
      return { stored };
    },
  },
  {
    name: 'whole-or-not',
    what: { en: 'what is cut off leaves nothing under its name', ja: '途中で切れた書き込みは、何も残さない' },
    why: {
      en: 'After a crash half an object would pass for a whole one.',
      ja: '異常終了の後、半分だけのオブジェクトが正常に見えてしまいます。',
    },
    mend: anotherMedium,
    async run(place) {
      const { storage, signal } = place;
      const key = keyIn(place, 'object');
      const piece = place.random(SMALL);
      const body = {
        size: 4 * SMALL,
        async *open() {
          yield piece;
        },
      };
      const refused = await storage.put(key, body, { signal }).then(
        () => undefined,
        (error: unknown) => error,
      );
      signal.throwIfAborted();
      demand(refused !== undefined, 'a body that ended early was stored');
      if (!isHikaeError(refused, 'STORAGE_BODY_CHANGED')) throw refused;
      demand((await storage.stat(key, { signal })) === undefined, 'a part of it is there');
      demand((await listed(storage, place)).length === 0, 'a part of it is listed');
      return undefined;
    },
  },
  {
    name: 'many',
    what: { en: `${MANY} objects at a time arrive, and go`, ja: `${MANY} 個を並行して置き、削除できる` },
    why: {
      en: 'Snapshots are sent with many requests at a time.',
      ja: 'スナップショットは多数の要求を並行して送ります。',
    },
    mend: {
      en: 'Look for bounds of sessions or requests on the server (MaxSessions of sshd, a proxy in between).',
      ja: 'サーバーの同時接続数の上限(sshd の MaxSessions、途中のプロキシ)を確かめてください。',
    },
    told: { en: '{perSecond} objects a second', ja: '毎秒 {perSecond} 個' },
    async run(place) {
      const { storage, clock, signal } = place;
      const keys = Array.from({ length: MANY }, (_, at) => keyIn(place, `object-${at}`));
      const began = clock.elapsed();
      await Promise.all(
        keys.map((key) => storage.put(key, place.random(100), { durable: 'at-sync', signal })),
      );
      await storage.sync({ signal });
      const seconds = clock.elapsed() - began;
      const found = (await listed(storage, place)).length;
      demand(found === MANY, `${found} are listed`);
      await Promise.all(keys.map((key) => storage.remove(key, { durable: 'at-sync', signal })));
      const left = (await listed(storage, place)).length;
      demand(left === 0, `${left} are left after all were removed`);
      return { perSecond: Math.round(MANY / Math.max(seconds, 0.001)) };
    },
  },
];

export function keyIn({ folder }: Pick<CheckPlace, 'folder'>, name: string): Key {
  return keyFrom(`${folder}/${name}`);
}

async function listed(storage: Storage, { folder, signal }: CheckPlace): Promise<readonly Key[]> {
  const keys: Key[] = [];
  for await (const batch of storage.list(folder, { signal })) for (const { key } of batch) keys.push(key);
  return keys;
}

async function existed(put: Promise<void>): Promise<boolean> {
  try {
    await put;
    return false;
  } catch (error) {
    if (!isHikaeError(error, 'STORAGE_EXISTS')) throw error;
    return true;
  }
}

export function same(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
