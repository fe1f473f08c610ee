/** What only some media know, what time it is there, and how fast they are. */
import { createHash } from 'node:crypto';
import { formatSize } from '../../base/quantities.ts';
import { covers, keyFrom } from '../storage.ts';
import { anotherMedium, type CheckPlace, demand, type StorageCheck } from './check.ts';
import { keyIn, same } from './objects.ts';

const SMALL = 4_096;
/** Bytes of a piece of the large object. */
const PIECE = 65_536;
/** Questions whose median is the time of one. */
const QUESTIONS = 9;
/** What clocks may differ by, in milliseconds. */
const MOST_DRIFT = 5 * 60_000;

export const mediaChecks: readonly StorageCheck[] = [
  {
    name: 'copies',
    what: {
      en: 'the medium makes a second name or copy by itself, which outlives the first',
      ja: 'ハードリンクまたはサーバー側コピーができ、元を消しても残る',
    },
    why: { en: 'Unchanged files are shared in this way.', ja: '変わらないファイルはこの方法で共有します。' },
    mend: anotherMedium,
    applies: ({ storage }) => storage.capabilities.links !== 'none',
    async run(place) {
      const { storage, signal } = place;
      const [from, to] = [keyIn(place, 'from'), keyIn(place, 'to')];
      const bytes = place.random(SMALL);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      await storage.put(from, bytes, { signal });
      await storage.link(from, to, { expect: { size: SMALL, sha256 }, signal });
      await storage.remove(from, { signal });
      demand(same(await storage.read(to, { limit: SMALL, signal }), bytes), 'the copy is another');
      return undefined;
    },
  },
  {
    name: 'renames',
    what: { en: 'a folder moves with all in it, at once', ja: 'フォルダーを中身ごと一度に移動できる' },
    why: {
      en: 'A snapshot becomes visible by one rename, so that nobody sees half of it.',
      ja: 'スナップショットは 1 回の名前変更で公開し、途中の状態を見せません。',
    },
    mend: anotherMedium,
    applies: ({ storage }) => storage.tree !== undefined,
    async run(place) {
      const { storage, signal } = place;
      const [from, to] = [keyIn(place, 'growing'), keyIn(place, 'published')];
      const bytes = place.random(SMALL);
      await storage.put(keyFrom(`${from}/object`), bytes, { signal });
      await storage.tree?.move(from, to, { signal });
      const moved = await storage.read(keyFrom(`${to}/object`), { limit: SMALL, signal });
      demand(same(moved, bytes), 'it came back otherwise');
      const left = await storage.stat(keyFrom(`${from}/object`), { signal });
      demand(left === undefined, 'it is still where it was');
      return undefined;
    },
  },
  {
    name: 'locks',
    what: {
      en: 'a locked version has its date by the word of the server, and is read through a delete marker',
      ja: 'ロックした版の期日をサーバーが示し、削除マーカー越しに読める',
    },
    why: {
      en: 'Without it whoever has the keys can destroy every snapshot.',
      ja: 'これがないと、認証キーを持つ者がすべてのスナップショットを破壊できます。',
    },
    mend: {
      en: '`hikae guard` says what the bucket or the keys lack (Object Lock, s3:PutObjectRetention, s3:GetObjectRetention).',
      ja: 'バケットや認証キーに何が足りないか(オブジェクトロック、s3:PutObjectRetention、s3:GetObjectRetention)は `hikae guard` で分かります。',
    },
    applies: ({ lock }) => lock !== undefined,
    async run(place) {
      const { storage, signal } = place;
      const { locking } = storage;
      demand(locking !== undefined && place.lock !== undefined, 'the medium knows no locks');
      const { versioned, lockable, time } = await locking.state({ signal });
      demand(versioned !== false, 'the bucket keeps no versions');
      demand(lockable !== false, 'the bucket has no Object Lock');
      const lock = { mode: place.lock.mode, until: time + place.lock.milliseconds };
      const key = keyIn(place, 'locked');
      const bytes = place.random(SMALL);
      await storage.put(key, bytes, { lock, signal });
      await storage.remove(key, { signal });
      for await (const batch of locking.versions(key, { signal })) {
        for (const { version, deleted } of batch) {
          if (deleted) continue;
          const { lock: found } = await locking.statVersion(key, version, { signal });
          demand(covers(found, lock), `its lock is ${JSON.stringify(found)}`);
          const pieces: Uint8Array[] = [];
          for await (const piece of locking.streamVersion(key, version, { signal })) pieces.push(piece);
          demand(same(Buffer.concat(pieces), bytes), 'its bytes are others');
          return undefined;
        }
      }
      demand(false, 'no version of it is there');
    },
  },
  {
    name: 'hashes',
    what: {
      en: 'the server has checked the SHA-256 of what it stored',
      ja: '保存内容の SHA-256 をサーバーが検証している',
    },
    why: {
      en: 'What is damaged on the way would be found only when it is read again.',
      ja: '転送中の破損に、次に読むまで気付けません。',
    },
    mend: {
      en: 'Use a server of S3 that knows x-amz-checksum-sha256 (AWS, Ceph from 20 on).',
      ja: 'x-amz-checksum-sha256 に対応した S3 サーバー(AWS、Ceph 20 以降)を使ってください。',
    },
    applies: ({ storage }) => storage.locking !== undefined,
    async run(place) {
      const { storage, signal } = place;
      const bytes = place.random(SMALL);
      await storage.put(keyIn(place, 'object'), bytes, { signal });
      const { sha256 } = (await storage.stat(keyIn(place, 'object'), { signal })) ?? {};
      demand(sha256 !== undefined, 'it tells none');
      demand(sha256 === createHash('sha256').update(bytes).digest('hex'), 'it tells another');
      return undefined;
    },
  },
  {
    name: 'clock',
    what: { en: 'its clock and ours are at most 5 minutes apart', ja: '時計のずれが 5 分以内である' },
    why: {
      en: 'Dates of locks and of retention would be wrong; nothing is locked or forgotten then.',
      ja: 'ロックや世代整理の期日が狂います。その場合、ロックも削除も行いません。',
    },
    mend: {
      en: 'Set the clocks (`timedatectl`, chrony).',
      ja: '時計を合わせてください(`timedatectl`、chrony)。',
    },
    told: { en: '{seconds} s apart', ja: 'ずれは {seconds} 秒' },
    async run(place) {
      const { storage, clock, signal } = place;
      const key = keyIn(place, 'object');
      const before = clock.now();
      await storage.put(key, place.random(1), { signal });
      const { modified = 0 } = (await storage.stat(key, { signal })) ?? {};
      // It was put at some moment in between, and a medium may count whole seconds.
      const drift = Math.max(0, before - 1_000 - modified, modified - clock.now() - 1_000);
      demand(drift <= MOST_DRIFT, `they are ${Math.round(drift / 60_000)} minutes apart`);
      return { seconds: Math.round(drift / 1_000) };
    },
  },
  {
    name: 'speed',
    what: { en: 'a large object comes and goes whole', ja: '大きなオブジェクトを欠けなく送受信できる' },
    why: {
      en: 'Large objects are sent in parts; where these are put together wrongly every large file is lost.',
      ja: '大きなオブジェクトは分割して送ります。正しく結合されなければ、大きなファイルはすべて失われます。',
    },
    mend: anotherMedium,
    told: {
      en: '{size}: {upload}/s there, {download}/s back; {milliseconds} ms a question',
      ja: '{size}: 送信 {upload}/s、受信 {download}/s、応答 {milliseconds} ms',
    },
    async run(place) {
      const { storage, clock, largest, signal } = place;
      const key = keyIn(place, 'large');
      const seed = place.random(PIECE);
      const open = () => pieces(seed, largest);
      const began = clock.elapsed();
      await storage.put(key, { size: largest, open }, { signal });
      const stored = clock.elapsed();
      const [sent, back] = [createHash('sha256'), createHash('sha256')];
      for await (const piece of open()) sent.update(piece);
      const reading = clock.elapsed();
      for await (const piece of storage.stream(key, { signal })) back.update(piece);
      const read = clock.elapsed();
      demand(back.digest('hex') === sent.digest('hex'), 'it came back otherwise');
      return {
        size: formatSize(largest),
        upload: formatSize(rate(largest, stored - began)),
        download: formatSize(rate(largest, read - reading)),
        milliseconds: await askedFor(place, () => storage.stat(key, { signal })),
      };
    },
  },
];

function rate(bytes: number, seconds: number): number {
  return Math.round(bytes / Math.max(seconds, 0.001));
}

/** No two pieces are the same, so that none of them can stand for another. */
async function* pieces(seed: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < size; at += PIECE) {
    const piece = Buffer.from(seed.subarray(0, Math.min(PIECE, size - at)));
    if (piece.length >= 6) piece.writeUIntBE(at, 0, 6);
    yield piece;
  }
}

async function askedFor({ clock }: CheckPlace, ask: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let turn = 0; turn < QUESTIONS; turn++) {
    const began = clock.elapsed();
    await ask();
    times.push(clock.elapsed() - began);
  }
  const median = times.sort((one, other) => one - other)[Math.floor(QUESTIONS / 2)] ?? 0;
  return Math.round(median * 10_000) / 10;
}
