/** Plans that AWS alone would get; what Ceph gets is tested with a real one. And the prices that checks compare. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stemOf, suffixOf } from './bucket-policy.ts';
import { known, unknown } from './fact.ts';
import { ruleOf } from './gather.ts';
import { isIrreversible, planGuard } from './plan.ts';
import type { Posture } from './posture.ts';
import { costFactor } from './prices.ts';
import type { Wanted } from './wanted.ts';

const wanted: Wanted = {
  vault: 's3',
  kind: 'restic',
  bucket: 'backup',
  prefix: 'rental',
  region: 'ap-northeast-1',
  aws: true,
  lock: { mode: 'COMPLIANCE', days: 90, generation: 10 },
  kept: 34,
};

const missing: Posture = {
  exists: known(false),
  versioning: known('off'),
  lock: known({ enabled: false, byDefault: undefined }),
  lifecycle: known({ rules: [], smallOnesStay: true }),
  encryption: known({ algorithm: undefined, blocked: [] }),
  publicAccess: known({
    blockPublicAcls: false,
    ignorePublicAcls: false,
    blockPublicPolicy: false,
    restrictPublicBuckets: false,
  }),
  policy: known({ text: undefined, statements: [] }),
  clock: known(0),
  contents: known({ objects: 0, bytes: 0, whole: true }),
  keys: undefined,
  rights: undefined,
};

describe('plans', () => {
  test('for a bucket that is not there: it is made with Object Lock, then everything else', () => {
    const { steps, left, unknown: unasked } = planGuard(missing, wanted, 0);
    assert.deepEqual(
      steps.map((step) => [step.kind, isIrreversible(step)]),
      [
        ['create-bucket', true],
        ['lock', true],
        ['encryption', false],
        ['public-access', false],
        ['policy', false],
        ['lifecycle', false],
      ],
    );
    assert.deepEqual([left, unasked], [[], []]);
  });

  test('without a lock in the policy nothing is locked', () => {
    const { steps } = planGuard(missing, { ...wanted, lock: undefined }, 0);
    assert.ok(!steps.some(({ kind }) => kind === 'lock'));
    const policy = steps.find((step) => step.kind === 'policy');
    assert.doesNotMatch(policy?.kind === 'policy' ? policy.text : '', /remaining-retention/);
  });

  test('what could not be read is not written over', () => {
    const there = { ...missing, exists: known(true), versioning: known('enabled' as const) };
    const refused = unknown('AccessDenied');
    const { steps, unknown: unasked } = planGuard(
      { ...there, policy: refused, lifecycle: refused },
      wanted,
      0,
    );
    assert.deepEqual(
      steps.map(({ kind }) => kind),
      ['lock', 'encryption', 'public-access'],
    );
    assert.ok(unasked.length >= 2);
  });

  test('transitions of others stay, and are left to a person', () => {
    const told = {
      ID: 'archive',
      Status: 'Enabled' as const,
      Transitions: [{ Days: 30, StorageClass: 'GLACIER' as const }],
    };
    const rules = [ruleOf(told)];
    const there = { ...missing, exists: known(true), lifecycle: known({ rules, smallOnesStay: true }) };
    const { steps, left } = planGuard(there, wanted, 0);
    const step = steps.find((one) => one.kind === 'lifecycle');
    assert.deepEqual(step?.kind === 'lifecycle' ? step.kept : [], ['archive']);
    assert.deepEqual(step?.kind === 'lifecycle' ? step.rules[0] : {}, told);
    assert.deepEqual(
      left.map(({ code }) => code),
      ['lifecycle-archives'],
    );
  });
});

describe('names', () => {
  test('of statements are letters and digits, another for each prefix', () => {
    const prefixes = ['', 'rental', 'a/b', 'ab', 'a-b', 'メール'];
    const names = prefixes.map((prefix) => suffixOf({ prefix }));
    for (const name of names) assert.match(name, /^[A-Za-z0-9]*$/);
    assert.equal(new Set(names).size, names.length);
  });

  test('of roles are made of the prefix, or of the bucket', () => {
    const of = (bucket: string, prefix: string) => stemOf({ bucket, prefix });
    assert.equal(of('system-backup-workstation', 'rental'), 'rental-backup');
    assert.equal(of('mailserver-backup', ''), 'mailserver-backup');
    assert.ok(`${of('x', 'a-very-long/prefix/of/many/words/indeed')}-disaster-recovery`.length <= 64);
  });
});

describe('moving to a cheaper class', () => {
  // 90 days of life, 30 of them in STANDARD.
  const factor = (bytes: number, to: string) => costFactor(bytes, 90, { after: 30, to });

  test('does not pay for small objects, and does for large ones', () => {
    for (const to of ['STANDARD_IA', 'GLACIER_IR', 'GLACIER']) {
      assert.ok(factor(40_000, to) > 2, to);
      assert.ok(factor(4_000_000, to) < 1, to);
    }
    assert.ok(factor(900_000, 'GLACIER') > 1 && factor(1_200_000, 'GLACIER') < 1, 'it turns at about 1 MiB');
  });

  test('is billed for the least time of the class', () => {
    assert.ok(costFactor(4_000_000, 35, { after: 30, to: 'DEEP_ARCHIVE' }) > 1);
  });
});
