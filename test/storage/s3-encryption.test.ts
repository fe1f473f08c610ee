/**
 * What is put to AWS says that it is to be encrypted, and what somebody has encrypted with a key of his own is told as such: the real
 * client, against a socket that has a bucket without objects.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { Secret } from '../../src/base/secret.ts';
import { openS3Storage } from '../../src/storage/s3/s3-storage.ts';
import { keyFrom, type Storage } from '../../src/storage/storage.ts';
import { never } from './contract.ts';

const options = { signal: never };
const asked: { readonly what: string; readonly headers: IncomingHttpHeaders }[] = [];
const server = createServer(async (request, response) => {
  for await (const _ of request);
  asked.push({ what: `${request.method} ${request.url}`, headers: request.headers });
  const isHead = request.method === 'HEAD';
  const isNew = isHead && request.url?.includes('/object') === true;
  const isLocked = isHead && request.url?.includes('/locked') === true;
  response.writeHead(isNew ? 404 : isLocked ? 400 : 200, { etag: '"0"', 'content-type': 'application/xml' });
  response.end();
});
/** Where the SDK goes for S3 when nobody names a server. */
const NAME = 'AWS_ENDPOINT_URL_S3';
const { [NAME]: said } = process.env;

before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.env[NAME] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  if (said === undefined) delete process.env[NAME];
  else process.env[NAME] = said;
  server.closeAllConnections();
  server.close();
});

async function openBucket(endpoint: { readonly endpoint?: string }): Promise<Storage> {
  asked.length = 0;
  const keys = { id: 'AKIAEXAMPLE', secret: new Secret('secret') };
  const place = { bucket: 'backup', prefix: 'rental', region: 'ap-northeast-1', keys, ...endpoint };
  return openS3Storage(place, options);
}

async function headersOfPut(endpoint: { readonly endpoint?: string }): Promise<IncomingHttpHeaders> {
  const storage = await openBucket(endpoint);
  await storage.put(keyFrom('object'), Buffer.from('x'), options);
  await storage.close();
  const put = asked.find(({ what }) => what.startsWith('PUT /backup/rental/object'));
  assert.ok(put !== undefined, 'it is put');
  return put.headers;
}

const NAMED = 'x-amz-server-side-encryption';

test('to AWS every new object is told with AES256, which buckets ask for by their policy', async () => {
  assert.equal((await headersOfPut({}))[NAMED], 'AES256');
});

test('nothing is asked of other servers, which may have no keys to encrypt with', async () => {
  assert.equal((await headersOfPut({ endpoint: process.env[NAME] ?? '' }))[NAMED], undefined);
});

test('an object that only another can read is not taken for keys that have expired, which is asked once', async () => {
  const storage = await openBucket({});
  for (const key of ['locked/one', 'locked/two'])
    await assert.rejects(storage.stat(keyFrom(key), options), { code: 'STORAGE_FAILED', transient: false });
  const heads = asked.flatMap(({ what }) => /^HEAD .*\/locked\/(\w+)/.exec(what)?.[1] ?? []);
  assert.deepEqual(heads, ['one', 'one', 'two']);
  await storage.close();
});
