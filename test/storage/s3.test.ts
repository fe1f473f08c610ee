/** Objects of a bucket of a real server: the contract, uploads in parts, and what goes wrong on the way. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { isHikaeError } from '../../src/base/errors.ts';
import { Secret } from '../../src/base/secret.ts';
import { openS3Storage, type S3StorageOptions } from '../../src/storage/s3/s3-storage.ts';
import { keyFrom, type Storage } from '../../src/storage/storage.ts';
import { retrying } from '../../src/storage/wrappers/retrying.ts';
import { type FaultProxy, openFaultProxy } from '../doubles/fault-proxy.ts';
import { faultyStorage } from '../doubles/faulty-storage.ts';
import { type Ceph, type S3User, startCeph } from '../servers/ceph.ts';
import { freePort } from '../servers/free-port.ts';
import { type Line, openLine } from '../servers/line.ts';
import { bodyOf, collect, collectBytes, failsWith, never, read, storageContract } from './contract.ts';
import { lockingContract } from './locking-contract.ts';
import { patternOf } from './pattern.ts';

const options = { signal: never };
const key = keyFrom('folder/object');
const bucket = 'hikae-test';
const lockedBucket = 'hikae-test-locked';
const PART = 5_242_880;

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
  await admin.send(new CreateBucketCommand({ Bucket: bucket }));
  await admin.send(new CreateBucketCommand({ Bucket: lockedBucket, ObjectLockEnabledForBucket: true }));
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: ['arn:aws:iam:::user/stranger'] },
        Action: ['s3:ListBucket', 's3:ListBucketVersions', 's3:GetObject', 's3:GetObjectVersion'],
        Resource: [`arn:aws:s3:::${lockedBucket}`, `arn:aws:s3:::${lockedBucket}/*`],
      },
    ],
  });
  await admin.send(new PutBucketPolicyCommand({ Bucket: lockedBucket, Policy }));
});
after(async () => {
  admin.destroy();
  await ceph.stop();
});

function keysOf({ id, secret }: S3User): NonNullable<S3StorageOptions['keys']> {
  return { id, secret: new Secret(secret) };
}

function open(changes: Partial<S3StorageOptions> = {}): Promise<Storage> {
  const { endpoint, user } = ceph;
  return openS3Storage(
    { bucket, prefix: 'some/prefix', region: 'us-east-1', endpoint, keys: keysOf(user), ...changes },
    options,
  );
}

/** Opens a storage for the time of a piece of work. */
async function using(changes: Partial<S3StorageOptions>, work: (storage: Storage) => Promise<void>) {
  const storage = await open(changes);
  try {
    await work(storage);
  } finally {
    await storage.close();
  }
}

storageContract({ kind: 'in a bucket', open: () => open() });
lockingContract({
  parts: PART,
  open: () => open({ bucket: lockedBucket, part: PART }),
  openPlain: () => open({ prefix: 'unlocked' }),
  openAsReader: () => open({ bucket: lockedBucket, keys: keysOf(ceph.stranger) }),
  async overwrite(name, bytes) {
    const target = { Bucket: lockedBucket, Key: `some/prefix/${name}` };
    await admin.send(new PutObjectCommand({ ...target, Body: bytes }));
  },
  async destroy(name, version) {
    const target = { Bucket: lockedBucket, Key: `some/prefix/${name}`, VersionId: version };
    await admin.send(new DeleteObjectCommand(target));
  },
});

describe('at the root of the bucket', () => {
  test('objects of others and of other prefixes are told apart', () =>
    using({ prefix: 'ours' }, async (storage) => {
      for (const name of ['ours/a b+c/%41', 'ours2/b', 'other', 'ours/.partial/x', 'ours/line\nfeed'])
        await admin.send(new PutObjectCommand({ Bucket: bucket, Key: name, Body: name }));
      const names = async (of: Storage) => (await collect(of.list('', options))).map((one) => one.key);
      assert.deepEqual(await names(storage), ['a b+c/%41']);
      assert.equal((await read(storage, keyFrom('a b+c/%41'))).toString(), 'ours/a b+c/%41');
      await using({ prefix: '' }, async (all) => {
        assert.equal(all.location, `s3://${bucket}`);
        const found = (await names(all)).filter((name) => !name.startsWith('some/'));
        assert.deepEqual(found, ['other', 'ours/.partial/x', 'ours/a b+c/%41', 'ours2/b']);
      });
    }));
});

describe('a large object', () => {
  const prefix = 'large';
  const unfinished = async () => {
    const { Uploads = [] } = await admin.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    return Uploads.length;
  };
  const size = 4 * PART + 1_234_567;

  test('goes in parts, and comes back whole', () =>
    using({ prefix, part: PART }, async (storage) => {
      const bytes = patternOf(size);
      await storage.put(keyFrom('streamed'), bodyOf(bytes), options);
      await storage.put(keyFrom('bytes'), bytes, options);
      for (const name of ['streamed', 'bytes']) {
        const found = await collectBytes(storage.stream(keyFrom(name), options));
        assert.ok(bytes.equals(found));
        const status = await storage.stat(keyFrom(name), options);
        assert.equal(status?.size, size);
        assert.equal(status?.sha256, undefined, 'a hash of hashes is none of the whole');
      }
      const again = storage.put(keyFrom('bytes'), bytes, options);
      await assert.rejects(again, failsWith('STORAGE_EXISTS', { key: 'bytes' }));
      assert.equal(await unfinished(), 0);
    }));

  test('gets a second key in parts, of the version that it was, and only whole', () =>
    using({ prefix, part: PART, largestCopy: PART }, async (storage) => {
      const bytes = patternOf(2 * PART + 77);
      await storage.put(keyFrom('of parts'), bytes, options);
      await storage.link(keyFrom('of parts'), keyFrom('copied in parts'), options);
      assert.ok(bytes.equals(await collectBytes(storage.stream(keyFrom('copied in parts'), options))));
      assert.equal(await unfinished(), 0);
    }));

  test('leaves no parts behind when its source fails or the signal is given', () =>
    using({ prefix, part: PART }, async (storage) => {
      const bytes = patternOf(size);
      const failing = {
        size,
        async *open() {
          yield bytes.subarray(0, 3 * PART);
          throw new Error('the source gave up');
        },
      };
      await assert.rejects(storage.put(keyFrom('failed'), failing, options), /the source gave up/);
      const stopping = new AbortController();
      const stopped = {
        size,
        async *open() {
          yield bytes.subarray(0, 3 * PART);
          stopping.abort(new Error('enough'));
          yield bytes.subarray(3 * PART);
        },
      };
      const { signal } = stopping;
      await assert.rejects(storage.put(keyFrom('stopped'), stopped, { signal }), /enough/);
      const short = { ...bodyOf(bytes), size: size + 1 };
      const changed = failsWith('STORAGE_BODY_CHANGED', { key: 'short' });
      await assert.rejects(storage.put(keyFrom('short'), short, options), changed);
      assert.equal(await unfinished(), 0);
      for (const name of ['failed', 'stopped', 'short'])
        assert.equal(await storage.stat(keyFrom(name), options), undefined);
    }));

  test('goes on with the parts that are there, when these are the same', async () => {
    const bytes = patternOf(size);
    const line = await openLine(ceph.port);
    const endpoint = `http://127.0.0.1:${line.port}`;
    try {
      await using({ prefix, part: PART, endpoint }, async (storage) => {
        line.cutAfter(3.5 * PART);
        const cut = storage.put(keyFrom('resumed'), bodyOf(bytes), options);
        await assert.rejects(cut, failsWith('STORAGE_INTERRUPTED', { key: 'resumed', operation: 'put' }));
        assert.equal(await unfinished(), 1);
      });
      // Not over the line: that a connection was cut may come out with the next request only.
      await using({ prefix }, async (storage) => {
        assert.equal(await storage.stat(keyFrom('resumed'), options), undefined);
      });
      // As another process would after a crash; the first byte has changed meanwhile, and with it the first part.
      bytes[0] = 0xff;
      const before = line.sent;
      await using({ prefix, part: PART, endpoint }, async (storage) => {
        await storage.put(keyFrom('resumed'), bodyOf(bytes), options);
        assert.ok(bytes.equals(await collectBytes(storage.stream(keyFrom('resumed'), options))));
      });
      const sent = line.sent - before;
      assert.ok(sent > PART && sent < 4.2 * PART, `${sent} bytes sent of ${size}`);
      assert.equal(await unfinished(), 0);
    } finally {
      await line.close();
    }
  });
});

test('the server tells the hash that it has checked', () =>
  using({ prefix: 'hashes' }, async (storage) => {
    const bytes = patternOf(300_000);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await storage.put(keyFrom('bytes'), bytes, options);
    await storage.put(keyFrom('streamed'), bodyOf(bytes), options);
    for (const name of ['bytes', 'streamed'])
      assert.equal((await storage.stat(keyFrom(name), options))?.sha256, sha256);
    // So that an object whose answer was lost is known as ours without being fetched.
    const faulty = faultyStorage(storage, [
      { at: 1, of: ({ operation }) => operation === 'put', kind: 'lose-answer' },
    ]);
    await retrying(faulty, { attempts: 2, pause: 1, random: Math.random }).put(key, bytes, options);
    assert.deepEqual(
      faulty.calls.map(({ operation }) => operation),
      ['put', 'put', 'stat'],
    );
  }));

describe('a small object', () => {
  test('is one request where it is known that there is none, whatever its name', async () => {
    const proxy = await openFaultProxy(ceph.port);
    try {
      await using({ prefix: "it's (a) *prefix*", endpoint: proxy.endpoint }, async (storage) => {
        const name = keyFrom("odd/a b+c&d=e!'()*~%41/é日本");
        proxy.arm(() => undefined);
        await storage.put(name, patternOf(10_000), { ...options, isNew: true });
        assert.deepEqual(methodsOf(proxy), ['PUT']);
        assert.ok(patternOf(10_000).equals(await read(storage, name)));
        proxy.arm(() => undefined);
        const again = { ...options, isNew: true };
        await assert.rejects(storage.put(name, patternOf(9), again), failsWith('STORAGE_EXISTS', {}));
        await assert.rejects(storage.put(name, patternOf(9), options), failsWith('STORAGE_EXISTS', {}));
        assert.deepEqual(methodsOf(proxy), ['PUT', 'HEAD']);
        proxy.arm((count) => (count === 1 ? 'lost-answer' : undefined));
        const retried = retrying(storage, { attempts: 2, pause: 1, random: Math.random });
        await retried.put(keyFrom('lost'), patternOf(10_000), again);
        assert.deepEqual(methodsOf(proxy), ['PUT', 'HEAD', 'HEAD']);
      });
    } finally {
      await proxy.close();
    }
  });

  test('and all parts of a large one go over connections that stay', async () => {
    const line = await openLine(ceph.port);
    try {
      const settings = { prefix: 'kept', part: PART, endpoint: `http://127.0.0.1:${line.port}` };
      await using(settings, async (storage) => {
        await storage.put(keyFrom('large'), bodyOf(patternOf(5 * PART)), { ...options, isNew: true });
        await storage.put(keyFrom('streamed'), bodyOf(patternOf(PART)), { ...options, isNew: true });
        await storage.put(keyFrom('small'), patternOf(PART), { ...options, isNew: true });
        // Three parts are under way at a time.
        assert.ok(line.connections <= 4, `${line.connections} connections`);
      });
    } finally {
      await line.close();
    }
  });

  test('goes through where the clock of the server is another', async () => {
    // Ceph has the clock of this machine.
    const hour = 3_600_000;
    const puts: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      request.resume().on('end', () => {
        const now = Date.now() - hour;
        response.setHeader('date', new Date(now).toUTCString());
        if (request.method !== 'PUT') return response.end();
        const date = String(request.headers['x-amz-date']);
        puts.push(request.headers['x-amz-checksum-sha256'] as string | undefined);
        if (Math.abs(timeIn(date) - now) < hour / 2) return response.end();
        response.statusCode = 403;
        return response.end('<Error><Code>RequestTimeTooSkewed</Code><Message>planted</Message></Error>');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      await using({ endpoint }, async (plain) => {
        const storage = retrying(plain, { attempts: 3, pause: 1, random: Math.random });
        await storage.put(keyFrom('late'), patternOf(1_000), { ...options, isNew: true });
      });
      const sha256 = createHash('sha256').update(patternOf(1_000)).digest('base64');
      assert.ok(puts.length > 0 && puts.every((sum) => sum === sha256));
    } finally {
      server.close();
    }
  });

  const methodsOf = ({ seen }: FaultProxy) => seen.map(({ method }) => method);
  const timeIn = (date: string) => Date.parse(date.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'));
});

describe('who is let in, and to what', () => {
  test('no bucket is made by itself', async () => {
    const storage = 's3://no-such-bucket/some/prefix';
    await assert.rejects(open({ bucket: 'no-such-bucket' }), failsWith('STORAGE_MISSING', { storage }));
  });

  test('a refusal names the status and the request', async () => {
    const refused = (error: unknown) => {
      failsWith('STORAGE_REFUSED', {})(error);
      assert.match(String(error), /HTTP 403/);
      return isHikaeError(error) && error.exit === 10;
    };
    await assert.rejects(open({ keys: keysOf(ceph.stranger) }), refused);
    const wrong = keysOf({ ...ceph.user, secret: 'a wrong secret' });
    await assert.rejects(open({ keys: wrong }), (error) => {
      assert.doesNotMatch(`${error} ${JSON.stringify(error)}`, /a wrong secret/);
      return refused(error);
    });
  });

  test('nothing is said in the open but to this machine', async () => {
    for (const endpoint of ['http://s3.example', 'http://127.0.0.1.example', 'http://10.0.0.1:8000']) {
      await assert.rejects(open({ endpoint }), failsWith('STORAGE_INSECURE', { endpoint }));
    }
  });

  test('without keys it says where they are looked for', async () => {
    const variables = ['AWS_EC2_METADATA_DISABLED', 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'];
    const before = variables.map((name) => process.env[name]);
    process.env.AWS_EC2_METADATA_DISABLED = 'true';
    process.env.AWS_CONFIG_FILE = process.env.AWS_SHARED_CREDENTIALS_FILE = '/dev/null';
    try {
      const settings = { bucket, prefix: '', region: 'us-east-1', endpoint: ceph.endpoint };
      const nobody = openS3Storage({ ...settings, profile: 'nobody' }, options);
      await assert.rejects(nobody, failsWith('STORAGE_NO_CREDENTIALS', { storage: `s3://${bucket}` }));
    } finally {
      for (const [index, name] of variables.entries()) {
        if (before[index] === undefined) delete process.env[name];
        else process.env[name] = before[index];
      }
    }
  });
});

describe('lines that fail', () => {
  let line: Line;
  before(async () => {
    line = await openLine(ceph.port);
  });
  after(() => line.close());
  const over = (work: (storage: Storage) => Promise<void>) =>
    using({ prefix: 'lines', endpoint: `http://127.0.0.1:${line.port}` }, work);

  test('a server that is not there is out of reach, which may pass', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    await assert.rejects(open({ endpoint }), (error) => {
      failsWith('STORAGE_OUT_OF_REACH', { storage: `s3://${bucket}/some/prefix` })(error);
      return isHikaeError(error) && error.transient;
    });
  });

  test('tried again, all succeeds over a line that is cut again and again', () =>
    over(async (plain) => {
      const storage = retrying(plain, { attempts: 4, pause: 5, random: Math.random });
      for (const [index, size] of [1_000, 400_000, 2_500_000, 90_000, 1_200_000].entries()) {
        const name = keyFrom(`at/${index}`);
        line.cutAfter(800 + index * 211_000);
        await storage.put(name, index % 2 === 0 ? patternOf(size) : bodyOf(patternOf(size)), options);
        line.cutAfter(300);
        assert.ok(patternOf(size).equals(await collectBytes(storage.stream(name, options))), `${index}`);
      }
      line.cutAfter(300);
      assert.equal((await collect(storage.list('', options))).length, 5);
    }));

  test('a body that is cut off is no whole object, either way', () =>
    over(async (storage) => {
      line.cutAfter(500_000);
      const cut = storage.put(key, patternOf(2_000_000), options);
      await assert.rejects(cut, failsWith('STORAGE_INTERRUPTED', { key, operation: 'put' }));
      assert.equal(await storage.stat(key, options), undefined);
      await storage.put(key, patternOf(8_000_000), options);
      const reading = async () => {
        for await (const _ of storage.stream(key, options)) line.cut();
      };
      await assert.rejects(reading(), failsWith('STORAGE_INTERRUPTED', { key, operation: 'stream' }));
    }));

  test('the signal ends every wait on a line that is dead', () =>
    over(async (storage) => {
      await storage.put(keyFrom('dead'), patternOf(8_000_000), options);
      const signal = AbortSignal.timeout(400);
      const reading = async () => {
        for await (const _ of storage.stream(keyFrom('dead'), { signal })) line.goDead();
      };
      await assert.rejects(reading(), { name: 'TimeoutError' });
      const later = AbortSignal.timeout(100);
      const put = storage.put(keyFrom('dead-too'), patternOf(1_000_000), { signal: later });
      await assert.rejects(put, { name: 'TimeoutError' });
      await assert.rejects(storage.stat(key, { signal: AbortSignal.timeout(50) }), { name: 'TimeoutError' });
      await assert.rejects(collect(storage.list('', { signal: AbortSignal.timeout(50) })), {
        name: 'TimeoutError',
      });
    }));
});
