/** What is put to AWS says that it is to be encrypted: the real client, against a socket that has a bucket without objects. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { Secret } from '../../src/base/secret.ts';
import { openS3Storage } from '../../src/storage/s3/s3-storage.ts';
import { keyFrom } from '../../src/storage/storage.ts';
import { never } from './contract.ts';

const options = { signal: never };
const asked: { readonly what: string; readonly headers: IncomingHttpHeaders }[] = [];
const server = createServer(async (request, response) => {
  for await (const _ of request);
  asked.push({ what: `${request.method} ${request.url}`, headers: request.headers });
  const isNew = request.method === 'HEAD' && request.url?.includes('/object') === true;
  response.writeHead(isNew ? 404 : 200, { etag: '"0"', 'content-type': 'application/xml' });
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

async function headersOfPut(endpoint: { readonly endpoint?: string }): Promise<IncomingHttpHeaders> {
  asked.length = 0;
  const keys = { id: 'AKIAEXAMPLE', secret: new Secret('secret') };
  const place = { bucket: 'backup', prefix: 'rental', region: 'ap-northeast-1', keys, ...endpoint };
  const storage = await openS3Storage(place, options);
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
