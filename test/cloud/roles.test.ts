/**
 * The rights of the roles that guard writes, held by a user of a real server. Ceph has no IAM as AWS has it, so they are
 * given by the bucket policy, beside the one of guard itself: what is refused and allowed is evaluated all the same.
 * How keys are found is tried with Ceph's own roles and sessions.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectRetentionCommand,
  HeadBucketCommand,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { isHikaeError } from '../../src/base/errors.ts';
import { bucketPolicy } from '../../src/cloud/bucket-policy.ts';
import { type RoleName, rolesOf } from '../../src/cloud/code/roles.ts';
import type { Wanted } from '../../src/cloud/wanted.ts';
import { openS3Storage } from '../../src/storage/s3/s3-storage.ts';
import { keyFrom } from '../../src/storage/storage.ts';
import { type Ceph, type S3User, startCeph } from '../servers/ceph.ts';
import { never } from '../storage/contract.ts';

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

/** Sessions of roles, which may be as short as a second. */
const SESSIONS = [
  'rgw_s3_auth_use_sts = true',
  'rgw_s3_auth_order = local, sts',
  'rgw_sts_key = 0123456789abcdef',
  'rgw_sts_min_session_duration = 1',
];

let ceph: Ceph;
let owner: S3Client;
let worker: S3Client;
before(async () => {
  ceph = await startCeph({ settings: SESSIONS });
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

/** Profiles of the AWS configuration, through the SDK's own chain, on Ceph's STS. */
describe('keys are found as by every AWS tool', { timeout: 240_000 }, () => {
  const SERIAL = 'arn:aws:iam::000000000000:mfa/anna';
  let folder: string;
  let counter: string;
  const environment = ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_ENDPOINT_URL_STS'] as const;
  const earlier = new Map(environment.map((name) => [name, process.env[name]]));
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hikae-keys-'));
    counter = join(folder, 'asked');
    await owner.send(new CreateBucketCommand({ Bucket: 'by-role' }));
    const iam = clientFor(IAMClient, ceph.user);
    const trust = allowing(['sts:AssumeRole'], { Principal: { AWS: ['arn:aws:iam:::user/stranger'] } });
    const made = { RoleName: 'uploader', AssumeRolePolicyDocument: trust };
    const { Role } = await iam.send(new CreateRoleCommand(made));
    const PolicyDocument = allowing(['s3:*'], { Resource: 'arn:aws:s3:::by-role*' });
    await iam.send(new PutRolePolicyCommand({ RoleName: 'uploader', PolicyName: 'own', PolicyDocument }));
    iam.destroy();
    const role = `role_arn = ${Role?.Arn}\nsource_profile = host\nregion = us-east-1\nduration_seconds = 2\n`;
    const { id, secret } = ceph.stranger;
    const program = join(folder, 'program');
    const config = `[profile host]
aws_access_key_id = ${id}
aws_secret_access_key = ${secret}
[profile uploader]
${role}[profile second-factor]
${role}mfa_serial = ${SERIAL}
[profile program]
credential_process = ${program}
`;
    // A program that gives the keys of a session, as one for single sign-on does.
    const script = `#!${process.execPath}
const { appendFileSync } = require('node:fs');
const { STSClient, AssumeRoleCommand } = require(${JSON.stringify(createRequire(import.meta.url).resolve('@aws-sdk/client-sts'))});
appendFileSync(${JSON.stringify(counter)}, 'x');
const credentials = { accessKeyId: ${JSON.stringify(id)}, secretAccessKey: ${JSON.stringify(secret)} };
new STSClient({ endpoint: ${JSON.stringify(ceph.endpoint)}, region: 'us-east-1', credentials })
  .send(new AssumeRoleCommand({ RoleArn: ${JSON.stringify(Role?.Arn)}, RoleSessionName: 'program', DurationSeconds: 2 }))
  .then(({ Credentials: { AccessKeyId, SecretAccessKey, SessionToken, Expiration } }) =>
    console.log(JSON.stringify({ Version: 1, AccessKeyId, SecretAccessKey, SessionToken, Expiration })));
`;
    writeFileSync(program, script, { mode: 0o700 });
    writeFileSync(join(folder, 'config'), config);
    process.env.AWS_CONFIG_FILE = join(folder, 'config');
    process.env.AWS_SHARED_CREDENTIALS_FILE = join(folder, 'none');
    process.env.AWS_ENDPOINT_URL_STS = ceph.endpoint;
  });
  after(() => {
    for (const [name, value] of earlier) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(folder, { recursive: true });
  });

  const open = (profile: string, askCode?: (serial: string) => Promise<string>) =>
    openS3Storage(
      { bucket: 'by-role', prefix: profile, region: 'us-east-1', endpoint: ceph.endpoint, profile, askCode },
      { signal: never },
    );

  /** The keys that a profile stands for, by the same chain. */
  async function sessionOf(profile: string): Promise<S3Client> {
    const asking = new S3Client({ region: 'us-east-1', profile });
    const credentials = await asking.config.credentials();
    asking.destroy();
    assert.ok(credentials.sessionToken !== undefined && credentials.expiration !== undefined);
    return new S3Client({ endpoint: ceph.endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  }

  it('those of the host alone open nothing, those of its role the bucket', async () => {
    await assert.rejects(open('host'), { code: 'STORAGE_REFUSED' });
    const storage = await open('uploader');
    await storage.put(keyFrom('object'), Buffer.from('content'), { signal: never });
    assert.equal((await storage.stat(keyFrom('object'), { signal: never }))?.size, 7);
    await storage.close();
  });

  it('a session that ends in the middle of a run is followed by another, of a role and of a program', async () => {
    for (const profile of ['uploader', 'program']) {
      const storage = await open(profile);
      await storage.put(keyFrom('before'), Buffer.from('content'), { signal: never });
      const session = await sessionOf(profile);
      for (;;) {
        const end = await session.send(new HeadBucketCommand({ Bucket: 'by-role' })).catch((error) => error);
        if (end instanceof Error) break;
        await delay(100);
      }
      session.destroy();
      await storage.put(keyFrom('after'), Buffer.from('content'), { signal: never });
      assert.equal((await storage.stat(keyFrom('after'), { signal: never }))?.size, 7);
      await storage.close();
    }
    assert.ok(readFileSync(counter, 'utf8').length >= 3, 'the program is asked again');
  });

  it('a second factor is asked of a person, and missed where there is none', async () => {
    await assert.rejects(open('second-factor'), (error) => {
      assert.ok(isHikaeError(error, 'STORAGE_NO_CREDENTIALS'));
      assert.match(error.message, /second-factor requires multi-factor/);
      return true;
    });
    // Ceph takes no code, so somebody in between looks at it.
    const codes: (string | null)[] = [];
    const between = createServer((request, response) => {
      void (async () => {
        const asked = new URLSearchParams(Buffer.concat(await request.toArray()).toString());
        codes.push(`${asked.get('SerialNumber')} ${asked.get('TokenCode')}`);
        const sts = clientFor(STSClient, ceph.stranger);
        const role = { RoleArn: asked.get('RoleArn') ?? '', RoleSessionName: 'anna', DurationSeconds: 900 };
        const { Credentials } = await sts.send(new AssumeRoleCommand(role));
        sts.destroy();
        const fields = Object.entries({ ...Credentials, Expiration: Credentials?.Expiration?.toISOString() });
        const xml = fields.map(([name, value]) => `<${name}>${value}</${name}>`).join('');
        const result = `<AssumeRoleResult><Credentials>${xml}</Credentials></AssumeRoleResult>`;
        response.setHeader('content-type', 'text/xml');
        response.end(`<AssumeRoleResponse>${result}</AssumeRoleResponse>`);
      })();
    }).listen(0, '127.0.0.1');
    await once(between, 'listening');
    process.env.AWS_ENDPOINT_URL_STS = `http://127.0.0.1:${(between.address() as AddressInfo).port}`;
    const asked: string[] = [];
    const storage = await open('second-factor', async (serial) => {
      asked.push(serial);
      return '123456';
    });
    await storage.put(keyFrom('object'), Buffer.from('content'), { signal: never });
    await storage.close();
    between.closeAllConnections();
    between.close();
    process.env.AWS_ENDPOINT_URL_STS = ceph.endpoint;
    assert.deepEqual([new Set(asked), new Set(codes)], [new Set([SERIAL]), new Set([`${SERIAL} 123456`])]);
  });
});

function clientFor<Client>(
  make: new (config: {
    endpoint: string;
    region: string;
    credentials: { accessKeyId: string; secretAccessKey: string };
  }) => Client,
  { id, secret }: S3User,
): Client {
  const credentials = { accessKeyId: id, secretAccessKey: secret };
  return new make({ endpoint: ceph.endpoint, region: 'us-east-1', credentials });
}

function allowing(Action: readonly string[], to: object): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, ...to }] });
}
