/** Changing the bucket itself. */
import {
  DeleteBucketCommand,
  DeleteBucketLifecycleCommand,
  DeleteBucketPolicyCommand,
  type ObjectLockRule,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { type Attack, refused } from '../attack.ts';
import type { Field } from '../ground.ts';

const oneDay: ObjectLockRule = { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } };

export const settings: readonly Attack[] = [
  {
    name: 'settings',
    title: {
      en: 'change lifecycle, versioning, default retention, policy and public access; delete the bucket',
      ja: 'ライフサイクル、バージョニング、既定の保持期間、ポリシー、公開設定を変更し、バケットを削除',
    },
    keys: 'uploader',
    answer: 'refused',
    reading: 'as ever',
    flaws: [],
    async attempt({ bucket: Bucket, ground: { uploader } }) {
      const Rules = [
        { ID: 'x', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } },
      ] as const;
      const everybody = JSON.stringify({ Version: '2012-10-17', Statement: [] });
      const attempts = [
        new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: [...Rules] } }),
        new DeleteBucketLifecycleCommand({ Bucket }),
        new PutBucketPolicyCommand({ Bucket, Policy: everybody }),
        new DeleteBucketPolicyCommand({ Bucket }),
        new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: {} }),
      ];
      for (const attempt of attempts) await refused(uploader.send(attempt as never));
      await refused(uploader.send(lockSettings(Bucket, oneDay)));
      await weakenVersioning(Bucket, uploader);
    },
  },
  {
    name: 'settings-owner',
    title: {
      en: 'default retention of one day in governance; then suspend versioning, switch Object Lock off, delete the bucket',
      ja: '既定の保持期間を governance の 1 日に変更し、バージョニングの停止、オブジェクトロック の無効化、バケットの削除',
    },
    keys: 'owner',
    answer: 'refused',
    reading: 'as ever',
    flaws: [],
    async attempt({ bucket: Bucket, ground: { owner } }) {
      await owner.send(lockSettings(Bucket, oneDay));
      await weakenVersioning(Bucket, owner);
    },
  },
  {
    name: 'lock-out',
    title: {
      en: 'a bucket policy that lets nobody in, until the owner of the account writes another',
      ja: '誰も入れないバケットポリシー（アカウントの所有者が書き直すまで）',
    },
    keys: 'owner',
    answer: 'taken',
    reading: 'as ever',
    flaws: [],
    attempt: lockOut,
  },
];

function lockSettings(Bucket: string, Rule: ObjectLockRule) {
  return new PutObjectLockConfigurationCommand({
    Bucket,
    ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule },
  });
}

async function weakenVersioning(Bucket: string, client: S3Client): Promise<void> {
  const VersioningConfiguration = { Status: 'Suspended' } as const;
  await refused(client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration })));
  await refused(
    client.send(
      new PutObjectLockConfigurationCommand({
        Bucket,
        ObjectLockConfiguration: { ObjectLockEnabled: 'Disabled' as never },
      }),
    ),
  );
  await refused(client.send(new DeleteBucketCommand({ Bucket })));
}

async function lockOut(field: Field): Promise<void> {
  const { bucket: Bucket, ground } = field;
  const Statement = [
    {
      Effect: 'Deny',
      Principal: '*',
      Action: ['s3:Get*', 's3:List*', 's3:PutObject'],
      Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`],
    },
  ];
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
  await ground.owner.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  await refused(field.versions(ground.uploader));
  await ground.owner.send(new DeleteBucketPolicyCommand({ Bucket }));
  await field.setPolicy();
}
