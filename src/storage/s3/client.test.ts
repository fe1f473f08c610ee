/** What comes of an answer that is no HTTP, from a server that gives one first and then answers as it should. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { isHikaeError } from '../../base/errors.ts';
import { Secret } from '../../base/secret.ts';
import { openClient } from './client.ts';
import { namedS3Error } from './s3-errors.ts';

async function garbledOnce(work: (endpoint: string) => Promise<void>): Promise<number> {
  let answers = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => {
      answers += 1;
      socket.write(answers === 1 ? '<Error/>' : 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.close();
  }
  return answers;
}

async function look(endpoint: string, attempts?: number): Promise<void> {
  const keys = { id: 'id', secret: new Secret('secret') };
  const options = { region: 'r', endpoint, keys, ...(attempts === undefined ? {} : { attempts }) };
  const { sdk, client } = await openClient('s3://bucket', options);
  try {
    await client.send(new sdk.HeadBucketCommand({ Bucket: 'bucket' }));
  } finally {
    client.destroy();
  }
}

describe('an answer that is no HTTP', () => {
  it('is asked for again where a request may be made twice', async () => {
    assert.equal(await garbledOnce((endpoint) => look(endpoint, 2)), 2);
  });

  it('is told as a line that failed elsewhere', async () => {
    const answers = await garbledOnce(async (endpoint) => {
      const error: unknown = await look(endpoint).then(
        () => assert.fail(),
        (error: unknown) => error,
      );
      const named = namedS3Error({ storage: 's3://bucket', operation: 'open', key: '' }, error);
      assert.ok(isHikaeError(named, 'STORAGE_INTERRUPTED') && named.transient, String(named));
    });
    assert.equal(answers, 1);
  });
});
