/**
 * What script/test proves with Ceph, on a bucket of AWS that a user names. script/test-on-aws runs it; script/test does
 * not, since it has no account.
 */
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { after, before } from 'node:test';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { openS3Storage } from '../../src/storage/s3/s3-storage.ts';
import type { SnapshotEntry } from '../../src/vault/vault.ts';
import { attacksThere, awsArena } from '../attack/aws-arena.ts';
import { attackSuite } from '../attack/suite.ts';
import { never, storageContract } from '../storage/contract.ts';
import { vaultContract } from '../vault/contract.ts';
import { openTestObjects } from '../vault/object-taking.ts';
import { bucketSuite } from './bucket-suite.ts';

const { HIKAE_TEST_BUCKET: bucket, HIKAE_TEST_REGION: region, AWS_ENDPOINT_URL_S3: endpoint } = process.env;
const { HIKAE_TEST_UPLOADER: uploader, HIKAE_TEST_READER: reader } = process.env;
assert.ok(bucket !== undefined && region !== undefined, 'script/test-on-aws says which bucket');

/** Nothing of an earlier run is in the way; what is locked there stays until its date. */
const prefix = `hikae-test-${Date.now()}`;
const server = endpoint === undefined ? {} : { endpoint };
const environment = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) =>
    value !== undefined && /^(AWS_|HOME$)/.test(name) ? [[name, value]] : [],
  ),
);
const open = (below: string) =>
  openS3Storage({ bucket, prefix: `${prefix}-${below}`, region, ...server }, { signal: never });

let admin: S3Client;
before(() => {
  admin = new S3Client({ region, ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }) });
});
after(() => admin.destroy());

bucketSuite('of the user', () => ({ restic: `s3://${bucket}/${prefix}`, region, ...server, environment }));

storageContract({ kind: 'in the bucket of the user', open: () => open('contract') });

vaultContract({
  kind: 'plain, in the bucket of the user',
  deduplicates: false,
  open: async (folder) => openTestObjects(await open(basename(folder))),
  async ruin(folder, { place }: SnapshotEntry) {
    const Key = `${prefix}-${basename(folder)}/${place}/.hikae/manifest`;
    await admin.send(new PutObjectCommand({ Bucket: bucket, Key, Body: '{"format":' }));
  },
});

if (uploader !== undefined && reader !== undefined)
  attackSuite({
    where: 'the bucket of the user',
    open: () => awsArena({ bucket, prefix: `${prefix}-attacks`, region, endpoint, uploader, reader }),
    attacks: attacksThere,
    apart: false,
    restored: (promised) => promised,
  });
