/**
 * The rights of the roles that guard writes, held by a user of a real server. Ceph has no IAM as AWS has it, so they are
 * given by the bucket policy, beside the one of guard itself: what is refused and allowed is evaluated all the same.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectRetentionCommand,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { bucketPolicy } from '../../src/cloud/bucket-policy.ts';
import { type RoleName, rolesOf } from '../../src/cloud/code/roles.ts';
import type { Wanted } from '../../src/cloud/wanted.ts';
import { type Ceph, type S3User, startCeph } from '../servers/ceph.ts';

const Bucket = 'roles';
const DAY = 86_400_000;
const wanted: Wanted = {
  vault: 's3',
  kind: 'restic',
  bucket: Bucket,
  prefix: 'rental',
  region: 'us-east-1',
  aws: false,
  lock: { mode: 'COMPLIANCE', days: 2, generation: 1 },
  kept: 3,
};

let ceph: Ceph;
let owner: S3Client;
let worker: S3Client;
before(async () => {
  ceph = await startCeph();
  const clientOf = ({ id, secret }: S3User) =>
    new S3Client({
      endpoint: ceph.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: id, secretAccessKey: secret },
    });
  owner = clientOf(ceph.user);
  worker = clientOf(ceph.stranger);
  await owner.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
});
after(async () => {
  owner.destroy();
  worker.destroy();
  await ceph.stop();
});

/** The worker has the rights of a role, and no others. */
async function become(name: RoleName): Promise<void> {
  const role = rolesOf(wanted).find((one) => one.name === name);
  const rights = role?.rights
    .map((one) => ({
      ...one,
      Principal: { AWS: ['arn:aws:iam:::user/stranger'] },
      // Ceph knows neither this name of a right nor those of IAM.
      Action: [one.Action].flat().filter((right) => /^s3:(?!GetEncryption)/.test(right)),
    }))
    .filter(({ Action }) => Action.length > 0);
  const { Version, Statement } = bucketPolicy(wanted);
  const Policy = JSON.stringify({ Version, Statement: [...Statement, ...(rights ?? [])] });
  await owner.send(new PutBucketPolicyCommand({ Bucket, Policy }));
}

const locked = (days: number) => ({
  ObjectLockMode: 'COMPLIANCE' as const,
  ObjectLockRetainUntilDate: new Date(Date.now() + days * DAY),
});

async function put(client: S3Client, Key: string, lock: object = locked(2)): Promise<string> {
  const { VersionId = '' } = await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ...lock }));
  return VersionId;
}

const refused = (work: Promise<unknown>) => assert.rejects(work, { name: 'AccessDenied' });

/** What no role may do: with these, what the policy promises would end. */
async function cannotWeaken(): Promise<void> {
  const version = { Bucket, Key: 'rental/data/00/pack', VersionId: await put(owner, 'rental/data/00/pack') };
  const unlocked = await put(owner, 'rental/locks/unlocked', {});
  await refused(worker.send(new DeleteObjectCommand(version)));
  await refused(worker.send(new DeleteObjectCommand({ ...version, BypassGovernanceRetention: true })));
  // Also where no lock would stop it.
  await refused(
    worker.send(new DeleteObjectCommand({ Bucket, Key: 'rental/locks/unlocked', VersionId: unlocked })),
  );
  await refused(
    worker.send(
      new PutObjectRetentionCommand({
        ...version,
        Retention: { Mode: 'COMPLIANCE', RetainUntilDate: new Date(Date.now() + DAY) },
      }),
    ),
  );
  const VersioningConfiguration = { Status: 'Suspended' as const };
  await refused(worker.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration })));
  const Rules = [{ ID: 'x', Status: 'Enabled' as const, Filter: { Prefix: '' }, Expiration: { Days: 1 } }];
  await refused(
    worker.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } })),
  );
  await refused(
    worker.send(
      new PutObjectLockConfigurationCommand({
        Bucket,
        ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' },
      }),
    ),
  );
  await refused(worker.send(new PutBucketPolicyCommand({ Bucket, Policy: '{}' })));
  await refused(put(worker, 'elsewhere/object'));
}

describe('roles', { timeout: 240_000 }, () => {
  it('uploader: puts, extends, deletes its own repository locks, and nothing else', async () => {
    await become('uploader');
    await cannotWeaken();
    const Key = 'rental/data/01/pack';
    const VersionId = await put(worker, Key);
    const { ContentLength } = await worker.send(new GetObjectCommand({ Bucket, Key }));
    assert.equal(ContentLength, 1);
    const RetainUntilDate = new Date(Date.now() + 2.9 * DAY);
    await worker.send(
      new PutObjectRetentionCommand({
        Bucket,
        Key,
        VersionId,
        Retention: { Mode: 'COMPLIANCE', RetainUntilDate },
      }),
    );
    const { Retention } = await worker.send(new GetObjectRetentionCommand({ Bucket, Key, VersionId }));
    assert.ok(Math.abs((Retention?.RetainUntilDate?.getTime() ?? 0) - RetainUntilDate.getTime()) < 1_000);
    await refused(worker.send(new DeleteObjectCommand({ Bucket, Key })));
    await refused(worker.send(new DeleteObjectCommand({ Bucket, Key: 'rental/snapshots/some' })));
    await put(worker, 'rental/locks/one', locked(0.01));
    await worker.send(new DeleteObjectCommand({ Bucket, Key: 'rental/locks/one' }));
  });

  it('pruner: makes delete markers, and removes no version', async () => {
    await become('pruner');
    await cannotWeaken();
    const Key = 'rental/data/02/pack';
    await put(owner, Key);
    const { DeleteMarker } = await worker.send(new DeleteObjectCommand({ Bucket, Key }));
    assert.equal(DeleteMarker, true);
  });

  it('admin and disaster recovery: read through delete markers, and change nothing', async () => {
    const Key = 'rental/data/03/pack';
    const VersionId = await put(owner, Key);
    await owner.send(new DeleteObjectCommand({ Bucket, Key }));
    for (const role of ['admin', 'disaster-recovery'] as const) {
      await become(role);
      await cannotWeaken();
      const listed = await worker.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key }));
      assert.deepEqual([listed.Versions?.length, listed.DeleteMarkers?.length], [1, 1]);
      const { Body } = await worker.send(new GetObjectCommand({ Bucket, Key, VersionId }));
      assert.equal(await Body?.transformToString(), 'x');
      await worker.send(new GetObjectRetentionCommand({ Bucket, Key, VersionId }));
      await refused(put(worker, 'rental/data/04/pack'));
      await refused(worker.send(new DeleteObjectCommand({ Bucket, Key: 'rental/locks/one' })));
    }
  });
});
