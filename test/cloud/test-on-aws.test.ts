/** script/test-on-aws itself, which nobody here can run on AWS: with Ceph in its place, and a double for STS. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openFaultProxy, type SeenRequest } from '../doubles/fault-proxy.ts';
import { startIam } from '../doubles/iam.ts';
import { startCeph } from '../servers/ceph.ts';

const script = fileURLToPath(new URL('../../script/test-on-aws', import.meta.url));

describe('script/test-on-aws', { timeout: 1_800_000 }, () => {
  it('says how it is used', () => {
    for (const args of [[], ['bucket'], ['bucket', 'region', 'uploader', 'reader', 'more']]) {
      const { status, stderr } = spawnSync(script, args, { encoding: 'utf8' });
      assert.equal(status, 2);
      assert.match(stderr, /^usage: script\/test-on-aws BUCKET REGION/);
    }
  });

  if (process.env.HIKAE_LONG === '1')
    it('runs to its end, attacks and all', async (t) => {
      const ceph = await startCeph({ reader: true });
      const users = { first: ceph.user, stranger: ceph.stranger, reader: ceph.reader };
      const nameOf = (id: string) => Object.entries(users).find(([, user]) => user?.id === id)?.[0];
      const iam = await startIam({
        arn: (id) => `arn:aws:iam:::user/${nameOf(id)}`,
        keys: [],
        allowed: [],
      });
      const proxy = await openFaultProxy(ceph.port);
      const folder = mkdtempSync(join(tmpdir(), 'hikae-as-aws-'));
      try {
        const profiles = Object.entries({ default: ceph.user, up: ceph.stranger, down: ceph.reader }).map(
          ([name, user]) =>
            `[${name}]\naws_access_key_id = ${user?.id}\naws_secret_access_key = ${user?.secret}\n`,
        );
        writeFileSync(join(folder, 'credentials'), profiles.join('\n'));
        writeFileSync(join(folder, 'config'), '');
        const running = spawn(script, ['hikae-own', 'us-east-1', '--attacks', 'up', 'down'], {
          env: {
            PATH: process.env.PATH,
            HOME: process.env.HOME,
            AWS_CONFIG_FILE: join(folder, 'config'),
            AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
            AWS_ENDPOINT_URL_S3: proxy.endpoint,
            AWS_ENDPOINT_URL_STS: iam.endpoint,
            AWS_ENDPOINT_URL_IAM: iam.endpoint,
          },
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        let said = '';
        running.stdout.setEncoding('utf8').on('data', (text: string) => {
          said += text;
        });
        const [status] = await once(running, 'close');
        assert.equal(status, 0, said);
        assert.match(said, /\n\d+ passed, 0 failed\n$/);
        const cheap = proxy.seen.filter(isCheap).length;
        t.diagnostic(`${said.trim()}\n${proxy.seen.length - cheap} requests as PUT, ${cheap} as GET`);
      } finally {
        rmSync(folder, { recursive: true });
        await iam.stop();
        await proxy.close();
        await ceph.stop();
      }
    });
});

/** Charged as GET, where putting and listing cost twelve times as much; to delete costs nothing. */
function isCheap({ method, path }: SeenRequest): boolean {
  const lists = /[?&](?:list-type|versions|uploads|prefix)\b/.test(path);
  return method === 'HEAD' || method === 'DELETE' || (method === 'GET' && !lists);
}
