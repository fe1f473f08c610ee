/** What guard writes as Terraform and CloudFormation: read by HashiCorp's own parser, and the same in both. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from '@cdktf/hcl2json';
import { parse as parseYaml } from 'yaml';
import { bucketsOf } from '../../src/app/buckets.ts';
import { realWorld } from '../../src/app/world.ts';
import type { PolicyStatement } from '../../src/cloud/bucket-policy.ts';
import { quoted } from '../../src/cloud/code/hcl.ts';
import { writeAccountCode } from '../../src/operations/guard-code.ts';
import { checkPolicy, type Policy } from '../../src/policy/policy.ts';

const examples = join(import.meta.dirname, '../../examples');

async function policyFrom(text: string): Promise<Policy> {
  const checked = await checkPolicy(text, { file: '/policy.yaml', hostname: 'host', timezone: 'UTC' });
  assert.ok(checked.ok);
  return checked.policy;
}

const exampleOf = (name: string) => policyFrom(readFileSync(join(examples, `${name}.yaml`), 'utf8'));

function write(policy: Policy, language: 'terraform' | 'cloudformation', vault?: string): string {
  const world = { ...realWorld(), environment: {} };
  return writeAccountCode(language, vault, { policy, buckets: bucketsOf(policy, world) });
}

const TERRAFORM_ACCOUNT = `$\{data.aws_caller_identity.current.account_id}`;
const TEMPLATE_ACCOUNT = `$\{AWS::AccountId}`;

type Documents = Readonly<Record<string, { readonly Statement: readonly PolicyStatement[] }>>;

interface Terraform {
  readonly resource: Readonly<Record<string, Readonly<Record<string, readonly Record<string, unknown>[]>>>>;
  readonly provider: { readonly aws: readonly { readonly alias?: string; readonly region: string }[] };
}

async function terraformOf(policy: Policy): Promise<Terraform> {
  return (await parse('hikae.tf', write(policy, 'terraform'))) as unknown as Terraform;
}

/** Each policy by the name of what it belongs to; what `jsonencode` is given is HCL again. */
async function documentsOfTerraform({ resource }: Terraform): Promise<Documents> {
  const found: Record<string, { Statement: readonly PolicyStatement[] }> = {};
  const read = async (name: string, encoded: unknown) => {
    const inside = /^\$\{jsonencode\((.*)\)\}$/s.exec(String(encoded))?.[1];
    const { document } = await parse('document.tf', `document = ${inside}`);
    found[name] = JSON.parse(JSON.stringify(document).replaceAll(TERRAFORM_ACCOUNT, 'ACCOUNT'));
  };
  for (const [[body] = []] of Object.values(resource.aws_s3_bucket_policy ?? {}).map((one) => [one]))
    await read('bucket', body?.policy);
  for (const [label, [body]] of Object.entries(resource.aws_iam_role_policy ?? {}))
    await read(`rights ${String(resource.aws_iam_role?.[label]?.[0]?.name)}`, body?.policy);
  for (const [body] of Object.values(resource.aws_iam_role ?? {}))
    await read(`trust ${String(body?.name)}`, body?.assume_role_policy);
  return found;
}

interface Resource {
  readonly Type: string;
  readonly Condition: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

interface Template {
  readonly Conditions: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, Resource>>;
}

function templateOf(policy: Policy): Template {
  return parseYaml(write(policy, 'cloudformation'));
}

function documentsOfTemplate({ Resources }: Template): Documents {
  const found: Record<string, { Statement: readonly PolicyStatement[] }> = {};
  const plain = (document: unknown) =>
    JSON.parse(
      JSON.stringify(document).replace(/\{"Fn::Sub":("[^"]*")\}/g, (_, text: string) =>
        text.replaceAll(TEMPLATE_ACCOUNT, 'ACCOUNT'),
      ),
    );
  for (const { Type, Properties } of Object.values(Resources)) {
    if (Type === 'AWS::S3::BucketPolicy') found.bucket = plain(Properties.PolicyDocument);
    if (Type !== 'AWS::IAM::Role') continue;
    const [rights] = Properties.Policies as readonly { readonly PolicyDocument: unknown }[];
    found[`rights ${String(Properties.RoleName)}`] = plain(rights?.PolicyDocument);
    found[`trust ${String(Properties.RoleName)}`] = plain(Properties.AssumeRolePolicyDocument);
  }
  return found;
}

/** Nothing at large, no version removed, no setting of the bucket changed. */
const forbidden = /\*|DeleteObjectVersion|Bypass|^s3:(Put|Delete)(Bucket|Lifecycle|Encryption)/;

const actionsOf = (statements: readonly PolicyStatement[] = []) =>
  statements.flatMap(({ Action }) => (typeof Action === 'string' ? [Action] : [...Action]));

describe('what guard writes as code', () => {
  for (const name of ['rental', 'company', 'mailserver']) {
    it(`is Terraform and CloudFormation that say the same: ${name}`, async () => {
      const policy = await exampleOf(name);
      const documents = await documentsOfTerraform(await terraformOf(policy));
      assert.equal(Object.keys(documents).length, 9, 'the bucket, and rights and trust of four roles');
      assert.deepEqual(documents, documentsOfTemplate(templateOf(policy)));
    });
  }

  it('gives each role what it needs and nothing else', async () => {
    const documents = await documentsOfTerraform(await terraformOf(await exampleOf('rental')));
    const rights = (role: string) => documents[`rights rental-backup-${role}`]?.Statement ?? [];
    for (const role of ['uploader', 'pruner', 'admin', 'disaster-recovery']) {
      const actions = actionsOf(rights(role));
      for (const needed of ['s3:GetObjectVersion', 's3:ListBucketVersions', 's3:GetObjectRetention'])
        assert.ok(actions.includes(needed), `${role} ${needed}`);
      for (const action of actions) assert.doesNotMatch(action, forbidden);
      for (const { Effect } of rights(role)) assert.equal(Effect, 'Allow');
    }
    const deleting = (role: string) =>
      rights(role)
        .filter((one) => actionsOf([one]).includes('s3:DeleteObject'))
        .flatMap(({ Resource = [] }) => Resource);
    assert.deepEqual(deleting('uploader'), ['arn:aws:s3:::system-backup-workstation/rental/locks/*']);
    assert.deepEqual(deleting('pruner'), ['arn:aws:s3:::system-backup-workstation/rental/*']);
    for (const role of ['admin', 'disaster-recovery'])
      assert.deepEqual(
        actionsOf(rights(role)).filter((action) => /Put|Delete|Abort/.test(action)),
        [],
      );
    for (const role of ['pruner', 'admin', 'disaster-recovery']) {
      const [trust] = documents[`trust rental-backup-${role}`]?.Statement ?? [];
      assert.equal(trust?.Condition?.Bool?.['aws:MultiFactorAuthPresent'], 'true', role);
    }
    const [host] = documents['trust rental-backup-uploader']?.Statement ?? [];
    assert.equal(
      host?.Condition?.ArnEquals?.['aws:PrincipalArn'],
      'arn:aws:iam::ACCOUNT:user/rental-backup-host',
    );
  });

  it('makes the bucket of the seeds: locked, versioned, encrypted, closed, with its rules', async () => {
    const { resource } = await terraformOf(await exampleOf('rental'));
    const label = 'rental_backup';
    const one = (type: string) => resource[type]?.[label]?.[0] ?? {};
    assert.deepEqual(one('aws_s3_bucket'), {
      bucket: 'system-backup-workstation',
      object_lock_enabled: true,
      lifecycle: [{ prevent_destroy: true }],
    });
    assert.deepEqual(one('aws_s3_bucket_object_lock_configuration').rule, [
      { default_retention: [{ mode: 'COMPLIANCE', days: 90 }] },
    ]);
    assert.deepEqual(one('aws_s3_bucket_versioning').versioning_configuration, [{ status: 'Enabled' }]);
    assert.equal(one('aws_s3_bucket_public_access_block').restrict_public_buckets, true);
    const rules = one('aws_s3_bucket_lifecycle_configuration').rule as readonly { readonly id: string }[];
    assert.deepEqual(
      rules.map(({ id }) => id),
      [
        'hikae-versions-rental',
        'hikae-markers-rental',
        'hikae-unfinished-rental',
        'hikae-locks-rental',
        'hikae-tamper-tests',
      ],
    );
  });

  it('alarms at the amounts of the policy, in dollars, where charges are told', async () => {
    const policy = await exampleOf('mailserver');
    const { resource, provider } = await terraformOf(policy);
    const alarms = Object.values(resource.aws_cloudwatch_metric_alarm ?? {}).flat();
    const rate = policy.cost?.rate ?? Number.NaN;
    assert.deepEqual(
      alarms.map(({ threshold }) => Number(threshold)).sort(),
      [10, 100].map((yen) => Number((yen / rate).toFixed(3))),
    );
    for (const alarm of alarms) assert.equal(alarm.provider, `$\{aws.us_east_1}`);
    assert.deepEqual(
      provider.aws.map(({ region }) => region),
      ['ap-northeast-1', 'us-east-1'],
    );
    const { Conditions, Resources } = templateOf(policy);
    for (const [name, { Condition, Properties }] of Object.entries(Resources)) {
      assert.ok(Condition in Conditions, name);
      for (const [, target = ''] of JSON.stringify(Properties).matchAll(/"Ref":"(\w+)"/g))
        assert.equal(Resources[target]?.Condition, Condition, `${name} refers to ${target}`);
      assert.match(name, /^[A-Za-z0-9]+$/);
    }
  });

  it('merges vaults that share a bucket, and refuses those whose roles would be one', async () => {
    const vaults = (one: string, two: string) => ({
      one: { restic: one, password: { env: 'P' } },
      two: { restic: two, password: { env: 'P' }, lock: { mode: 'compliance', for: '30d' } },
    });
    const policyWith = (one: string, two: string) =>
      policyFrom(
        JSON.stringify({
          version: 1,
          targets: { a: { components: { b: { files: '/srv/b' } } } },
          vaults: vaults(one, two),
          schedules: { daily: { at: '02:00', to: 'one' } },
        }),
      );
    const { resource } = await terraformOf(await policyWith('s3://shared/a', 's3://shared/b'));
    assert.deepEqual(Object.keys(resource.aws_s3_bucket ?? {}), ['a_backup']);
    assert.equal(Object.keys(resource.aws_iam_role ?? {}).length, 8);
    const colliding = await policyWith('s3://first/a', 's3://second/a');
    assert.throws(() => write(colliding, 'terraform'), { code: 'GUARD_NAMES_COLLIDE' });
    assert.ok(write(colliding, 'terraform', 'one').includes('"first"'));
  });

  it('quotes what would begin a template', async () => {
    const odd = `a "b" \\ $\{c} %{d} $e\n`;
    const parsed = (await parse('odd.tf', `odd = ${quoted(odd)}`)) as { odd: string };
    assert.equal(parsed.odd.replaceAll('$$' + '{', '$' + '{').replaceAll('%%{', '%{'), odd);
  });
});
