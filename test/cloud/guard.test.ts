/** guard against a real S3 server: what it finds in a bucket that nobody has set up, and what it may not ask. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetObjectRetentionCommand,
  HeadBucketCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { RunRecord } from '../../src/ledger/ledger.ts';
import { run, runPlain, Scratch } from '../end-to-end/command.ts';
import { type Ceph, type S3User, startCeph } from '../servers/ceph.ts';
import { bucketSuite } from './bucket-suite.ts';

interface ToldGuard {
  readonly outcome: string;
  readonly wrong: number;
  readonly vaults: readonly {
    readonly vault: string;
    readonly checks: readonly {
      readonly aspect: string;
      readonly state: string;
      readonly reason?: string;
      readonly findings: readonly { readonly code: string; readonly what: string }[];
    }[];
    readonly error?: { readonly code: string };
  }[];
}

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
});
after(async () => {
  admin.destroy();
  await ceph.stop();
});

const as = ({ id, secret }: S3User) => ({
  environment: { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret },
});

function policyOf(scratch: Scratch, place: string, more: object = {}): string {
  const vault = {
    restic: place,
    region: 'us-east-1',
    endpoint: ceph.endpoint,
    password: { env: 'UNUSED' },
    lock: { mode: 'compliance', for: '2d', generation: '1d' },
    ...more,
  };
  return scratch.policy({
    targets: { blog: { components: { site: { files: scratch.at('site') } } } },
    vaults: { here: { plain: scratch.at('vault') }, away: vault },
    schedules: { daily: { at: '02:00', to: 'here' } },
  });
}

function statesOf({ vaults }: ToldGuard): Readonly<Record<string, string>> {
  return Object.fromEntries(vaults[0]?.checks.map(({ aspect, state }) => [aspect, state]) ?? []);
}

function codesOf({ vaults }: ToldGuard): readonly string[] {
  return vaults.flatMap(({ checks }) => checks.flatMap(({ findings }) => findings.map(({ code }) => code)));
}

bucketSuite('of Ceph', () => ({
  restic: 's3://home/rental',
  region: 'us-east-1',
  endpoint: ceph.endpoint,
  environment: as(ceph.user).environment,
}));

describe('guard', { timeout: 240_000 }, () => {
  it('finds everything wrong with a bucket that nobody has set up', async () => {
    using scratch = new Scratch();
    await admin.send(new CreateBucketCommand({ Bucket: 'bare' }));
    await admin.send(new PutObjectCommand({ Bucket: 'bare', Key: 'rental/config', Body: 'x' }));
    const policy = policyOf(scratch, 's3://bare/rental');
    const { status, result } = await run<ToldGuard>(policy, ['guard'], as(ceph.user));
    assert.equal(status, 21);
    assert.deepEqual(codesOf(result), [
      'versioning-off',
      'lock-off',
      'lifecycle-no-noncurrent',
      'lifecycle-no-markers',
      'lifecycle-no-unfinished',
      'lifecycle-no-locks',
      'lifecycle-no-locks',
      'encryption-foreign',
      'encryption-customer',
      'public-access',
      'plain-http',
      'versions-deletable',
      'lock-uncapped',
      'lock-shortable',
    ]);
    const states = statesOf(result);
    assert.deepEqual([states.bucket, states.clock, states['access-keys']], ['fine', 'fine', 'elsewhere']);
    const log = await run<readonly RunRecord[]>(policy, ['log']);
    const [{ verb, targets, outcome, results: [recorded] = [] } = {}] = log.result;
    assert.deepEqual([verb, targets, outcome], ['guard', ['away'], 'partial']);
    assert.equal(recorded?.error?.code, 'GUARD_FOUND');
    for (const code of ['versioning-off', 'lock-off']) assert.match(recorded.error.message, new RegExp(code));
  });

  it('tells in both languages what is wrong, why, and what to do', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, 's3://bare/rental');
    for (const [lang, words] of [
      ['en', [/versioning is off/, /why: /, /fix: .*guard --apply/, /critical: Object Lock is off/]],
      [
        'ja',
        [/バージョニングが無効です/, /理由: /, /対処: .*guard --apply/, /重大: オブジェクトロックが無効です/],
      ],
    ] as const) {
      const { status, stdout } = await runPlain(
        ['--policy', policy, '--lang', lang, 'guard', '--vault', 'away'],
        as(ceph.user),
      );
      assert.equal(status, 21);
      for (const word of words) assert.match(stdout, word);
    }
  });

  it('says of what it may not ask that it is unknown', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, 's3://bare/rental');
    const { status, result } = await run<ToldGuard>(policy, ['guard'], as(ceph.stranger));
    assert.deepEqual([status, result.outcome, result.wrong], [3, 'partial', 0]);
    const states = statesOf(result);
    assert.equal(states.clock, 'fine');
    for (const aspect of ['bucket', 'versioning', 'object-lock', 'lifecycle', 'tls', 'deletion', 'sse-c'])
      assert.equal(states[aspect], 'unknown', aspect);
    assert.match(result.vaults[0]?.checks[0]?.reason ?? '', /HTTP 403/);
  });

  it('finds that the bucket is not there, and that the server is not', async () => {
    using scratch = new Scratch();
    const missing = await run<ToldGuard>(policyOf(scratch, 's3://no-such'), ['guard'], as(ceph.user));
    assert.deepEqual([missing.status, codesOf(missing.result)], [21, ['bucket-missing']]);
    const silent = policyOf(scratch, 's3://bare', { endpoint: 'http://127.0.0.1:1' });
    const { status, result } = await run<ToldGuard>(silent, ['guard'], as(ceph.user));
    assert.deepEqual([status, result.vaults[0]?.error?.code], [10, 'STORAGE_OUT_OF_REACH']);
  });

  it('takes the names of vaults on S3 only', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, 's3://bare');
    for (const [vault, code] of [
      ['here', 'GUARD_NOT_S3'],
      ['nowhere', 'VAULT_UNKNOWN'],
    ] as const) {
      const { status, result } = await run(policy, ['guard', '--vault', vault]);
      assert.deepEqual([status, result.error?.code], [2, code]);
    }
  });
});

interface ToldApply {
  readonly vaults: readonly {
    readonly plan: {
      readonly steps: readonly { readonly kind: string; readonly [more: string]: unknown }[];
      readonly left: readonly { readonly code: string }[];
    };
    readonly done: readonly { readonly kind: string }[];
    readonly error?: { readonly code: string };
  }[];
}

const apply = (policy: string, ...options: readonly string[]) =>
  run<ToldApply>(policy, ['guard', '--apply', ...options], as(ceph.user));
const kindsOf = ({ vaults }: ToldApply) => vaults[0]?.plan.steps.map(({ kind }) => kind);

describe('guard --apply', { timeout: 240_000 }, () => {
  const everything = ['create-bucket', 'lock', 'public-access', 'policy', 'lifecycle'];

  it('makes a bucket with Object Lock only when it is told so, and then nothing is wrong', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, 's3://made/rental');
    const dry = await apply(policy, '--dry-run');
    assert.deepEqual([dry.status, kindsOf(dry.result), dry.result.vaults[0]?.done], [0, everything, []]);
    const refused = await apply(policy);
    assert.deepEqual([refused.status, refused.result.vaults[0]?.error?.code], [2, 'GUARD_NOT_CONFIRMED']);
    await assert.rejects(admin.send(new HeadBucketCommand({ Bucket: 'made' })), { name: 'NotFound' });

    const { status, result } = await apply(policy, '--yes');
    assert.deepEqual([status, result.vaults[0]?.done.map(({ kind }) => kind)], [0, everything]);
    const report = await run<ToldGuard>(policy, ['guard'], as(ceph.user));
    assert.deepEqual([report.status, report.result.outcome, codesOf(report.result)], [0, 'succeeded', []]);
    const again = await apply(policy, '--yes');
    assert.deepEqual([again.status, kindsOf(again.result)], [0, []]);

    const object = { Bucket: 'made', Key: 'rental/data/00/pack' };
    const { VersionId } = await admin.send(new PutObjectCommand({ ...object, Body: 'x' }));
    const { Retention } = await admin.send(new GetObjectRetentionCommand({ ...object, VersionId }));
    assert.equal(Retention?.Mode, 'COMPLIANCE');
    const until = (Retention?.RetainUntilDate?.getTime() ?? 0) - Date.now();
    assert.ok(until > 1.9 * 86_400_000 && until < 2.1 * 86_400_000, `${until} ms`);
    for (const Key of [object.Key, 'rental/locks/some']) {
      const put = await admin.send(new PutObjectCommand({ Bucket: 'made', Key, Body: 'y' }));
      const doomed = new DeleteObjectCommand({ Bucket: 'made', Key, VersionId: put.VersionId });
      await assert.rejects(admin.send(doomed), { name: 'AccessDenied' });
    }
  });

  it('mends a bucket that is there, says what it removes, and leaves the rest to others', async () => {
    using scratch = new Scratch();
    const Bucket = 'mended';
    await admin.send(new CreateBucketCommand({ Bucket }));
    await admin.send(new PutObjectCommand({ Bucket, Key: 'rental/config', Body: 'x' }));
    const Rules = [
      { ID: 'seven-days', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 7 } },
      { ID: 'of-others', Status: 'Enabled', Filter: { Prefix: 'logs/' }, Expiration: { Days: 1 } },
    ] as const;
    await admin.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket,
        LifecycleConfiguration: { Rules: [...Rules] },
      }),
    );
    const statement = {
      Sid: 'OfOthers',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: `arn:aws:s3:::${Bucket}/logs/*`,
    };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    await admin.send(new PutBucketPolicyCommand({ Bucket, Policy }));

    const policy = policyOf(scratch, `s3://${Bucket}/rental`);
    const { stdout } = await runPlain(
      ['--policy', policy, '--lang', 'en', 'guard', '--apply', '--dry-run'],
      as(ceph.user),
    );
    assert.match(stdout, /lock for 2 days \(COMPLIANCE\) by default \[can not be undone\]/);
    assert.match(stdout, /1 B in 1 objects.*0\.00 USD/);
    assert.match(stdout, /removed: seven-days/);
    assert.match(stdout, /left as they are: of-others/);
    assert.match(stdout, /nothing was changed/);

    const { status, result } = await apply(policy, '--yes');
    assert.deepEqual([status, kindsOf(result)], [0, ['versioning', ...everything.slice(1)]]);
    const rules = await admin.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
    const ids = rules.Rules?.map(({ ID }) => ID).sort();
    assert.deepEqual(ids, [
      'hikae-locks-rental',
      'hikae-markers-rental',
      'hikae-tamper-tests',
      'hikae-unfinished-rental',
      'hikae-versions-rental',
      'of-others',
    ]);
    const written = await admin.send(new GetBucketPolicyCommand({ Bucket }));
    assert.deepEqual(JSON.parse(written.Policy ?? '').Statement[0], statement);
    const report = await run<ToldGuard>(policy, ['guard'], as(ceph.user));
    assert.deepEqual([report.status, codesOf(report.result)], [0, []]);
  });

  it('keeps two vaults in one bucket apart', async () => {
    using scratch = new Scratch();
    for (const prefix of ['one', 'two/deep']) {
      const { status } = await apply(policyOf(scratch, `s3://shared/${prefix}`), '--yes');
      assert.equal(status, 0);
    }
    for (const prefix of ['one', 'two/deep']) {
      const report = await run<ToldGuard>(
        policyOf(scratch, `s3://shared/${prefix}`),
        ['guard'],
        as(ceph.user),
      );
      assert.deepEqual([report.status, codesOf(report.result)], [0, []], prefix);
    }
  });

  it('changes nothing where it may not ask, and fails where it may not change', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, 's3://bare/rental');
    const stranger = await run<ToldApply>(policy, ['guard', '--apply', '--yes'], as(ceph.stranger));
    assert.deepEqual([stranger.status, kindsOf(stranger.result)], [3, []]);
    const taken = policyOf(scratch, 's3://bare/rental', { lock: undefined });
    assert.equal((await run<ToldApply>(taken, ['guard', '--apply'], as(ceph.stranger))).status, 3);
  });
});

interface ToldTamper {
  readonly wrong: number;
  readonly ends: readonly {
    readonly test: {
      readonly locked: boolean;
      readonly reason?: string;
      readonly key?: string;
      readonly ends?: readonly { readonly attempt: string; readonly end: string; readonly answer: string }[];
    };
  }[];
}

describe('guard --tamper-test', { timeout: 240_000 }, () => {
  const tamper = (policy: string, ...options: readonly string[]) =>
    run<ToldTamper>(policy, ['guard', '--tamper-test', ...options], as(ceph.user));
  const endsOf = ({ ends }: ToldTamper) =>
    Object.fromEntries(ends[0]?.test.ends?.map(({ attempt, end }) => [attempt, end]) ?? []);
  it('is refused by a compliance lock without any bucket policy', async () => {
    using scratch = new Scratch();
    await admin.send(new CreateBucketCommand({ Bucket: 'unguarded', ObjectLockEnabledForBucket: true }));
    const { status, result } = await tamper(policyOf(scratch, 's3://unguarded/rental'), '--yes');
    assert.deepEqual([status, result.wrong], [0, 0], JSON.stringify(result));
    const survived = Object.entries(endsOf(result)).filter(([, end]) => end === 'survived');
    assert.deepEqual(survived, [
      ['overwrite', 'survived'],
      ['delete', 'survived'],
    ]);
    for (const { end, answer } of result.ends[0]?.test.ends ?? [])
      assert.match(answer, end === 'refused' ? /HTTP 4\d\d/ : /^accepted$/);
  });

  it('gets through a governance lock, and says so', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, 's3://unguarded', { lock: { mode: 'governance', for: '2d' } });
    const { status, result } = await tamper(policy, '--yes');
    assert.equal(status, 21);
    assert.deepEqual(endsOf(result), { 'delete-version': 'refused', 'delete-bypassing': 'succeeded' });
    const { status: ended, stdout } = await runPlain(
      ['--policy', policy, '--lang', 'ja', 'guard', '--tamper-test', '--yes'],
      as(ceph.user),
    );
    assert.equal(ended, 21);
    assert.match(stdout, /重大/);
    assert.match(stdout, /破られました/);
  });

  it('finds that a bucket takes no locks, and tries nothing unless it is told to', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, 's3://bare/rental');
    const { status, result } = await tamper(policy, '--yes');
    assert.deepEqual([status, result.wrong, result.ends[0]?.test.locked], [21, 1, false]);
    const careful = await run(policy, ['guard', '--tamper-test'], as(ceph.user));
    assert.deepEqual([careful.status, careful.result.error?.code], [2, 'TAMPER_NOT_CONFIRMED']);
  });
});
