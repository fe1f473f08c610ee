/** What is sent where only AWS understands it: the real client, against a socket that says yes to everything. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import * as sdk from '@aws-sdk/client-s3';
import { systemClock } from '../../src/base/clock.ts';
import { applyPlan } from '../../src/cloud/apply.ts';
import { openBucket } from '../../src/cloud/bucket.ts';
import type { Step } from '../../src/cloud/plan.ts';

it('a bucket in another region, and SSE-C refused by its setting', async () => {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    const locking = request.headers['x-amz-bucket-object-lock-enabled'] ?? '-';
    asked.push(`${request.method} ${request.url} lock=${locking} ${body}`);
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new sdk.S3Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'ap-northeast-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret' },
  });
  const bucket = openBucket({
    sdk,
    client,
    account: undefined,
    wanted: {
      vault: 's3',
      kind: 'restic',
      bucket: 'backup',
      prefix: '',
      region: 'ap-northeast-1',
      aws: true,
      lock: undefined,
      kept: 3,
    },
    clock: systemClock,
    random: (bytes) => new Uint8Array(bytes),
    named: (error) => error,
  });
  const done: Step[] = [];
  const steps: readonly Step[] = [{ kind: 'create-bucket' }, { kind: 'encryption' }];
  try {
    const { signal } = new AbortController();
    const plan = { steps, left: [], unknown: [], contents: undefined };
    await applyPlan(plan, bucket, { signal, onStep: (step) => done.push(step) });
  } finally {
    bucket.close();
    server.closeAllConnections();
    server.close();
  }
  assert.deepEqual(done, steps);
  const [created = '', encrypted = ''] = asked;
  assert.match(created, /^PUT \/backup\S* lock=true .*<LocationConstraint>ap-northeast-1</);
  assert.match(encrypted, /^PUT \/backup\/?\?encryption.*<SSEAlgorithm>AES256</);
  assert.match(encrypted, /<BlockedEncryptionTypes><EncryptionType>SSE-C</);
});
