/** Adding what looks as if it belonged there, sealed with the repository's own password. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { DeleteBucketPolicyCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { isHikaeError } from '../../../src/base/errors.ts';
import { Kernels } from '../../../src/kernels/kernels.ts';
import type { PackedBlob } from '../../../src/vault/restic/format/blob.ts';
import { encodeConfig } from '../../../src/vault/restic/format/config.ts';
import { encodeIndexFile } from '../../../src/vault/restic/format/index-file.ts';
import { encodeKeyFile, newMasterKey } from '../../../src/vault/restic/format/key-file.ts';
import { encodeLockFile } from '../../../src/vault/restic/format/lock-file.ts';
import { randomPolynomial } from '../../../src/vault/restic/format/polynomial.ts';
import { Sealer } from '../../../src/vault/restic/format/sealing.ts';
import { quick } from '../../vault/restic-taking.ts';
import { captureOf, draftOf, never, originOf, silent, writing } from '../../vault/taking.ts';
import { type Attack, each } from '../attack.ts';
import { Forger } from '../forging.ts';
import { COMPONENT, DAY, type Field, TARGET } from '../ground.ts';

const KEYS = 300;
const LOCKS = 100;
const SECRET = 'written by the owner of the site tomorrow';

export const poisoning: readonly Attack[] = [
  {
    name: 'fake-keys',
    title: {
      en: `${KEYS} false keys, dated back, each as costly to try as may be`,
      ja: `過去の日付で、試すコストを最大にした偽の鍵 ${KEYS} 個`,
    },
    keys: 'uploader',
    answer: 'taken',
    reading: 'as ever',
    flaws: [],
    async attempt(field) {
      const random = (length: number) => randomBytes(length).toString('base64');
      await each(Array.from({ length: KEYS }), async () => {
        const file = {
          created: '2001-01-01T00:00:00Z',
          username: 'root',
          hostname: 'host',
          kdf: 'scrypt',
          N: 65_536,
          r: 8,
          p: 128,
          salt: random(64),
          data: random(200),
        };
        const body = Buffer.from(JSON.stringify(file));
        await field.put(`keys/${createHash('sha256').update(body).digest('hex')}`, body);
      });
    },
  },
  {
    name: 'fake-snapshots',
    title: {
      en: 'false snapshots: one dated back to yesterday, one to come, one under the name of a true one',
      ja: '偽のスナップショット：昨日の日付、未来の日付、本物と同じ名前',
    },
    keys: 'uploader',
    answer: 'taken',
    reading: 'as of',
    flaws: [],
    attempt: forgeSnapshots,
    async afterwards({ promised }, host) {
      // Under the name of a true one it changes nothing even for who does not look back.
      for (const snapshot of promised.slice(2)) await host.restores(snapshot, []);
      const { status, paths } = await host.verify(['--level', 'structure']);
      assert.deepEqual([status, paths.length], [21, 1]);
    },
  },
  {
    name: 'unreadable',
    title: {
      en: 'remove the bucket policy, then put objects among the others that nobody else can read (SSE-C)',
      ja: 'バケットポリシーを外し、侵入者しか読めないオブジェクト（SSE-C）を紛れ込ませる',
    },
    keys: 'owner',
    answer: 'taken',
    reading: 'as ever',
    flaws: [],
    async attempt(field) {
      const { bucket: Bucket, ground } = field;
      const { owner } = ground;
      await owner.send(new DeleteBucketPolicyCommand({ Bucket }));
      const SSECustomerKey = randomBytes(32).toString('base64');
      for (const folder of ['data/aa', 'index', 'keys', 'snapshots', 'locks']) {
        const Key = `${field.prefix}/${folder}/${randomBytes(32).toString('hex').replace(/^../, 'aa')}`;
        const own = { SSECustomerAlgorithm: 'AES256', SSECustomerKey } as const;
        await owner.send(new PutObjectCommand({ Bucket, Key, Body: randomBytes(300), ...own }));
      }
      await field.setPolicy();
    },
  },
  {
    name: 'claim-nowhere',
    title: {
      en: 'indexes that claim every blob, and one that is to come, for packs that are not there',
      ja: 'すべての blob と、これから保存される blob が、存在しないパックにあると主張するインデックス',
    },
    keys: 'uploader',
    answer: 'taken',
    reading: 'as ever',
    flaws: [],
    async attempt(field) {
      await forging(field, async (forger) => {
        const known = (await forger.packs()).flatMap(({ blobs }) => blobs);
        // Some of them come before the true ones in every order.
        for (let turn = 0; turn < 8; turn++)
          await forger.claim(randomBytes(32).toString('hex'), [...known, blobOf(SECRET)]);
      });
    },
    async afterwards(field) {
      await assert.rejects(backUpTomorrow(field), (error) => isHikaeError(error, 'VAULT_OBJECT_LOST'));
    },
  },
  {
    name: 'claim-garbage',
    title: {
      en: 'indexes that claim every blob, and one that is to come, for packs of garbage under their right hash',
      ja: 'すべての blob と、これから保存される blob が、正しいハッシュ名のでたらめなパックにあると主張するインデックス',
    },
    keys: 'uploader',
    answer: 'taken',
    reading: 'as ever',
    flaws: [],
    async attempt(field) {
      await forging(field, async (forger) => {
        const known = (await forger.packs()).flatMap(({ blobs }) => blobs);
        for (let turn = 0; turn < 8; turn++) {
          const { id, blobs } = await forger.garbagePack([...known, blobOf(SECRET)]);
          await forger.claim(id, blobs);
        }
      });
    },
    /** What is backed up from then on is poisoned, and verify from a clean host says what. */
    async afterwards(field, host) {
      assert.deepEqual(await host.verify(), { status: 0, paths: [] });
      await backUpTomorrow(field);
      const { status, paths } = await host.verify();
      assert.deepEqual([status, paths], [21, [`${TARGET}/${COMPONENT}/tomorrow`]]);
      for (const snapshot of field.promised.slice(2)) await host.restores(snapshot, []);
    },
  },
  {
    name: 'marks',
    title: {
      en: 'indexes that mark every pack for removal',
      ja: 'すべてのパックに削除の印を付けるインデックス',
    },
    keys: 'uploader',
    answer: 'taken',
    reading: 'as ever',
    flaws: [],
    async attempt(field) {
      await forging(field, async (forger) => {
        const time = new Date(Date.now() - 30 * DAY).toISOString();
        const marked = (await forger.packs()).map((pack) => ({ ...pack, time }));
        for (let turn = 0; turn < 4; turn++) {
          const some = [...marked, { id: randomBytes(32).toString('hex'), blobs: [], time }];
          await forger.put('index', encodeIndexFile([], some));
        }
      });
    },
  },
  {
    name: 'config',
    title: {
      en: 'put another repository on top: a config and a key of one’s own',
      ja: '別のリポジトリーを上に置く：自分の config と鍵',
    },
    keys: 'uploader',
    answer: 'taken',
    reading: 'as of',
    flaws: ['hidden'],
    async attempt(field) {
      const key = newMasterKey(randomBytes);
      const sealer = new Sealer(key, { kernels: new Kernels(0), random: randomBytes });
      const id = randomBytes(32).toString('hex');
      const config = encodeConfig({ version: 2, id, polynomial: randomPolynomial(randomBytes) });
      const owner = { created: new Date().toISOString(), username: 'root', hostname: 'host' };
      const file = await encodeKeyFile(key, { password: 'his own', cost: quick, ...owner }, randomBytes);
      await field.put('config', sealer.seal(config));
      await field.put(`keys/${createHash('sha256').update(file).digest('hex')}`, file);
    },
  },
  {
    name: 'locks',
    title: {
      en: `${LOCKS} locks of the repository that look as if somebody worked alone, and as many of garbage`,
      ja: `誰かが排他で作業中に見えるリポジトリーのロック ${LOCKS} 個と、でたらめなロック ${LOCKS} 個`,
    },
    keys: 'uploader',
    answer: 'taken',
    reading: 'as ever',
    flaws: [],
    async attempt(field) {
      await forging(field, async (forger) => {
        const usual = { exclusive: true, hostname: 'elsewhere', username: 'root', pid: 4711, uid: 0, gid: 0 };
        const json = encodeLockFile({ time: Date.now() + DAY, ...usual });
        await each(Array.from({ length: LOCKS }), async () => {
          await forger.put('locks', json);
          await field.put(`locks/${randomBytes(32).toString('hex')}`, randomBytes(100));
        });
      });
    },
  },
  {
    name: 'names',
    title: {
      en: 'objects of odd names: control characters, broken UTF-8, dots, a thousand letters, `latest`',
      ja: '奇妙な名前のオブジェクト：制御文字、壊れた UTF-8、ドット、1,000 文字、latest',
    },
    keys: 'uploader',
    answer: 'taken',
    reading: 'as ever',
    flaws: [],
    async attempt(field) {
      const id = 'a'.repeat(64);
      const names = [
        '',
        '\u0001',
        '\ufffe',
        '..',
        'latest',
        '../config',
        'x'.repeat(900),
        `${id}/${id}`,
        '%ff',
      ];
      for (const folder of ['data', 'index', 'keys', 'snapshots', 'locks'])
        for (const name of names) await field.put(`${folder}/${name}`, 'x');
      await field.put('latest', 'x');
      await field.put('config/config', 'x');
    },
  },
];

function blobOf(content: string): PackedBlob {
  const id = createHash('sha256').update(content).digest('hex');
  return { type: 'data', id, offset: 0, length: 200, plainLength: undefined };
}

async function forging(field: Field, work: (forger: Forger) => Promise<void>): Promise<void> {
  const forger = await Forger.at(field);
  try {
    await work(forger);
  } finally {
    await forger.close();
  }
}

/** The host backs up what the intruder has foreseen. */
async function backUpTomorrow(field: Field): Promise<void> {
  const { scratch } = field.ground;
  scratch.write('tomorrow/tomorrow', SECRET);
  const vault = await field.openAsHost();
  try {
    await field.backUp(vault, { root: scratch.at('tomorrow') });
  } finally {
    await vault.close();
  }
}

/** Trees of the intruder's own under dates, and under the name, of true ones. */
async function forgeSnapshots(field: Field): Promise<void> {
  const { promised, ground } = field;
  const root = ground.scratch.at('forged');
  ground.scratch.write('forged/page', 'pay me');
  const [, yesterday, newest] = promised;
  const fakes = [
    { id: randomBytes(16).toString('hex'), time: (yesterday?.time ?? 0) + 60_000 },
    { id: randomBytes(16).toString('hex'), time: Date.parse('2099-01-01T00:00:00Z') },
    { id: newest?.id ?? '', time: newest?.time ?? 0 },
  ];
  const vault = await field.openAsHost({ locked: false });
  try {
    for (const fake of fakes)
      await writing(vault, async (writable) => {
        const draft = { ...draftOf({ target: TARGET }), ...fake };
        const writer = await writable.begin(draft, { emit: silent, signal: never });
        const component = { name: COMPONENT, origin: originOf({ root }) };
        await writer.component(component, (troubles) => captureOf({ root, component: COMPONENT }, troubles));
        await writer.publish();
      });
  } finally {
    await vault.close();
  }
}
