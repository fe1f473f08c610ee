/** The account side of the buckets of a policy as Terraform, to be kept beside the other folders of that kind. */
import type { LifecycleRule } from '@aws-sdk/client-s3';
import type { PolicyDocument, PolicyStatement } from '../bucket-policy.ts';
import type { AccountDesign, BucketDesign, ChargeAlarms, VaultDesign } from './account-design.ts';
import { type Block, block, call, Expression, quoted, type Value, writeBlocks } from './hcl.ts';
import { ACCOUNT, type Role } from './roles.ts';

/** Charges are told in one region only. */
const BILLING_REGION = 'us-east-1';

// biome-ignore lint/suspicious/noTemplateCurlyInString: a template of Terraform
const NUMBER = '${data.aws_caller_identity.current.account_id}';

const HEAD = `# Written by \`hikae guard --terraform\` from the policy; change the policy and write it anew.
# A lock in COMPLIANCE mode can not be undone. Access keys are made by hand, so that none lies in the state:
# \`aws iam create-access-key --user-name …-host\`, replaced every 90 days.
`;

export function writeTerraform(design: AccountDesign): string {
  const regions = [...new Set(design.buckets.map(({ region }) => region))];
  const [region = BILLING_REGION, ...others] = regions;
  const provider = (name: string) =>
    name === region ? undefined : new Expression(`aws.${name.replaceAll('-', '_')}`);
  const aliases = [...new Set([...others, ...(design.alarms === undefined ? [] : [BILLING_REGION])])];
  return `${HEAD}
${writeBlocks([
  block(['terraform'], {}, [
    block(['required_providers'], { aws: { source: 'hashicorp/aws', version: '>= 5.0' } }),
  ]),
  block(['provider', 'aws'], { region }),
  ...aliases
    .filter((name) => name !== region)
    .map((name) => block(['provider', 'aws'], { alias: name.replaceAll('-', '_'), region: name })),
  block(['data', 'aws_caller_identity', 'current'], {}),
  ...design.buckets.flatMap((bucket) => bucketBlocks(bucket, provider(bucket.region))),
  ...design.buckets.flatMap(({ vaults }) => vaults.flatMap(vaultBlocks)),
  ...(design.alarms === undefined ? [] : alarmBlocks(design.stem, design.alarms, provider(BILLING_REGION))),
])}
`;
}

function bucketBlocks(bucket: BucketDesign, provider: Value | undefined): readonly Block[] {
  const label = labelOf(bucket.stem);
  const id = new Expression(`aws_s3_bucket.${label}.id`);
  const setting = (kind: string, attributes: Readonly<Record<string, Value>>, blocks: readonly Block[]) =>
    block(['resource', `aws_s3_bucket_${kind}`, label], { provider, bucket: id, ...attributes }, blocks);
  const { lock } = bucket;
  return [
    block(
      ['resource', 'aws_s3_bucket', label],
      { provider, bucket: bucket.name, object_lock_enabled: true },
      [block(['lifecycle'], { prevent_destroy: true })],
    ),
    setting('versioning', {}, [block(['versioning_configuration'], { status: 'Enabled' })]),
    ...(lock === undefined
      ? []
      : [
          setting('object_lock_configuration', {}, [
            block(['rule'], {}, [block(['default_retention'], { mode: lock.mode, days: lock.days })]),
          ]),
        ]),
    setting('server_side_encryption_configuration', {}, [
      block(['rule'], {}, [block(['apply_server_side_encryption_by_default'], { sse_algorithm: 'AES256' })]),
    ]),
    setting(
      'public_access_block',
      {
        block_public_acls: true,
        ignore_public_acls: true,
        block_public_policy: true,
        restrict_public_buckets: true,
      },
      [],
    ),
    setting('ownership_controls', {}, [block(['rule'], { object_ownership: 'BucketOwnerEnforced' })]),
    setting('lifecycle_configuration', {}, bucket.rules.map(ruleBlock)),
    setting('policy', { policy: document(bucket.policy) }, []),
  ];
}

function ruleBlock({ ID = '', Filter, ...rule }: LifecycleRule): Block {
  const { Expiration, NoncurrentVersionExpiration, AbortIncompleteMultipartUpload } = rule;
  const parts = [
    block(['filter'], { prefix: Filter?.Prefix ?? '' }),
    ...(Expiration === undefined
      ? []
      : [
          block(['expiration'], {
            days: Expiration.Days,
            expired_object_delete_marker: Expiration.ExpiredObjectDeleteMarker,
          }),
        ]),
    ...(NoncurrentVersionExpiration === undefined
      ? []
      : [
          block(['noncurrent_version_expiration'], {
            noncurrent_days: NoncurrentVersionExpiration.NoncurrentDays,
          }),
        ]),
    ...(AbortIncompleteMultipartUpload === undefined
      ? []
      : [
          block(['abort_incomplete_multipart_upload'], {
            days_after_initiation: AbortIncompleteMultipartUpload.DaysAfterInitiation,
          }),
        ]),
  ];
  return block(['rule'], { id: ID, status: 'Enabled' }, parts);
}

function vaultBlocks({ stem, roles, host }: VaultDesign): readonly Block[] {
  const label = `${labelOf(stem)}_host`;
  return [
    block(['resource', 'aws_iam_user', label], { name: host.name }),
    block(['resource', 'aws_iam_user_policy', label], {
      name: 'become-uploader',
      user: new Expression(`aws_iam_user.${label}.name`),
      policy: document({ Version: '2012-10-17', Statement: [host.rights] }),
    }),
    ...roles.flatMap((role) => roleBlocks(stem, role)),
  ];
}

function roleBlocks(stem: string, role: Role): readonly Block[] {
  const label = `${labelOf(stem)}_${labelOf(role.name)}`;
  return [
    block(['resource', 'aws_iam_role', label], {
      name: role.fullName,
      description: role.description,
      max_session_duration: role.session,
      assume_role_policy: document({ Version: '2012-10-17', Statement: [role.trust] }),
    }),
    block(['resource', 'aws_iam_role_policy', label], {
      name: role.name,
      role: new Expression(`aws_iam_role.${label}.id`),
      policy: document({ Version: '2012-10-17', Statement: role.rights }),
    }),
  ];
}

function alarmBlocks(
  stem: string,
  { thresholds, addresses }: ChargeAlarms,
  provider: Value | undefined,
): readonly Block[] {
  const label = `${labelOf(stem)}_alarms`;
  const topic = new Expression(`aws_sns_topic.${label}.arn`);
  return [
    block(['resource', 'aws_sns_topic', label], { provider, name: `${stem}-alarms` }),
    ...addresses.map((endpoint, index) =>
      block(['resource', 'aws_sns_topic_subscription', `${label}_${index + 1}`], {
        provider,
        topic_arn: topic,
        protocol: 'email',
        endpoint,
      }),
    ),
    ...Object.entries(thresholds).map(([name, threshold]) =>
      block(['resource', 'aws_cloudwatch_metric_alarm', `${labelOf(stem)}_charges_${name}`], {
        provider,
        alarm_name: `${stem}-charges-${name}`,
        alarm_description: `S3 has cost ${threshold} USD or more this month`,
        namespace: 'AWS/Billing',
        metric_name: 'EstimatedCharges',
        dimensions: { Currency: 'USD', ServiceName: 'AmazonS3' },
        statistic: 'Maximum',
        period: 21_600,
        evaluation_periods: 1,
        comparison_operator: 'GreaterThanOrEqualToThreshold',
        threshold,
        treat_missing_data: 'notBreaching',
        alarm_actions: new Expression(`[aws_sns_topic.${label}.arn]`),
      }),
    ),
  ];
}

function document({ Version, Statement }: PolicyDocument): Expression {
  return call('jsonencode', { Version, Statement: Statement.map(statementValue) });
}

function statementValue(statement: PolicyStatement): Value {
  return withAccount(statement as unknown as Value);
}

/** The number of the account is known when it is applied. */
function withAccount(value: Value): Value {
  if (typeof value === 'string')
    return value.includes(ACCOUNT) ? new Expression(quoted(value).replaceAll(ACCOUNT, NUMBER)) : value;
  if (Array.isArray(value)) return value.map(withAccount);
  if (typeof value !== 'object' || value instanceof Expression) return value;
  return Object.fromEntries(
    Object.entries(value as Readonly<Record<string, Value | undefined>>).map(([name, one]) => [
      name,
      one === undefined ? undefined : withAccount(one),
    ]),
  );
}

function labelOf(name: string): string {
  return name.replaceAll('-', '_');
}
