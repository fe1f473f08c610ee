/** Vaults in a bucket with Object Lock, on a real S3 server, with the command as it stands. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { Secret } from '../../src/base/secret.ts';
import type { Proof } from '../../src/model/proof.ts';
import type { BackupPreview } from '../../src/operations/backup-preview.ts';
import type { Protection } from '../../src/operations/protect.ts';
import type { VaultTest } from '../../src/operations/vault-test.ts';
import { openS3Storage } from '../../src/storage/s3/s3-storage.ts';
import type { Key, ObjectVersion, Storage } from '../../src/storage/storage.ts';
import type { PruneReport } from '../../src/vault/vault.ts';
import { describeTree } from '../doubles/live-tree.ts';
import { type Ceph, startCeph } from '../servers/ceph.ts';
import { collect, never } from '../storage/contract.ts';
import { PASSWORD } from '../vault/restic-taking.ts';
import { eventsOf, Running, runAt, runHere, Scratch, type ToldRestore, withPolicy } from './command.ts';

const options = { signal: never };
const DAY = 86_400_000;
const BUCKET = 'hikae-locked';
const TWO_DAYS = { mode: 'compliance', for: '2d', generation: '1d' };

let ceph: Ceph;
let admin: S3Client;
before(async () => {
  ceph = await startCeph();
  const { id, secret } = ceph.user;
  process.env.AWS_ACCESS_KEY_ID = id;
  process.env.AWS_SECRET_ACCESS_KEY = secret;
  admin = new S3Client({ endpoint: ceph.endpoint, region: 'us-east-1', forcePathStyle: true });
  await admin.send(new CreateBucketCommand({ Bucket: BUCKET, ObjectLockEnabledForBucket: true }));
  await admin.send(new CreateBucketCommand({ Bucket: 'hikae-unlocked' }));
});
after(async () => {
  delete process.env.AWS_ACCESS_KEY_ID;
  delete process.env.AWS_SECRET_ACCESS_KEY;
  admin.destroy();
  await ceph.stop();
});

interface ToldProof {
  readonly vaults: readonly { readonly proofs: readonly Proof[] }[];
}

interface Pruned {
  readonly ends: readonly { readonly report?: PruneReport; readonly error?: { readonly code: string } }[];
}

interface ToldUndelete {
  readonly objects: readonly string[];
  readonly lost: readonly string[];
}

/** A vault of its own in the bucket. */
class Locked {
  readonly scratch = new Scratch();
  readonly prefix: string;
  readonly environment: Readonly<Record<string, string>>;
  #storage: Storage | undefined;

  constructor(prefix: string) {
    this.prefix = prefix;
    this.environment = {
      AWS_ACCESS_KEY_ID: ceph.user.id,
      AWS_SECRET_ACCESS_KEY: ceph.user.secret,
    };
    this.scratch.write('site/page', 'text');
    this.scratch.write(
      'site/folder/large',
      createHash('shake256', { outputLength: 3_000_000 }).update('noise').digest(),
    );
    this.scratch.write('password', `${PASSWORD}\n`, 0o600);
  }

  policy(lock: object | null = TWO_DAYS, bucket = BUCKET, keep = 1): string {
    const { scratch } = this;
    const place = { restic: `s3://${bucket}/${this.prefix}`, region: 'us-east-1', endpoint: ceph.endpoint };
    return scratch.policy({
      targets: { blog: { components: { site: { files: scratch.at('site') } } } },
      vaults: { away: { ...place, ...(lock && { lock }), password: { file: scratch.at('password') } } },
      schedules: { daily: { at: '02:00', to: 'away', keep } },
    });
  }

  run<Result>(args: readonly string[], policy = this.policy()) {
    return runHere<Result>(policy, args, { environment: this.environment });
  }

  async backup(policy = this.policy()) {
    const done = await runHere(policy, ['backup'], { environment: this.environment });
    return { ...done, locks: eventsOf(done, 'locks.set')[0] };
  }

  async storage(): Promise<Storage> {
    this.#storage ??= await openS3Storage(
      {
        bucket: BUCKET,
        prefix: this.prefix,
        region: 'us-east-1',
        endpoint: ceph.endpoint,
        keys: { id: ceph.user.id, secret: new Secret(ceph.user.secret) },
      },
      options,
    );
    return this.#storage;
  }

  async versions(folder: string): Promise<ObjectVersion[]> {
    const { locking } = await this.storage();
    assert.ok(locking !== undefined);
    return collect(locking.versions(folder as Key, options));
  }

  /** For how many days from now each object of a folder is locked, or that it isn't. */
  async daysOf(folder: string): Promise<(number | undefined)[]> {
    const { locking } = await this.storage();
    const days: (number | undefined)[] = [];
    for (const { key, version, deleted } of await this.versions(folder)) {
      if (deleted) continue;
      const status = await locking?.statVersion(key, version, options);
      const { lock, time = 0 } = status ?? {};
      days.push(typeof lock === 'object' ? (lock.until - time) / DAY : undefined);
    }
    return days;
  }

  /** Until when each object of a folder is locked, in days from now. */
  async daysLocked(folder: string): Promise<number[]> {
    const { locking } = await this.storage();
    const days: number[] = [];
    for (const { key, version, deleted } of await this.versions(folder)) {
      assert.equal(deleted, false);
      const status = await locking?.statVersion(key, version, options);
      assert.ok(typeof status?.lock === 'object', `${key} is not locked`);
      assert.equal(status.lock.mode, 'compliance');
      days.push((status.lock.until - status.time) / DAY);
    }
    return days;
  }

  async overwrite(key: string, body: string): Promise<void> {
    await admin.send(new PutObjectCommand({ Bucket: BUCKET, Key: `${this.prefix}/${key}`, Body: body }));
  }

  async destroy(key: string, version: string): Promise<void> {
    const target = { Bucket: BUCKET, Key: `${this.prefix}/${key}`, VersionId: version };
    await admin.send(new DeleteObjectCommand({ ...target, BypassGovernanceRetention: true }));
  }

  async unlock(key: string, version: string): Promise<void> {
    const target = { Bucket: BUCKET, Key: `${this.prefix}/${key}`, VersionId: version };
    const Retention = { Mode: 'COMPLIANCE', RetainUntilDate: new Date(Date.now() + 60_000) } as const;
    await admin.send(new PutObjectRetentionCommand({ ...target, Retention }));
  }

  /**
   * A time that lies between all that was done, also in the second that has begun, and all that is done from now on, by the
   * server's clock of whole seconds.
   */
  async passSecond(): Promise<number> {
    const { locking } = await this.storage();
    const now = async () => (await locking?.state(options))?.time ?? 0;
    const after = async (second: number) => {
      for (;;) {
        const time = await now();
        if (time > second) return time;
        await delay(50);
      }
    };
    const between = await after(await now());
    await after(between);
    return between;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#storage?.close();
    this.scratch[Symbol.dispose]();
  }
}

/** Lets the other user do what an uploader needs below a prefix, and this. */
async function allow(prefix: string, more: readonly string[]): Promise<void> {
  const [bucket, below] = [`arn:aws:s3:::${BUCKET}`, `arn:aws:s3:::${BUCKET}/${prefix}`];
  const statement = (Action: readonly string[], Resource: string, user = 'stranger') => ({
    Effect: 'Allow',
    Principal: { AWS: [`arn:aws:iam:::user/${user}`] },
    Action,
    Resource,
  });
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      statement(['s3:ListBucket', 's3:ListBucketVersions'], bucket),
      statement(
        ['s3:PutObject', 's3:GetObject', 's3:GetObjectVersion', 's3:GetObjectRetention', ...more],
        `${below}/*`,
      ),
      statement(['s3:DeleteObject'], `${below}/locks/*`),
      // What another has put belongs to him.
      statement(['s3:*'], `${bucket}/*`, 'first'),
    ],
  });
  await admin.send(new PutBucketPolicyCommand({ Bucket: BUCKET, Policy }));
}

const OBJECTS = ['data', 'index', 'keys', 'config'];

describe('a vault that the policy wants locked', { timeout: 300_000 }, () => {
  it('is not made where nothing can be locked, and nothing is written', async () => {
    await using vault = new Locked('refused');
    const policy = vault.policy({ mode: 'compliance', for: '2d' }, 'hikae-unlocked');
    const made = await vault.run(['vault', 'create', 'away'], policy);
    assert.deepEqual([made.status, made.result.error?.code], [2, 'VAULT_NOT_LOCKABLE']);
    const list = await openS3Storage(
      {
        bucket: 'hikae-unlocked',
        prefix: '',
        region: 'us-east-1',
        endpoint: ceph.endpoint,
        keys: { id: ceph.user.id, secret: new Secret(ceph.user.secret) },
      },
      options,
    );
    assert.deepEqual(await collect(list.list('', options)), []);
    await list.close();
  });

  it('locks all that a snapshot needs, and makes locks longer once in a generation', async () => {
    await using vault = new Locked('dates');
    assert.equal((await vault.run(['vault', 'create', 'away'])).status, 0);
    const first = await vault.backup();
    assert.deepEqual([first.status, first.result.outcome], [0, 'succeeded'], first.stdout);
    const locking = first.events.filter(({ type }) => type.startsWith('locks.'));
    const [expected, set] = locking;
    assert.ok(expected?.type === 'locks.expected' && set?.type === 'locks.set' && locking.length === 2);
    assert.ok(expected.newBytes >= 3_000_000 && expected.price.storage > 0);
    assert.ok((set.stored?.bytes ?? 0) >= 3_000_000 && (set.price?.storage ?? 0) > 0);
    for (const folder of OBJECTS)
      for (const days of await vault.daysLocked(folder)) assert.ok(days > 2.99 && days < 3.01, `${days}`);
    for (const days of await vault.daysLocked('snapshots')) assert.ok(days > 1.99 && days < 2.01, `${days}`);
    const locks = await vault.versions('locks');
    const storage = await vault.storage();
    for (const { key, version, deleted } of locks) {
      if (deleted) continue;
      assert.equal((await storage.locking?.statVersion(key, version, options))?.lock, 'none');
    }
    const count = (await vault.versions('data')).length;

    vault.scratch.write('site/page', 'another text');
    const [planned] = (await vault.run<BackupPreview[]>(['backup', '--dry-run'])).result;
    const second = await vault.backup();
    assert.equal(second.status, 0, second.stdout);
    assert.deepEqual([second.locks?.extended, planned?.locks?.extended], [0, 0]);
    assert.ok(Math.abs((planned?.locks?.until ?? 0) - (second.locks?.until ?? 0)) < DAY / 24);
    // Packs, an index and the snapshot's own file come on top of what is there.
    const more = (planned?.locks?.objects ?? 0) - (second.locks?.objects ?? 0);
    assert.ok(more >= 0 && more <= 3, `${more}`);
    assert.ok((second.locks?.objects ?? 0) > count);

    // What earlier runs have stored is made longer with the rest.
    const longer = vault.policy({ mode: 'compliance', for: '5d', generation: '1d' });
    const [told] = (await vault.run<BackupPreview[]>(['backup', '--dry-run'], longer)).result;
    const third = await vault.backup(longer);
    assert.equal(third.status, 0, third.stdout);
    assert.equal(third.locks?.extended, told?.locks?.extended);
    assert.ok((told?.locks?.price.requests ?? 0) > 0);
    assert.ok((third.locks?.extended ?? 0) > count);
    for (const folder of ['index', 'keys', 'config'])
      for (const days of await vault.daysLocked(folder)) assert.ok(days > 5.99 && days < 6.01, `${days}`);

    // Dates that were remembered wrongly are found out.
    const hints = vault.scratch.at('state/locks/away.json');
    const wrong = readFileSync(hints, 'utf8').replace(/"until":\d+/g, `"until":${Date.now() + 300 * DAY}`);
    writeFileSync(hints, wrong);
    const fourth = await vault.backup(vault.policy({ mode: 'compliance', for: '9d', generation: '1d' }));
    assert.equal(fourth.status, 0, fourth.stdout);
    for (const folder of ['index', 'keys', 'config'])
      for (const days of await vault.daysLocked(folder)) assert.ok(days > 9.9, `${days}`);
  });

  it('keeps what is locked from being removed, whatever the policy keeps', async () => {
    await using vault = new Locked('kept');
    await vault.run(['vault', 'create', 'away']);
    await vault.backup();
    vault.scratch.write('site/page', 'another text');
    const second = await vault.backup();
    assert.deepEqual(second.result.targets[0]?.forget?.removed, []);
    const plan = await vault.run<{ marked: { mark: string }[] }[]>(['forget', '--dry-run']);
    assert.deepEqual(
      plan.result[0]?.marked.map(({ mark }) => mark),
      ['protected', 'protected'],
    );
    const snapshots = await vault.versions('snapshots');
    assert.ok(snapshots.every(({ deleted }) => !deleted));

    // Nor does a prune take what somebody's hand has made superfluous.
    for (const { key } of snapshots) await (await vault.storage()).remove(key, options);
    const pruned = await vault.run<{ ends: { report: PruneReport }[] }>(['prune', '--grace', '0s']);
    assert.equal(pruned.status, 0, pruned.stdout);
    const { report } = pruned.result.ends[0] ?? {};
    assert.deepEqual([report?.kept.packs, report?.marked.packs, report?.removed.packs], [0, 0, 0]);
    const packs = await vault.versions('data');
    assert.equal(
      report?.held.reduce((sum, one) => sum + one.packs, 0),
      packs.length,
    );
    const days = ((report?.held.at(-1)?.until ?? 0) - Date.now()) / DAY;
    assert.ok(days > 2.99 && days < 3.01, `${days}`);
    assert.ok(packs.every(({ deleted }) => !deleted));
  });

  it('is proven by the word of the server, and read as it was before an attack', async () => {
    await using vault = new Locked('attacked');
    const { scratch } = vault;
    await vault.run(['vault', 'create', 'away']);
    await vault.backup();
    const proven = await vault.run<ToldProof>(['prove']);
    assert.equal(proven.status, 0, proven.stdout);
    const [proof] = proven.result.vaults[0]?.proofs ?? [];
    const days = ((proof?.protectedUntil ?? 0) - Date.now()) / DAY;
    assert.ok(days > 1.99 && days < 2.01, `${days}`);
    assert.deepEqual(proof?.findings, []);
    assert.ok(
      proof.objects.every(({ hash, key }) => hash === (key === 'config' ? 'named otherwise' : 'same')),
    );
    const evidence = await vault.versions('evidence');
    assert.equal(evidence.length, 1);
    await vault.daysLocked('evidence');

    // Evidence is nothing to restic.
    const restic = spawnSync('restic', ['--no-cache', '--no-lock', 'check', '--read-data'], {
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        RESTIC_PASSWORD: PASSWORD,
        RESTIC_REPOSITORY: `s3:${ceph.endpoint}/${BUCKET}/${vault.prefix}`,
        ...vault.environment,
      },
    });
    assert.equal(restic.status, 0, restic.stderr);

    const before = describeTree(scratch.at('site'));
    const safe = await vault.passSecond();
    const all = await vault.versions('');
    const { locking } = await vault.storage();
    for (const { key, version, deleted } of all) {
      if (key.startsWith('locks/') || deleted) continue;
      await assert.rejects(vault.destroy(key, version));
      await assert.rejects(vault.unlock(key, version));
      await vault.overwrite(key, 'garbage');
      await (await vault.storage()).remove(key, options);
    }
    assert.ok(locking !== undefined);
    assert.equal((await vault.run(['snapshots'])).status, 10);

    const asOf = ['--as-of', new Date(safe).toISOString()];
    const restored = await vault.run<ToldRestore>(['restore', 'blog', '--to', scratch.at('back'), ...asOf]);
    assert.deepEqual([restored.status, restored.result.outcome], [0, 'succeeded'], restored.stdout);
    assert.deepEqual(describeTree(scratch.at('back/site')), before);
    const verified = await vault.run<{ outcome: string }>(['verify', ...asOf]);
    assert.deepEqual([verified.status, verified.result.outcome], [0, 'succeeded'], verified.stdout);
    const still = await vault.run<ToldProof>(['prove', ...asOf]);
    assert.equal(still.status, 21);
    const [hidden] = still.result.vaults[0]?.proofs ?? [];
    assert.equal(hidden?.protectedUntil, proof.protectedUntil);
    assert.ok(hidden?.findings.length === proof.objects.length);
    assert.ok(hidden.findings.every(({ flaw }) => flaw === 'hidden'));

    const repair = ['repair', '--vault', 'away', '--undelete', ...asOf];
    const planned = await vault.run<ToldUndelete>([...repair, '--dry-run']);
    assert.deepEqual([planned.status, planned.result.lost], [0, []], planned.stdout);
    assert.equal(planned.result.objects.length, proof.objects.length);
    assert.equal((await vault.run(['snapshots'])).status, 10, 'a dry run brings nothing back');
    const mended = await vault.run<ToldUndelete>(repair);
    assert.deepEqual([mended.status, mended.result.objects], [0, planned.result.objects], mended.stdout);
    assert.deepEqual((await vault.run<ToldUndelete>(repair)).result.objects, []);
    const again = await vault.backup();
    assert.deepEqual([again.status, again.result.outcome], [0, 'succeeded'], again.stdout);
    assert.equal((await vault.run<{ outcome: string }>(['verify'])).result.outcome, 'succeeded');
  });

  it('publishes nothing over an object that somebody has deleted or overwritten', async () => {
    await using vault = new Locked('hidden');
    await vault.run(['vault', 'create', 'away']);
    await vault.backup();
    const packs = await vault.versions('data');
    const [large] = packs.sort((one, other) => other.size - one.size);
    assert.ok(large !== undefined);
    await vault.overwrite(large.key, 'garbage');
    for (const hide of [async () => {}, async () => (await vault.storage()).remove(large.key, options)]) {
      await hide();
      const { status, result } = await vault.backup();
      assert.deepEqual([status, result.targets[0]?.error?.code], [1, 'VAULT_OBJECT_HIDDEN']);
      assert.equal((await vault.versions('snapshots')).length, 1);
    }
  });

  it('needs no right to delete, and publishes nothing that it may not lock', async () => {
    await using vault = new Locked('roles');
    const { scratch } = vault;
    const unlocked = vault.policy(null, BUCKET, 30);
    await vault.run(['vault', 'create', 'away'], unlocked);
    for (const day of [5, 4]) {
      const time = new Date(Date.now() - day * DAY).toISOString();
      const old = await runAt(time, unlocked, ['backup']);
      assert.equal(old.status, 0, old.stdout);
      scratch.write('site/page', createHash('shake256', { outputLength: 900_000 }).update(`${day}`).digest());
    }
    const uploader = {
      AWS_ACCESS_KEY_ID: ceph.stranger.id,
      AWS_SECRET_ACCESS_KEY: ceph.stranger.secret,
    };
    const backup = (policy: string) => runHere(policy, ['backup'], { environment: uploader });

    await allow(vault.prefix, []);
    const refused = await backup(vault.policy(TWO_DAYS, BUCKET, 30));
    assert.deepEqual([refused.status, refused.result.targets[0]?.error?.code], [10, 'STORAGE_REFUSED']);
    assert.equal((await vault.versions('snapshots')).length, 2);

    await allow(vault.prefix, ['s3:PutObjectRetention']);
    const keepsOne = vault.policy();
    const done = await backup(keepsOne);
    assert.deepEqual([done.status, done.result.outcome], [0, 'succeeded'], done.stdout);
    const told = eventsOf(done, 'warning').map(({ code }) => code);
    assert.ok(told.includes('removal-refused'), String(told));
    const snapshots = await vault.versions('snapshots');
    assert.deepEqual([snapshots.length, snapshots.some(({ deleted }) => deleted)], [3, false]);

    // Who may not remove has written nothing when a prune tells him so.
    const [, second] = (await vault.versions('snapshots')).toSorted(
      (one, other) => one.modified - other.modified,
    );
    assert.ok(second !== undefined);
    await (await vault.storage()).remove(second.key, options);
    const stored = await vault.versions('');
    const barred = await runHere<Pruned>(keepsOne, ['prune', '--grace', '0s'], { environment: uploader });
    assert.deepEqual(
      [barred.status, barred.result.ends[0]?.error?.code],
      [10, 'STORAGE_REFUSED'],
      barred.stdout,
    );
    const notLocks = (all: readonly ObjectVersion[]) => all.filter(({ key }) => !key.startsWith('locks/'));
    assert.deepEqual(notLocks(await vault.versions('')), notLocks(stored));
    const allowed = await vault.run<Pruned>(['prune', '--grace', '0s'], keepsOne);
    assert.equal(allowed.status, 0, allowed.stdout);
    assert.ok((allowed.result.ends[0]?.report?.removed.packs ?? 0) > 0, allowed.stdout);

    // To protect one makes its locks longer, and that of no other.
    const inDays = (days: number) => new Date(Date.now() + days * DAY).toISOString();
    const until = inDays(9);
    const protect = ['protect', 'blog', '--until', until];
    const planned = await vault.run<Protection>([...protect, '--dry-run'], keepsOne);
    const pinned = await runHere<Protection>(keepsOne, protect, { environment: uploader });
    assert.deepEqual([planned.status, pinned.status], [0, 0], pinned.stdout);
    const { locks } = planned.result;
    assert.ok(locks !== undefined && locks.extended > 0 && locks.price.storage > 0, planned.stdout);
    // The uploader's machine is this one: it is the same that is remembered.
    assert.equal(pinned.result.locks?.extended, locks.extended);
    const covered = await vault.run<Protection>(['protect', 'blog', '--until', inDays(8)], keepsOne);
    assert.ok(
      covered.status === 0 && (covered.result.lockedUntil ?? 0) > Date.now() + 8.9 * DAY,
      covered.stdout,
    );
    const far = await vault.run<object>(['protect', 'blog', '--until', inDays(400)], keepsOne);
    assert.deepEqual([far.status, far.result.error?.code], [2, 'PROTECTION_FAR']);
    const days = (await vault.daysOf('snapshots')).filter((one) => one !== undefined);
    assert.deepEqual(days.map(Math.round).sort(), [2, 9]);
    const proven = await vault.run<ToldProof>(['prove']);
    assert.ok((proven.result.vaults[0]?.proofs[0]?.protectedUntil ?? 0) > Date.now() + 8.9 * DAY);
  });

  it('is locked and proven as dated trees just so, and read as it was', async () => {
    await using vault = new Locked('dated');
    const { scratch } = vault;
    const place = { plain: `s3://${BUCKET}/${vault.prefix}`, region: 'us-east-1', endpoint: ceph.endpoint };
    const policy = scratch.policy({
      targets: { blog: { components: { site: { files: scratch.at('site') } } } },
      vaults: { away: { ...place, lock: TWO_DAYS } },
      schedules: { daily: { at: '02:00', to: 'away', keep: 1 } },
    });
    assert.equal((await vault.run(['vault', 'create', 'away'], policy)).status, 0);
    const tried = await vault.run<VaultTest>(['vault', 'test', 'away'], policy);
    assert.deepEqual([tried.status, tried.result.wrong], [0, 0], tried.stdout);
    assert.ok(tried.result.checks.every(({ name, end }) => end === 'kept' || name === 'renames'));
    const { objects, versions, until = 0 } = tried.result.remains;
    assert.ok(
      objects === 0 && versions > 0 && until < Date.now() + 660_000,
      JSON.stringify(tried.result.remains),
    );
    // Who ends it with Ctrl-C leaves nothing that is seen, nor an upload that is open.
    using running = new Running(withPolicy(policy, ['vault', 'test', 'away']), {
      environment: vault.environment,
    });
    await running.told('"name":"snapshot-stored"');
    running.kill('SIGINT');
    const ended = await running.end;
    assert.equal(ended.status, 130, ended.stdout);
    const seen = (await vault.versions('')).filter(({ latest, deleted }) => latest && !deleted);
    assert.deepEqual(
      seen.map(({ key }) => key),
      ['.hikae/vault.json'],
    );
    const open = await admin.send(new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix: vault.prefix }));
    assert.deepEqual(open.Uploads ?? [], []);
    const [planned] = (await vault.run<BackupPreview[]>(['backup', '--dry-run'], policy)).result;
    const done = await vault.backup(policy);
    assert.deepEqual([done.status, done.result.outcome], [0, 'succeeded'], done.stdout);
    // Folders are no objects, and the forecast counts every node.
    const more = (planned?.locks?.objects ?? 0) - (done.locks?.objects ?? 0);
    assert.ok(more >= 0 && more <= 2, `${more}`);
    assert.ok(Math.abs((planned?.locks?.until ?? 0) - (done.locks?.until ?? 0)) < DAY / 24);
    const proven = await vault.run<ToldProof>(['prove'], policy);
    assert.equal(proven.status, 0, proven.stdout);
    assert.ok((proven.result.vaults[0]?.proofs[0]?.protectedUntil ?? 0) > Date.now() + 1.99 * DAY);

    const before = describeTree(scratch.at('site'));
    const safe = await vault.passSecond();
    for (const { key } of await vault.versions('daily')) await vault.overwrite(key, 'garbage');
    const restore = ['restore', 'blog', '--to', scratch.at('back'), '--as-of', new Date(safe).toISOString()];
    const restored = await vault.run<ToldRestore>(restore, policy);
    assert.deepEqual([restored.status, restored.result.outcome], [0, 'succeeded'], restored.stdout);
    assert.deepEqual(describeTree(scratch.at('back/site')), before);
  });

  it('does nothing by a clock that is wrong', async () => {
    await using vault = new Locked('clock');
    await vault.run(['vault', 'create', 'away']);
    const later = new Date(Date.now() + 20 * 60_000).toISOString();
    for (const args of [['backup'], ['forget']]) {
      const { status, result } = await runAt(later, vault.policy(), args);
      assert.equal(status, 1);
      assert.match(JSON.stringify(result), /VAULT_CLOCK_OFF/);
    }
    assert.deepEqual(await vault.versions('locks'), []);
  });
});
