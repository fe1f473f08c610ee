/** Laying something else on top of what is there, and changing its locks. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  CopyObjectCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { type Attack, each, refused } from '../attack.ts';
import { DAY, type Field } from '../ground.ts';

const FAR = Date.parse('2126-01-01T00:00:00Z');

export const overwriting: readonly Attack[] = [
  {
    name: 'overwrite',
    title: { en: 'overwrite every object with garbage', ja: 'すべてのオブジェクトをでたらめな内容で上書き' },
    keys: 'uploader',
    answer: 'taken',
    reading: 'as of',
    flaws: ['hidden'],
    async attempt(field) {
      await each(await field.lasting(), ({ key }) => field.put(field.nameOf(key), randomBytes(300)));
    },
  },
  {
    name: 'overwrite-often',
    title: {
      en: 'overwrite every object five times, each locked for ten years, then delete it',
      ja: 'すべてのオブジェクトを 10 年ロックの偽物で 5 回上書きし、その後に削除',
    },
    keys: 'owner',
    answer: 'taken',
    reading: 'as of',
    flaws: ['hidden'],
    async attempt(field) {
      const { bucket: Bucket, ground } = field;
      const lock = {
        ObjectLockMode: 'COMPLIANCE',
        ObjectLockRetainUntilDate: new Date(Date.now() + 3_650 * DAY),
      } as const;
      await each(await field.lasting(), async ({ key: Key }) => {
        for (let time = 0; time < 5; time++)
          await ground.owner.send(new PutObjectCommand({ Bucket, Key, Body: randomBytes(300), ...lock }));
        await ground.owner.send(new DeleteObjectCommand({ Bucket, Key }));
      });
    },
  },
  {
    name: 'customer-keys',
    title: {
      en: 'overwrite every object, encrypted with a key of one’s own (SSE-C)',
      ja: 'すべてのオブジェクトを自分の鍵で暗号化して上書き（SSE-C）',
    },
    keys: 'uploader',
    answer: 'refused',
    reading: 'as ever',
    flaws: [],
    async attempt(field) {
      await each(await field.lasting(), ({ key }) =>
        refused(field.put(field.nameOf(key), randomBytes(300), ownKey())),
      );
    },
  },
  {
    name: 'customer-keys-owner',
    title: {
      en: 'remove the bucket policy, then re-encrypt every object with a key of one’s own (SSE-C)',
      ja: 'バケットポリシーを外し、すべてのオブジェクトを自分の鍵で再暗号化（SSE-C）',
    },
    keys: 'owner',
    answer: 'taken',
    reading: 'as of',
    flaws: ['hidden'],
    async attempt(field) {
      const { owner } = field.ground;
      await owner.send(new DeleteBucketPolicyCommand({ Bucket: field.bucket }));
      await each(await field.lasting(), ({ key }) => reencrypt(field, owner, key));
      await field.setPolicy();
    },
  },
  {
    name: 'shorten',
    title: {
      en: 'shorten every lock, turn it into governance, lift it',
      ja: 'すべてのロックを短縮、governance へ変更、解除',
    },
    keys: 'uploader',
    answer: 'refused',
    reading: 'as ever',
    flaws: [],
    attempt: (field) => weakenLocks(field, field.ground.uploader),
  },
  {
    name: 'shorten-owner',
    title: {
      en: 'remove the bucket policy, then shorten every lock, turn it into governance, lift it',
      ja: 'バケットポリシーを外し、すべてのロックを短縮、governance へ変更、解除',
    },
    keys: 'owner',
    answer: 'refused',
    reading: 'as ever',
    flaws: [],
    async attempt(field) {
      const { owner } = field.ground;
      await owner.send(new DeleteBucketPolicyCommand({ Bucket: field.bucket }));
      await weakenLocks(field, owner);
      await field.setPolicy();
    },
  },
  {
    name: 'far-future',
    title: {
      en: 'extend every lock by a hundred years (AWS: refused by the bucket policy)',
      ja: 'すべてのロックを 100 年延長（AWS ではバケットポリシーが拒否）',
    },
    keys: 'uploader',
    answer: 'taken',
    reading: 'as ever',
    flaws: [],
    async attempt(field) {
      const { bucket: Bucket, ground } = field;
      const Retention = { Mode: 'COMPLIANCE', RetainUntilDate: new Date(FAR) } as const;
      await each(await field.lasting(), ({ key: Key, version: VersionId }) =>
        ground.uploader.send(new PutObjectRetentionCommand({ Bucket, Key, VersionId, Retention })),
      );
    },
    async afterwards({ promised }, host) {
      const { proof } = await host.prove(promised[2]?.id ?? '', []);
      assert.equal(proof.protectedUntil, FAR);
    },
  },
];

function ownKey() {
  return { SSECustomerAlgorithm: 'AES256', SSECustomerKey: randomBytes(32).toString('base64') } as const;
}

function reencrypt({ bucket: Bucket }: Field, client: S3Client, Key: string): Promise<unknown> {
  return client.send(
    new CopyObjectCommand({
      Bucket,
      Key,
      CopySource: `${Bucket}/${Key}`,
      MetadataDirective: 'REPLACE',
      ...ownKey(),
    }),
  );
}

async function weakenLocks(field: Field, client: S3Client): Promise<void> {
  const Bucket = field.bucket;
  const soon = new Date(Date.now() + field.ground.arena.lock.for / 7);
  const late = new Date(Date.now() + 30 * DAY);
  await each(await field.lasting(), async ({ key: Key, version: VersionId }) => {
    const weaker = [
      { Mode: 'COMPLIANCE', RetainUntilDate: soon },
      { Mode: 'GOVERNANCE', RetainUntilDate: late },
      {},
    ] as const;
    for (const Retention of weaker)
      for (const BypassGovernanceRetention of [false, true])
        await refused(
          client.send(
            new PutObjectRetentionCommand({ Bucket, Key, VersionId, Retention, BypassGovernanceRetention }),
          ),
        );
  });
}
