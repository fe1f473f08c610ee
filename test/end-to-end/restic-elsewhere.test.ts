/** Repositories behind a real sshd and on a real S3 server as vaults of a policy, with the command as it stands. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { UnlockResult } from '../../src/operations/unlock.ts';
import { describeTree } from '../doubles/live-tree.ts';
import { type Ceph, startCeph } from '../servers/ceph.ts';
import { freePort } from '../servers/free-port.ts';
import { openLine } from '../servers/line.ts';
import { type Sshd, startSshd } from '../servers/sshd.ts';
import { resticCheck } from '../vault/restic-command.ts';
import { PASSWORD } from '../vault/restic-taking.ts';
import {
  eventsOf,
  Running,
  run,
  runHere,
  runPlain,
  Scratch,
  type ToldRestore,
  withPolicy,
} from './command.ts';
import { type FollowOptions, followKit } from './follow-kit.ts';

type Environment = Readonly<Record<string, string>>;

/** What a process has used since its start, in all its threads; undefined when it is gone. */
function processorSeconds(pid: number | undefined): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOENT');
    return undefined;
  }
}

/** in which Linux tells it, to everybody */
const TICKS = 100;

function policyOf(scratch: Scratch, vault: object): string {
  scratch.write('site/page', 'text');
  const noise = createHash('shake256', { outputLength: 3_000_000 }).update('noise').digest();
  scratch.write('site/folder/large', noise);
  scratch.write('password', `${PASSWORD}\n`, 0o600);
  return scratch.policy({
    targets: { blog: { components: { site: { files: scratch.at('site') } } } },
    vaults: { away: { ...vault, password: { file: scratch.at('password') } } },
    schedules: { daily: { at: '02:00', to: 'away' } },
  });
}

/** The code of what a backup fails with, wherever it is told. */
async function failedBackup(policy: string, environment: Environment): Promise<readonly unknown[]> {
  const { status, result } = await runHere(policy, ['backup'], { environment });
  return [status, result.targets?.[0]?.error?.code ?? result.error?.code];
}

/** From nothing to a restored tree, and what stands in the way before and after. */
async function liveThrough(scratch: Scratch, policy: string, environment: Environment): Promise<void> {
  const options = { environment };
  assert.deepEqual(await failedBackup(policy, environment), [10, 'VAULT_NOT_FOUND'], 'made by nobody yet');
  for (const created of [true, false]) {
    const made = await runHere<{ created: boolean }>(policy, ['vault', 'create', 'away'], options);
    assert.deepEqual([made.status, made.result.created], [0, created], made.stdout);
  }
  const stored = await run(policy, ['backup'], options);
  assert.deepEqual([stored.status, stored.result.outcome], [0, 'succeeded'], stored.stdout);
  scratch.write('site/page', 'another text');
  const again = await runHere(policy, ['backup'], options);
  assert.deepEqual([again.status, again.result.outcome], [0, 'succeeded'], again.stdout);
  const listed = await runHere<{ snapshots: unknown[] }>(policy, ['snapshots'], options);
  assert.equal(listed.status, 0);
  assert.match(listed.stdout, /"place": ?"daily\/blog\//);
  const cached = readdirSync(scratch.at('state/cache'), { recursive: true, encoding: 'utf8' });
  assert.ok(
    cached.some((name) => /^[0-9a-f]{64}\/packs\/[0-9a-f]{64}$/.test(name)),
    String(cached),
  );
  rmSync(scratch.at('state/cache'), { recursive: true });
  const restored = await runHere<ToldRestore>(
    policy,
    ['restore', 'blog', '--to', scratch.at('restored')],
    options,
  );
  assert.deepEqual([restored.status, restored.result.outcome], [0, 'succeeded'], restored.stdout);
  assert.deepEqual(describeTree(scratch.at('restored/site')), describeTree(scratch.at('site')));
  const verified = await runHere<{ outcome: string }>(policy, ['verify', '--level', 'full'], options);
  assert.deepEqual([verified.status, verified.result.outcome], [0, 'succeeded'], verified.stdout);
  scratch.write('password', 'another\n', 0o600);
  assert.deepEqual(await failedBackup(policy, environment), [12, 'VAULT_WRONG_PASSWORD']);
  scratch.write('password', `${PASSWORD}\n`, 0o600);
}

function passwordOf(scratch: Scratch): string[] {
  return ['--password-file', scratch.at('password')];
}

/** With nothing but the URL and the password. */
async function lookAlone(scratch: Scratch, url: string, environment: Environment): Promise<void> {
  const vault = ['--vault', url, ...passwordOf(scratch)];
  const listed = await runPlain(['snapshots', 'blog', ...vault], { environment });
  assert.equal(listed.status, 0, listed.stderr);
  assert.match(listed.stdout, /daily\/blog\//);
  const dumped = await runPlain(['dump', 'blog', 'site/page', ...vault], { environment });
  assert.equal(dumped.stdout, 'text', dumped.stderr);
  const to = scratch.at('alone');
  const restored = await runPlain(['restore', 'blog', ...vault, '--to', to], { environment });
  assert.equal(restored.status, 0, restored.stderr);
  assert.deepEqual(describeTree(join(to, 'site')), describeTree(scratch.at('site')));
}

/** Made with the policy, followed without. */
async function byKit(
  scratch: Scratch,
  policy: string,
  environment: Environment,
  lost: FollowOptions,
): Promise<void> {
  const file = scratch.at('kit');
  const made = await runHere(policy, ['kit', 'print', '--new', '--kit-file', file], { environment });
  assert.equal(made.status, 0, made.stdout);
  followKit(readFileSync(file, 'utf8'), scratch, lost);
  assert.deepEqual(describeTree(scratch.at('restored/blog/site')), describeTree(scratch.at('site')));
}

describe('a repository over SFTP', { timeout: 240_000 }, () => {
  let sshd: Sshd;
  before(async () => {
    sshd = await startSshd();
  });
  after(() => sshd.stop());

  const place = (name: string) => `sftp://${sshd.user}@127.0.0.1:${sshd.port}${sshd.folder}/${name}`;
  function settings(scratch: Scratch, name: string) {
    const key = { file: scratch.write('key', sshd.key, 0o600) };
    return { restic: place(name), knownHosts: sshd.knownHosts, ssh: { key } };
  }

  it('is made, written, listed, restored from and verified, and is never made anew when it is gone', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, settings(scratch, 'deep/repository'));
    await liveThrough(scratch, policy, {});
    const repository = `${sshd.folder}/deep/repository`;
    assert.equal(resticCheck(repository), 'sound');
    rmSync(repository, { recursive: true });
    assert.deepEqual(await failedBackup(policy, {}), [10, 'VAULT_GONE']);
    assert.equal(existsSync(repository), false);
  });

  it('sends nothing to a host that shows another key than is known, or that is not known', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, { ...settings(scratch, 'other'), knownHosts: scratch.at('known') });
    const create = () => runHere(policy, ['vault', 'create', 'away']);
    const unknown = await create();
    assert.deepEqual([unknown.status, unknown.result.error?.code], [10, 'STORAGE_HOST_KEY_UNKNOWN']);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', scratch.at('stranger')]);
    const stranger = readFileSync(scratch.at('stranger.pub'), 'utf8');
    writeFileSync(scratch.at('known'), `[127.0.0.1]:${sshd.port} ${stranger}`);
    const changed = await create();
    assert.deepEqual([changed.status, changed.result.error?.code], [10, 'STORAGE_HOST_KEY_CHANGED']);
    assert.match(changed.result.error?.message ?? '', /127\.0\.0\.1.*SHA256:/);
    assert.equal(existsSync(`${sshd.folder}/other`), false);
  });

  it('is not made in a folder that holds something', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, settings(scratch, ''));
    writeFileSync(`${sshd.folder}/report`, 'of somebody');
    const { status, result } = await runHere(policy, ['vault', 'create', 'away']);
    assert.deepEqual([status, result.error?.code], [10, 'VAULT_FOREIGN']);
    assert.equal(existsSync(`${sshd.folder}/config`), false);
  });

  it('goes on after its line was cut, and keeps within its bound', async () => {
    using scratch = new Scratch();
    const line = await openLine(sshd.port);
    try {
      const known = scratch.write('known', `[127.0.0.1]:${line.port} ${sshd.hostKey}\n`);
      const restic = `sftp://${sshd.user}@127.0.0.1:${line.port}${sshd.folder}/cut`;
      const limits = { line: '16Mbit', share: '50%' };
      const policy = policyOf(scratch, { ...settings(scratch, ''), restic, knownHosts: known, limits });
      assert.equal((await runHere(policy, ['vault', 'create', 'away'])).status, 0);
      line.cutAfter(1_000_000);
      const began = performance.now();
      const { status, events } = await runHere(policy, ['backup']);
      assert.equal(status, 0);
      assert.ok(performance.now() - began > 2_900, 'three megabytes at one a second');
      const told = eventsOf({ events }, 'warning').map(({ code }) => code);
      assert.ok(told.includes('storage-retry'), String(told));
      assert.equal(resticCheck(`${sshd.folder}/cut`), 'sound');
    } finally {
      await line.close();
    }
  });

  it('is looked into and restored from without a policy', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, settings(scratch, 'alone'));
    assert.equal((await runHere(policy, ['vault', 'create', 'away'])).status, 0);
    assert.equal((await runHere(policy, ['backup'])).status, 0);
    scratch.write('.ssh/id_ed25519', sshd.key, 0o600);
    scratch.write('.ssh/known_hosts', readFileSync(sshd.knownHosts));
    await lookAlone(scratch, place('alone'), { HOME: scratch.path });
    // restic asks ssh, which knows no other home than root's.
    await byKit(scratch, policy, {}, { environment: { HOME: scratch.path }, leaveOut: /^restic / });
    const missing = await runPlain(['snapshots', '--vault', place('nowhere'), ...passwordOf(scratch)], {
      environment: { HOME: scratch.path },
    });
    assert.equal(missing.status, 10, missing.stderr);
  });

  it('logs in with a password and with the keys in ~/.ssh', async () => {
    using scratch = new Scratch();
    const login = scratch.write('login', sshd.password, 0o600);
    const byPassword = policyOf(scratch, {
      ...settings(scratch, 'login'),
      ssh: { password: { file: login } },
    });
    assert.equal((await runHere(byPassword, ['vault', 'create', 'away'])).status, 0);
    scratch.write('.ssh/id_ed25519', sshd.key, 0o600);
    scratch.write('.ssh/known_hosts', readFileSync(sshd.knownHosts));
    const usual = policyOf(scratch, { restic: place('login') });
    const listed = await runHere(usual, ['vault', 'list'], { environment: { HOME: scratch.path } });
    assert.equal(listed.status, 0, listed.stdout);
  });
});

describe('a repository on S3', { timeout: 240_000 }, () => {
  let ceph: Ceph;
  let environment: Environment;
  before(async () => {
    ceph = await startCeph();
    environment = { AWS_ACCESS_KEY_ID: ceph.user.id, AWS_SECRET_ACCESS_KEY: ceph.user.secret };
    const admin = new S3Client({
      endpoint: ceph.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: ceph.user.id, secretAccessKey: ceph.user.secret },
    });
    await admin.send(new CreateBucketCommand({ Bucket: 'hikae' }));
    await admin.send(new PutObjectCommand({ Bucket: 'hikae', Key: 'taken/report', Body: 'of somebody' }));
    admin.destroy();
  });
  after(() => ceph.stop());

  const settings = (restic: string) => ({ restic, region: 'us-east-1', endpoint: ceph.endpoint });

  it('is made, written, listed, restored from and verified, and restic finds it sound', async () => {
    using scratch = new Scratch();
    await liveThrough(scratch, policyOf(scratch, settings('s3://hikae/some/prefix')), environment);
    // Without a lock: over http Debian's restic signs what it sends chunk by chunk, which this gateway refuses.
    const { stdout, stderr, status } = spawnSync(
      'restic',
      ['-r', `s3:${ceph.endpoint}/hikae/some/prefix`, '--no-cache', '--no-lock', 'check', '--read-data'],
      { encoding: 'utf8', env: { PATH: process.env.PATH, RESTIC_PASSWORD: PASSWORD, ...environment } },
    );
    assert.equal(status, 0, stderr);
    assert.match(stdout, /no errors were found/);
  });

  it('is looked into and restored from without a policy', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, settings('s3://hikae/alone'));
    assert.equal((await runHere(policy, ['vault', 'create', 'away'], { environment })).status, 0);
    assert.equal((await runHere(policy, ['backup'], { environment })).status, 0);
    await lookAlone(scratch, 's3://hikae/alone', { ...environment, AWS_ENDPOINT_URL_S3: ceph.endpoint });
    // This gateway refuses the lock that restic's client puts, the newest one's too.
    await byKit(scratch, policy, environment, { environment, leaveOut: /^restic / });
  });

  it('may be dated trees as well, which a policy or the place alone leads to', async () => {
    using scratch = new Scratch();
    const place = 's3://hikae/some/dated';
    scratch.write('site/page', 'text');
    scratch.write('site/folder/large', Buffer.alloc(3_000_000, 'large'));
    const policy = scratch.policy({
      targets: { blog: { components: { site: { files: scratch.at('site') } } } },
      vaults: { away: { plain: place, region: 'us-east-1', endpoint: ceph.endpoint } },
      schedules: { daily: { at: '02:00', to: 'away' } },
    });
    const options = { environment };
    assert.deepEqual(await failedBackup(policy, environment), [10, 'VAULT_NOT_FOUND'], 'made by nobody yet');
    assert.equal((await runHere(policy, ['vault', 'create', 'away'], options)).status, 0);
    for (const content of ['another', 'a third']) {
      scratch.write('site/page', content);
      const stored = await runHere(policy, ['backup'], options);
      assert.deepEqual([stored.status, stored.result.outcome], [0, 'succeeded'], stored.stdout);
    }
    const admin = new S3Client({
      endpoint: ceph.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: ceph.user.id, secretAccessKey: ceph.user.secret },
    });
    const Key = 'some/dated/.hikae/locks/write-garbage';
    await admin.send(new PutObjectCommand({ Bucket: 'hikae', Key, Body: 'garbage' }));
    admin.destroy();
    const barred = await runHere(policy, ['backup', '--lock-wait', '0s'], options);
    assert.deepEqual([barred.status, barred.result.targets[0]?.error?.code], [11, 'VAULT_LOCK_UNREADABLE']);
    for (const [more, removed] of [
      [[], 0],
      [['--all'], 1],
    ] as const) {
      const { result } = await runHere<UnlockResult>(policy, ['unlock', ...more], options);
      assert.equal(result.vaults[0]?.removed.length, removed, JSON.stringify(result));
    }
    const stored = await runHere(policy, ['backup'], options);
    assert.deepEqual([stored.status, stored.result.outcome], [0, 'succeeded'], stored.stdout);
    const verified = await runHere<{ outcome: string }>(policy, ['verify', '--level', 'full'], options);
    assert.deepEqual([verified.status, verified.result.outcome], [0, 'succeeded'], verified.stdout);
    const restore = ['restore', 'blog', '--vault', place, '--to', scratch.at('restored')];
    const alone = {
      environment: { ...environment, AWS_ENDPOINT_URL: ceph.endpoint, AWS_REGION: 'us-east-1' },
    };
    const { status, stderr } = await runPlain(restore, alone);
    assert.equal(status, 0, stderr);
    assert.deepEqual(describeTree(scratch.at('restored/site')), describeTree(scratch.at('site')));
  });

  it('keeps the process within its share of the machine while it sends', async () => {
    using scratch = new Scratch();
    const line = await openLine(Number(new URL(ceph.endpoint).port));
    try {
      for (let at = 0; at < 400; at++) scratch.write(`site/${at}`, `the page ${at}`);
      const share = 0.15;
      const endpoint = `http://127.0.0.1:${line.port}`;
      const away = { plain: 's3://hikae/some/slow', region: 'us-east-1', endpoint, limits: { cpu: '15%' } };
      const policy = scratch.policy({
        targets: { blog: { components: { site: { files: scratch.at('site') } } } },
        vaults: { away },
        schedules: { daily: { at: '02:00', to: 'away' } },
      });
      assert.equal((await runHere(policy, ['vault', 'create', 'away'], { environment })).status, 0);
      using running = new Running(withPolicy(policy, ['backup']), { environment });
      const samples: { readonly at: number; readonly used: number; readonly sent: number }[] = [];
      const start = line.sent;
      for (let ended = false; !ended; ) {
        const used = processorSeconds(running.child.pid);
        if (used !== undefined)
          samples.push({ at: performance.now() / 1_000, used, sent: line.sent - start });
        ended = await Promise.race([running.end.then(() => true), delay(20, false)]);
      }
      const { status, stdout } = await running.end;
      assert.equal(status, 0, stdout);
      // To start takes what it takes; the bound holds from the first of the files to the last.
      const all = samples.at(-1)?.sent ?? 0;
      const sending = samples.filter(({ sent }) => sent > all * 0.1 && sent < all * 0.9);
      const [first, last] = [sending[0], sending.at(-1)];
      assert.ok(first !== undefined && last !== undefined);
      const [used, took] = [last.used - first.used, last.at - first.at];
      const part = used / took / availableParallelism();
      const measured = `${used.toFixed(2)} s of ${took.toFixed(2)} s: ${(part * 100).toFixed(1)} % of the machine`;
      assert.ok(used > 0.2, `there is work to hold back: ${measured}`);
      assert.ok(part < share * 1.3, measured);
    } finally {
      await line.close();
    }
  });

  it('is not made where something lies, nor in a bucket that is not there', async () => {
    using scratch = new Scratch();
    for (const [place, code] of [
      ['s3://hikae/taken', 'VAULT_FOREIGN'],
      ['s3://hikae-missing/prefix', 'STORAGE_MISSING'],
    ] as const) {
      const policy = policyOf(scratch, settings(place));
      const { status, result } = await runHere(policy, ['vault', 'create', 'away'], { environment });
      assert.deepEqual([status, result.error?.code], [10, code]);
    }
  });

  it('is out of reach without keys or without a server', async () => {
    using scratch = new Scratch();
    const nobody = { ...environment, AWS_ACCESS_KEY_ID: '', AWS_EC2_METADATA_DISABLED: 'true' };
    const policy = policyOf(scratch, settings('s3://hikae/locked'));
    const { status, result } = await run(policy, ['backup'], { environment: nobody });
    assert.deepEqual([status, result.targets[0]?.error?.code], [10, 'STORAGE_NO_CREDENTIALS']);
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    const silent = policyOf(scratch, { ...settings('s3://hikae/locked'), endpoint });
    assert.deepEqual(await failedBackup(silent, environment), [10, 'STORAGE_OUT_OF_REACH']);
  });
});
