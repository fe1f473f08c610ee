/** Taking away what is there, or hiding it. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import {
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { isHikaeError } from '../../../src/base/errors.ts';
import { type Attack, each, refused } from '../attack.ts';
import type { Field } from '../ground.ts';

export const removing: readonly Attack[] = [
  {
    name: 'delete-objects',
    title: { en: 'delete every object', ja: 'すべてのオブジェクトを削除' },
    keys: 'uploader',
    answer: 'refused',
    reading: 'as ever',
    flaws: [],
    async attempt(field) {
      await each(await field.lasting(), ({ key }) =>
        refused(field.ground.uploader.send(new DeleteObjectCommand({ Bucket: field.bucket, Key: key }))),
      );
    },
  },
  {
    name: 'hide-objects',
    title: { en: 'delete every object', ja: 'すべてのオブジェクトを削除' },
    keys: 'owner',
    answer: 'taken',
    reading: 'as of',
    flaws: ['hidden'],
    attempt: hideAll,
    async afterwards(field, host) {
      const { status, result } = await host.run<object>(['snapshots', ...host.where]);
      assert.deepEqual([status, result.error?.code], [10, 'VAULT_NOT_FOUND']);
      // And none is made over what is hidden.
      await assert.rejects(field.openAsHost({ create: true }), (error) =>
        isHikaeError(error, 'VAULT_FOREIGN'),
      );
    },
  },
  {
    name: 'delete-versions',
    title: {
      en: 'delete every version, one by one and in batches',
      ja: 'すべてのバージョンを個別・一括で削除',
    },
    keys: 'uploader',
    answer: 'refused',
    reading: 'as ever',
    flaws: [],
    attempt: (field) => deleteVersions(field, field.ground.uploader),
  },
  {
    name: 'delete-versions-owner',
    title: {
      en: 'remove the bucket policy, then delete every version, bypassing governance',
      ja: 'バケットポリシーを外し、governance を迂回してすべてのバージョンを削除',
    },
    keys: 'owner',
    answer: 'refused',
    reading: 'as ever',
    flaws: [],
    async attempt(field) {
      const { owner } = field.ground;
      await owner.send(new DeleteBucketPolicyCommand({ Bucket: field.bucket }));
      await deleteVersions(field, owner);
      await field.setPolicy();
    },
  },
  {
    name: 'expire',
    title: {
      en: 'a lifecycle rule that expires everything after a day, and removes hidden versions after another',
      ja: '1 日で全オブジェクトを失効させ、隠れたバージョンを翌日に削除するライフサイクルルール',
    },
    keys: 'owner',
    answer: 'taken',
    reading: 'as of',
    flaws: ['hidden'],
    attempt: expireAll,
  },
];

async function hideAll(field: Field): Promise<void> {
  await each(await field.lasting(), ({ key }) =>
    field.ground.owner.send(new DeleteObjectCommand({ Bucket: field.bucket, Key: key })),
  );
}

async function deleteVersions(field: Field, client: S3Client): Promise<void> {
  const Bucket = field.bucket;
  const versions = await field.lasting();
  await each(versions, async ({ key: Key, version: VersionId }) => {
    await refused(client.send(new DeleteObjectCommand({ Bucket, Key, VersionId })));
    const bypassing = { Bucket, Key, VersionId, BypassGovernanceRetention: true };
    await refused(client.send(new DeleteObjectCommand(bypassing)));
  });
  const Objects = versions.map(({ key: Key, version: VersionId }) => ({ Key, VersionId }));
  // Of a batch every object has an answer of its own.
  const { Deleted = [], Errors = [] } = await client.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects }, BypassGovernanceRetention: true }),
  );
  assert.deepEqual([Deleted.length, Errors.length], [0, Objects.length]);
}

/** The lifecycle has done its work when what nobody has locked is gone. */
async function expireAll(field: Field): Promise<void> {
  const { owner } = field.ground;
  const Bucket = field.bucket;
  const Key = `${field.prefix}/unlocked`;
  await owner.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  const Rules = [
    {
      ID: 'away',
      Status: 'Enabled' as const,
      Filter: { Prefix: '' },
      Expiration: { Days: 1 },
      NoncurrentVersionExpiration: { NoncurrentDays: 1 },
    },
  ];
  await owner.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
  for (;;) {
    const versions = await field.versions();
    const isGone = versions.every(({ key, deleted }) => key !== Key || deleted);
    const isHidden = versions.filter(({ deleted }) => deleted).length > versions.length / 3;
    if (isGone && isHidden) return;
    await delay(200);
  }
}
