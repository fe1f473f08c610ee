/** Plain vaults over SFTP and on S3, with a real sshd and a real gateway: the contract, and what is done by hand. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  CreateBucketCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { isHikaeError } from '../../src/base/errors.ts';
import { Secret } from '../../src/base/secret.ts';
import { ownNotes } from '../../src/cloud/wanted.ts';
import { openS3Storage } from '../../src/storage/s3/s3-storage.ts';
import { openSftpStorage } from '../../src/storage/sftp/sftp-storage.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { type Ceph, startCeph } from '../servers/ceph.ts';
import { type Sshd, startSshd } from '../servers/sshd.ts';
import { vaultContract } from './contract.ts';
import { openTestObjects } from './object-taking.ts';
import { lockedTrees } from './plain-locked.ts';
import { dayTime, never, silent, take, verifyAll, writing } from './taking.ts';

const options = { signal: never };

/** Files with names of every kind, so that what is done by hand meets them too. */
function makeTree(folder: string): string {
  const root = join(folder, 'source');
  mkdirSync(join(root, 'deep/er'), { recursive: true });
  for (const name of ['plain', 'a b+c', '100%', '%41', 'back\\slash', '手紙', 'new\nline', 'deep/er/file'])
    writeFileSync(join(root, name), `the file ${name}`);
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0x63, 0xe9])]), 'latin-1');
  return root;
}

function checkSums(folder: string): void {
  execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'checksums.sha256'], { cwd: folder });
}

describe('over SFTP', () => {
  let sshd: Sshd;
  before(async () => {
    sshd = await startSshd();
  });
  after(() => sshd.stop());

  const open = (path: string, at = sshd): Promise<Storage> =>
    openSftpStorage(
      {
        host: { name: '127.0.0.1', port: at.port },
        user: at.user,
        logins: [{ kind: 'key', key: new Secret(at.key) }],
        knownHosts: at.knownHosts,
        path,
        create: true,
        random: randomBytes,
      },
      options,
    );
  const placeOf = (folder: string) => join(sshd.folder, basename(folder));

  vaultContract({
    kind: 'plain, over SFTP',
    deduplicates: false,
    open: async (folder) => openTestObjects(await open(placeOf(folder))),
    ruin: (folder, { place }) => truncateSync(join(placeOf(folder), place, '.hikae/manifest'), 10),
  });

  test('the snapshots are folders that common tools read, unchanged files one inode, latest the newest', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hikae-by-hand-'));
    try {
      const at = (path: string) => join(sshd.folder, 'by-hand', path);
      const root = makeTree(folder);
      const vault = await openTestObjects(await open(at('')));
      const first = await take(vault, { root });
      writeFileSync(join(root, 'plain'), 'changed');
      const second = await take(vault, { root, time: dayTime(1) });
      for (const { entry } of [first, second]) checkSums(at(entry.place));
      const inode = (path: string) => statSync(at(path)).ino;
      assert.equal(inode('daily/files/2026-11-22/c/a b+c'), inode('daily/files/2026-11-23/c/a b+c'));
      assert.notEqual(inode('daily/files/2026-11-22/c/plain'), inode('daily/files/2026-11-23/c/plain'));
      assert.equal(readFileSync(at('daily/files/latest/c/plain'), 'utf8'), 'changed');
      assert.equal(readlinkSync(at('daily/files/latest')), '2026-11-23');
      assert.equal(statSync(at('daily/files/2026-11-22/c/plain')).mode & 0o7777, 0o600);
      assert.equal(statSync(at('daily/files/2026-11-22/c')).mode & 0o7777, 0o700);
      await writing(vault, (writable) => writable.remove(second.entry, options));
      assert.equal(readlinkSync(at('daily/files/latest')), '2026-11-22');
      assert.deepEqual(readdirSync(at('daily/files')).sort(), ['2026-11-22', 'latest']);
      await vault.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('a server that makes no hard links gets no vault', async () => {
    const plain = await startSshd({ sftp: '/usr/lib/openssh/sftp-server -P hardlink' });
    try {
      const storage = await open(join(plain.folder, 'vault'), plain);
      await assert.rejects(openTestObjects(storage), (error) => isHikaeError(error, 'VAULT_FILE_SYSTEM'));
      await storage.close();
      assert.ok(!existsSync(join(plain.folder, 'vault/.hikae')));
    } finally {
      await plain.stop();
    }
  });

  test('a disk that fills up leaves every earlier snapshot, and room for the next', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hikae-small-'));
    try {
      const root = makeTree(folder);
      const vault = await openTestObjects(await open(join(sshd.smallDisk, 'vault')));
      const first = await take(vault, { root });
      writeFileSync(join(root, 'too large'), randomBytes(6_000_000));
      await assert.rejects(take(vault, { root, time: dayTime(1) }), (error) =>
        isHikaeError(error, 'STORAGE_FULL'),
      );
      rmSync(join(root, 'too large'));
      const next = await take(vault, { root, time: dayTime(1) });
      assert.deepEqual(
        (await vault.list(options)).snapshots.map(({ place }) => place),
        [first.entry.place, next.entry.place],
      );
      assert.deepEqual((await verifyAll(vault)).findings, []);
      await vault.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('on S3', () => {
  const bucket = 'dated';
  let ceph: Ceph;
  let admin: S3Client;
  before(async () => {
    ceph = await startCeph();
    admin = new S3Client({
      endpoint: ceph.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: ceph.user.id, secretAccessKey: ceph.user.secret },
    });
    for (const name of [bucket, 'versioned']) await admin.send(new CreateBucketCommand({ Bucket: name }));
    await admin.send(
      new PutBucketVersioningCommand({
        Bucket: 'versioned',
        VersioningConfiguration: { Status: 'Enabled' },
      }),
    );
    await admin.send(new CreateBucketCommand({ Bucket: 'locked', ObjectLockEnabledForBucket: true }));
    await admin.send(new PutBucketPolicyCommand({ Bucket: 'locked', Policy: uploaderPolicy() }));
  });
  after(async () => {
    admin.destroy();
    await ceph.stop();
  });

  const open = (prefix: string, to = bucket, user = ceph.user): Promise<Storage> => {
    const { endpoint } = ceph;
    const keys = { id: user.id, secret: new Secret(user.secret) };
    return openS3Storage({ bucket: to, prefix, region: 'us-east-1', endpoint, keys }, options);
  };
  const prefixOf = (folder: string) => `some/${basename(folder)}`;

  vaultContract({
    kind: 'plain, on S3',
    deduplicates: false,
    open: async (folder) => openTestObjects(await open(prefixOf(folder))),
    async ruin(folder, { place }) {
      const Key = `${prefixOf(folder)}/${place}/.hikae/manifest`;
      await admin.send(new PutObjectCommand({ Bucket: bucket, Key, Body: '{"format":' }));
    },
  });

  lockedTrees({
    open: (prefix) => open(prefix, 'locked'),
    openAsUploader: (prefix) => open(prefix, 'locked', ceph.stranger),
    async overwrite(prefix, key, bytes) {
      const Key = `${prefix}/${key}`;
      await admin.send(new PutObjectCommand({ Bucket: 'locked', Key, Body: bytes }));
    },
  });

  test('a snapshot comes back by the AWS command line and sha256sum alone', {
    timeout: 120_000,
  }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hikae-by-hand-'));
    try {
      const root = makeTree(folder);
      const vault = await openTestObjects(await open('by/hand', 'versioned'));
      await take(vault, { root });
      const { entry } = await take(vault, { root, time: dayTime(1) });
      await writing(vault, (writable) => writable.derive(entry, 'weekly', { emit: silent, ...options }));
      await vault.close();
      const env = {
        ...process.env,
        AWS_ACCESS_KEY_ID: ceph.user.id,
        AWS_SECRET_ACCESS_KEY: ceph.user.secret,
        AWS_DEFAULT_REGION: 'us-east-1',
      };
      const to = join(folder, 'restored');
      execFileSync(
        'aws',
        ['--endpoint-url', ceph.endpoint, 's3', 'sync', `s3://versioned/by/hand/${entry.place}`, to],
        { env, stdio: ['ignore', 'ignore', 'inherit'] },
      );
      checkSums(to);
      assert.equal(readFileSync(join(to, 'c/手紙'), 'utf8'), 'the file 手紙');
      assert.equal(readFileSync(join(to, 'c/new%0Aline'), 'utf8'), 'the file new\nline');
      assert.equal(readFileSync(join(to, 'c/c%E9'), 'utf8'), 'latin-1');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** What guard writes for the role that uploads, for the other user. */
function uploaderPolicy(): string {
  const bucket = 'arn:aws:s3:::locked';
  const allow = (user: string, Action: readonly string[], Resource: readonly string[]) => ({
    Effect: 'Allow',
    Principal: { AWS: [`arn:aws:iam:::user/${user}`] },
    Action,
    Resource,
  });
  const notes = ownNotes({ kind: 'plain' }).map((pattern) => `${bucket}/locked/*/${pattern}`);
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      allow('stranger', ['s3:ListBucket', 's3:ListBucketVersions'], [bucket]),
      allow(
        'stranger',
        [
          's3:PutObject',
          's3:PutObjectRetention',
          's3:GetObject',
          's3:GetObjectVersion',
          's3:GetObjectRetention',
        ],
        [`${bucket}/*`],
      ),
      allow('stranger', ['s3:DeleteObject'], notes),
      // What another has put belongs to him.
      allow('first', ['s3:*'], [`${bucket}/*`]),
    ],
  });
}
