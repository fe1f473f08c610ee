/**
 * The suite of buckets and the contract of storages, on a bucket of AWS that a user names. script/test-on-aws runs it;
 * script/test does not, since it has no account.
 */
import assert from 'node:assert/strict';
import { openS3Storage } from '../../src/storage/s3/s3-storage.ts';
import { never, storageContract } from '../storage/contract.ts';
import { bucketSuite } from './bucket-suite.ts';

const { HIKAE_TEST_BUCKET: bucket, HIKAE_TEST_REGION: region, AWS_ENDPOINT_URL: endpoint } = process.env;
assert.ok(bucket !== undefined && region !== undefined, 'script/test-on-aws says which bucket');

/** Nothing of an earlier run is in the way; what is locked there stays until its date. */
const prefix = `hikae-test-${Date.now()}`;
const server = endpoint === undefined ? {} : { endpoint };
const environment = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) =>
    value !== undefined && /^(AWS_|HOME$)/.test(name) ? [[name, value]] : [],
  ),
);

bucketSuite('of the user', () => ({ restic: `s3://${bucket}/${prefix}`, region, ...server, environment }));

storageContract({
  kind: 'in the bucket of the user',
  open: () => openS3Storage({ bucket, prefix: `${prefix}-contract`, region, ...server }, { signal: never }),
});
