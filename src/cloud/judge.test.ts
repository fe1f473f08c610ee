/** Every finding of guard, from the answer that brings it about; and what must bring about none. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { languages } from '../base/language.ts';
import type { Aspect } from './checks/check.ts';
import { known, unknown } from './fact.ts';
import { type GuardFindingCode, guardFindings, spellFinding } from './finding.ts';
import { ruleOf } from './gather.ts';
import { judge } from './judge.ts';
import type { Posture } from './posture.ts';
import { parseStatements } from './statement.ts';
import type { Wanted } from './wanted.ts';

const DAY = 86_400_000;
const now = Date.parse('2026-11-24T00:00:00Z');
const arn = 'arn:aws:s3:::backup';

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

const deny = (Action: unknown, Resource: unknown, Condition?: object) => ({
  Effect: 'Deny',
  Principal: '*',
  Action,
  Resource,
  ...(Condition === undefined ? {} : { Condition }),
});
const bound = (operator: string, days: number) =>
  deny(['s3:PutObject', 's3:PutObjectRetention'], `${arn}/*`, {
    [operator]: { 's3:object-lock-remaining-retention-days': days },
  });
const goodStatements: readonly object[] = [
  deny('s3:*', [arn, `${arn}/*`], { Bool: { 'aws:SecureTransport': false } }),
  deny('s3:DeleteObjectVersion', [`${arn}/*`]),
  deny('s3:PutObject', `${arn}/*`, {
    StringNotEquals: { 's3:x-amz-server-side-encryption': 'AES256' },
  }),
  bound('NumericGreaterThan', 101),
  bound('NumericLessThan', 89),
];

const goodRules = [
  { ID: 'old versions', Filter: { Prefix: '' }, NoncurrentVersionExpiration: { NoncurrentDays: 90 } },
  {
    ID: 'rests',
    Filter: { Prefix: 'rental/' },
    Expiration: { ExpiredObjectDeleteMarker: true },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
  },
  { ID: 'locks', Filter: { Prefix: 'rental/locks/' }, Expiration: { Days: 2 } },
  { ID: 'tests', Prefix: 'hikae-tamper-test/', Expiration: { Days: 2 } },
  { ID: 'locks of dated folders', Prefix: 'rental/.hikae/locks/', Expiration: { Days: 2 } },
];

const withPolicy = (...statements: readonly object[]) => ({ policy: policyOf(statements) });
const withRules = (...rules: readonly object[]) => ({ lifecycle: lifecycleOf([...goodRules, ...rules]) });

const good: Posture = {
  exists: known(true),
  versioning: known('enabled'),
  lock: known({ enabled: true, byDefault: { mode: 'COMPLIANCE', days: 90 } }),
  lifecycle: lifecycleOf(goodRules),
  encryption: known({ algorithm: 'AES256', blocked: ['SSE-C'] }),
  publicAccess: known({
    blockPublicAcls: true,
    ignorePublicAcls: true,
    blockPublicPolicy: true,
    restrictPublicBuckets: true,
  }),
  policy: policyOf(goodStatements),
  clock: known(900),
  contents: known({ objects: 100, bytes: 1_600_000_000, whole: true }),
  keys: known([
    { id: 'AKIAYOUNG', created: now - 89 * DAY, active: true },
    { id: 'AKIAOFF', created: now - 400 * DAY, active: false },
  ]),
  rights: known([]),
};

function policyOf(statements: readonly object[]): Posture['policy'] {
  const text = JSON.stringify({ Version: '2012-10-17', Statement: statements });
  const parsed = parseStatements(text);
  assert.ok(parsed !== undefined);
  return known({ text, statements: parsed });
}

function lifecycleOf(rules: readonly object[], smallOnesStay = true): Posture['lifecycle'] {
  return known({ rules: rules.map((rule) => ruleOf({ Status: 'Enabled', ...rule })), smallOnesStay });
}

function found(posture: Partial<Posture>, of: Partial<Wanted> = {}): readonly GuardFindingCode[] {
  const checks = judge({ ...good, ...posture }, { ...wanted, ...of }, now);
  return checks.flatMap(({ findings }) => findings.map(({ code }) => code));
}

const small = known({ objects: 1_000, bytes: 200_000_000, whole: false });
const tiny = known({ objects: 1_000, bytes: 40_000_000, whole: false });
const moving = (StorageClass: string) => ({ ID: 'move', Transitions: [{ Days: 30, StorageClass }] });
const without = (index: number) => goodStatements.filter((_, at) => at !== index);

const cases: Readonly<
  Record<GuardFindingCode, { readonly posture: Partial<Posture>; readonly wanted?: Partial<Wanted> }>
> = {
  'bucket-missing': { posture: { exists: known(false) } },
  'versioning-off': { posture: { versioning: known('suspended') } },
  'lock-off': { posture: { lock: known({ enabled: false, byDefault: undefined }) } },
  'lock-not-asked': { posture: {}, wanted: { lock: undefined } },
  'default-none': { posture: { lock: known({ enabled: true, byDefault: undefined }) } },
  'default-short': {
    posture: { lock: known({ enabled: true, byDefault: { mode: 'COMPLIANCE', days: 30 } }) },
  },
  'default-governance': {
    posture: { lock: known({ enabled: true, byDefault: { mode: 'GOVERNANCE', days: 90 } }) },
  },
  'default-long': {
    posture: { lock: known({ enabled: true, byDefault: { mode: 'COMPLIANCE', days: 3_650 } }) },
  },
  'lifecycle-hides': { posture: withRules({ ID: 'seven days', Expiration: { Days: 7 } }) },
  'lifecycle-noncurrent-early': {
    posture: withRules({ ID: 'one', NoncurrentVersionExpiration: { NoncurrentDays: 1 } }),
  },
  'lifecycle-no-noncurrent': { posture: { lifecycle: lifecycleOf(goodRules.slice(1)) } },
  'lifecycle-no-markers': {
    posture: {
      lifecycle: lifecycleOf(
        goodRules.map((rule) => (rule.ID === 'rests' ? { ...rule, Expiration: undefined } : rule)),
      ),
    },
  },
  'lifecycle-no-unfinished': {
    posture: {
      lifecycle: lifecycleOf(
        goodRules.map((rule) => ({ ...rule, AbortIncompleteMultipartUpload: undefined })),
      ),
    },
  },
  'lifecycle-no-locks': { posture: { lifecycle: lifecycleOf(goodRules.slice(0, 3)) } },
  'lifecycle-archives': { posture: withRules(moving('GLACIER')) },
  'lifecycle-costs-more': { posture: { ...withRules(moving('GLACIER_IR')), contents: small } },
  'lifecycle-floor': { posture: { ...withRules(moving('GLACIER_IR')), contents: tiny } },
  'encryption-none': { posture: { encryption: known({ algorithm: undefined, blocked: ['SSE-C'] }) } },
  'encryption-none-here': {
    posture: { encryption: known({ algorithm: undefined, blocked: ['SSE-C'] }) },
    wanted: { aws: false, kind: 'plain' },
  },
  'encryption-foreign': { posture: withPolicy(...without(2)) },
  'encryption-kms': { posture: { encryption: known({ algorithm: 'aws:kms', blocked: ['SSE-C'] }) } },
  'encryption-customer': { posture: { encryption: known({ algorithm: 'AES256', blocked: [] }) } },
  'public-access': {
    posture: {
      publicAccess: known({
        blockPublicAcls: true,
        ignorePublicAcls: true,
        blockPublicPolicy: false,
        restrictPublicBuckets: true,
      }),
    },
  },
  'plain-http': { posture: withPolicy(...without(0)) },
  'policy-allows': {
    posture: withPolicy(...goodStatements, {
      Sid: 'Old',
      Effect: 'Allow',
      Principal: { AWS: ['arn:aws:iam::1:user/x'] },
      Action: 's3:Put*Configuration',
      Resource: arn,
    }),
  },
  'policy-public': {
    posture: withPolicy(...goodStatements, {
      Effect: 'Allow',
      Principal: { AWS: '*' },
      Action: 's3:GetObject',
      Resource: `${arn}/*`,
    }),
  },
  'versions-deletable': { posture: withPolicy(...without(1)) },
  'lock-uncapped': { posture: withPolicy(...without(3)) },
  'lock-shortable': { posture: withPolicy(...without(4), bound('NumericLessThan', 1)) },
  'clock-off': { posture: { clock: known(-61_000) } },
  'key-old': { posture: { keys: known([{ id: 'AKIAOLD', created: now - 91 * DAY, active: true }]) } },
  'rights-too-many': { posture: { rights: known(['s3:DeleteObjectVersion']) } },
};

test('a bucket that is as it should be has no finding', () => {
  const checks = judge(good, wanted, now);
  assert.deepEqual(
    checks.map(({ state }) => state),
    checks.map(() => 'fine'),
  );
});

describe('findings', () => {
  for (const [code, { posture, wanted: of }] of Object.entries(cases)) {
    test(code, () => assert.deepEqual(found(posture, of), [code]));
  }

  test('are spelled with every fact, in each language', () => {
    for (const { posture, wanted: of } of Object.values(cases)) {
      for (const one of judge({ ...good, ...posture }, { ...wanted, ...of }, now).flatMap(
        ({ findings }) => findings,
      )) {
        for (const language of languages) {
          const { what, why, fix } = spellFinding(one, language);
          for (const text of [what, why, fix]) assert.doesNotMatch(text.replace(/`[^`]*`/g, ''), /[{}]/);
        }
      }
    }
  });

  test('are wrong unless they are advice', () => {
    for (const [code, { posture, wanted: of }] of Object.entries(cases)) {
      const states = judge({ ...good, ...posture }, { ...wanted, ...of }, now)
        .filter(({ findings }) => findings.length > 0)
        .map(({ state }) => state);
      const severity = guardFindings[code as GuardFindingCode].severity;
      assert.deepEqual(states, [severity === 'advice' ? 'advice' : 'wrong'], code);
    }
  });
});

describe('what could not be asked', () => {
  const refused = unknown('AccessDenied (HTTP 403)');
  const asked = {
    exists: ['bucket'],
    versioning: ['versioning'],
    lock: ['object-lock', 'default-retention'],
    lifecycle: ['lifecycle'],
    encryption: ['encryption'],
    publicAccess: ['public-access'],
    policy: ['sse-kms', 'tls', 'deletion', 'lock-bounds'],
    clock: ['clock'],
    keys: ['access-keys'],
    rights: ['own-rights'],
  } as const satisfies Partial<Record<keyof Posture, readonly Aspect[]>>;

  for (const [fact, aspects] of Object.entries(asked)) {
    test(`is unknown and never fine: ${fact}`, () => {
      const checks = judge({ ...good, [fact]: refused }, wanted, now);
      const unclear = checks.filter(({ state }) => state === 'unknown');
      assert.deepEqual(
        unclear.map(({ aspect, reason }) => [aspect, reason]),
        aspects.map((aspect) => [aspect, 'AccessDenied (HTTP 403)']),
      );
    });
  }

  test('is SSE-C where neither the setting nor the policy is told', () => {
    const checks = judge({ ...good, encryption: refused, policy: refused }, wanted, now);
    assert.equal(checks.find(({ aspect }) => aspect === 'sse-c')?.state, 'unknown');
  });

  test('is not here where the server has no accounts of AWS', () => {
    const checks = judge({ ...good, keys: undefined, rights: undefined }, wanted, now);
    assert.deepEqual(
      checks.filter(({ state }) => state === 'elsewhere').map(({ aspect }) => aspect),
      ['access-keys', 'own-rights'],
    );
  });
});

describe('rules and statements that are no fault', () => {
  const none = (what: string, posture: Partial<Posture>, of: Partial<Wanted> = {}) =>
    test(what, () => assert.deepEqual(found(posture, of), []));

  none(
    'an expiry elsewhere in the bucket',
    withRules({ Filter: { Prefix: 'logs/' }, Expiration: { Days: 1 } }),
  );
  none('an expiry that is switched off', withRules({ Status: 'Disabled', Expiration: { Days: 1 } }));
  none(
    'an archive elsewhere in the bucket',
    withRules({ ...moving('GLACIER'), Filter: { Prefix: 'logs/' } }),
  );
  none('a move of large objects to a class that is read at once', withRules(moving('GLACIER_IR')));
  none('SSE-C that the policy denies', {
    encryption: known({ algorithm: 'AES256', blocked: [] }),
    policy: policyOf([
      ...goodStatements,
      deny('s3:PutObject', `${arn}/*`, {
        Null: { 's3:x-amz-server-side-encryption-customer-algorithm': 'false' },
      }),
    ]),
  });
  none(
    'an allowance that is denied again',
    withPolicy(...goodStatements, {
      Effect: 'Allow',
      Principal: { AWS: '1' },
      Action: 's3:DeleteObjectVersion',
      Resource: `${arn}/*`,
    }),
  );
  none(
    'an expiry of dated folders that are no longer kept',
    {
      ...withRules({ Filter: { Prefix: 'rental/daily/' }, Expiration: { Days: 120 } }),
    },
    { kind: 'plain' },
  );

  test('but an expiry of dated folders that are kept is one', () => {
    const rule = { Filter: { Prefix: 'rental/daily/' }, Expiration: { Days: 20 } };
    assert.deepEqual(found(withRules(rule), { kind: 'plain' }), ['lifecycle-hides']);
  });

  test('a denial for some, or under a condition, protects nobody from all others', () => {
    const forSome = { ...deny('s3:DeleteObjectVersion', `${arn}/*`), Principal: { AWS: '1' } };
    const onCondition = deny('s3:DeleteObjectVersion', `${arn}/*`, {
      IpAddress: { 'aws:SourceIp': '10.0.0.1' },
    });
    const elsewhere = deny('s3:DeleteObjectVersion', `${arn}/rental/data/*`);
    for (const statement of [forSome, onCondition, elsewhere])
      assert.deepEqual(found(withPolicy(...without(1), statement)), ['versions-deletable']);
  });
});
