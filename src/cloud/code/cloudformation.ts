/**
 * The same as a template of CloudFormation. Charges are told in us-east-1 only, so the one template is for two stacks:
 * what belongs to the bucket is made in its region, what belongs to the alarms there.
 */
import type { LifecycleRule } from '@aws-sdk/client-s3';
import { stringify } from 'yaml';
import type { PolicyDocument } from '../bucket-policy.ts';
import type { AccountDesign, BucketDesign, ChargeAlarms, VaultDesign } from './account-design.ts';
import { ACCOUNT, type Role } from './roles.ts';

const BILLING_REGION = 'us-east-1';

const HEAD = `# Written by \`hikae guard --cloudformation\` from the policy; change the policy and write it anew.
# Deploy it in the region of the bucket and, for the alarms on charges, in ${BILLING_REGION} as well, with CAPABILITY_NAMED_IAM.
# A lock in COMPLIANCE mode can not be undone. Access keys are made by hand: \`aws iam create-access-key --user-name …-host\`.
`;

type Resources = Readonly<Record<string, object>>;

export function writeCloudFormation({ buckets, alarms, stem }: AccountDesign): string {
  const template = {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: 'Buckets, roles and alarms of hikae',
    Conditions: {
      ...Object.fromEntries(buckets.map((bucket) => [conditionOf(bucket), inRegion(bucket.region)] as const)),
      ...(alarms === undefined ? {} : { BillingRegion: inRegion(BILLING_REGION) }),
    },
    Resources: {
      ...Object.assign({}, ...buckets.map(bucketResources)),
      ...(alarms === undefined ? {} : alarmResources(stem, alarms)),
    } as Resources,
  };
  return `${HEAD}${stringify(withAccount(template), { lineWidth: 120, aliasDuplicateObjects: false })}`;
}

function bucketResources(bucket: BucketDesign): Resources {
  const { stem, name, lock, rules, policy, vaults } = bucket;
  const Condition = conditionOf(bucket);
  const logical = `${logicalOf(stem)}Bucket`;
  const made: Resources = {
    [logical]: {
      Type: 'AWS::S3::Bucket',
      Condition,
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BucketName: name,
        ObjectLockEnabled: true,
        ...(lock === undefined
          ? {}
          : {
              ObjectLockConfiguration: {
                ObjectLockEnabled: 'Enabled',
                Rule: { DefaultRetention: { Mode: lock.mode, Days: lock.days } },
              },
            }),
        VersioningConfiguration: { Status: 'Enabled' },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          IgnorePublicAcls: true,
          BlockPublicPolicy: true,
          RestrictPublicBuckets: true,
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
        LifecycleConfiguration: { Rules: rules.map(ruleValue) },
      },
    },
    [`${logical}Policy`]: {
      Type: 'AWS::S3::BucketPolicy',
      Condition,
      Properties: { Bucket: { Ref: logical }, PolicyDocument: policy },
    },
  };
  return Object.assign(made, ...vaults.map((vault) => vaultResources(vault, Condition)));
}

function ruleValue({ ID, Status, Filter, ...rule }: LifecycleRule): object {
  const { Expiration, NoncurrentVersionExpiration, AbortIncompleteMultipartUpload } = rule;
  return {
    Id: ID,
    Status,
    // Empty stands for all, where a rule without a filter is refused.
    Prefix: Filter?.Prefix ?? '',
    ...(Expiration?.Days === undefined ? {} : { ExpirationInDays: Expiration.Days }),
    ...(Expiration?.ExpiredObjectDeleteMarker === true ? { ExpiredObjectDeleteMarker: true } : {}),
    ...(NoncurrentVersionExpiration === undefined ? {} : { NoncurrentVersionExpiration }),
    ...(AbortIncompleteMultipartUpload === undefined ? {} : { AbortIncompleteMultipartUpload }),
  };
}

function vaultResources({ stem, roles, host }: VaultDesign, Condition: string): Resources {
  const logical = logicalOf(stem);
  const made: Resources = {
    [`${logical}Host`]: {
      Type: 'AWS::IAM::User',
      Condition,
      Properties: {
        UserName: host.name,
        Policies: [{ PolicyName: 'become-uploader', PolicyDocument: documentOf(host.rights) }],
      },
    },
  };
  return Object.assign(made, ...roles.map((role) => roleResource(logical, role, Condition)));
}

function roleResource(logical: string, role: Role, Condition: string): Resources {
  return {
    [`${logical}${logicalOf(role.name)}`]: {
      Type: 'AWS::IAM::Role',
      Condition,
      Properties: {
        RoleName: role.fullName,
        Description: role.description,
        MaxSessionDuration: role.session,
        AssumeRolePolicyDocument: documentOf(role.trust),
        Policies: [{ PolicyName: role.name, PolicyDocument: documentOf(...role.rights) }],
      },
    },
  };
}

function alarmResources(stem: string, { thresholds, addresses }: ChargeAlarms): Resources {
  const Condition = 'BillingRegion';
  const topic = `${logicalOf(stem)}Alarms`;
  const alarms = Object.entries(thresholds).map(([name, Threshold]): [string, object] => [
    `${logicalOf(stem)}Charges${logicalOf(name)}`,
    {
      Type: 'AWS::CloudWatch::Alarm',
      Condition,
      Properties: {
        AlarmName: `${stem}-charges-${name}`,
        AlarmDescription: `S3 has cost ${Threshold} USD or more this month`,
        Namespace: 'AWS/Billing',
        MetricName: 'EstimatedCharges',
        Dimensions: [
          { Name: 'Currency', Value: 'USD' },
          { Name: 'ServiceName', Value: 'AmazonS3' },
        ],
        Statistic: 'Maximum',
        Period: 21_600,
        EvaluationPeriods: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        Threshold,
        TreatMissingData: 'notBreaching',
        AlarmActions: [{ Ref: topic }],
      },
    },
  ]);
  const Subscription = addresses.map((Endpoint) => ({ Protocol: 'email', Endpoint }));
  return {
    [topic]: {
      Type: 'AWS::SNS::Topic',
      Condition,
      Properties: { TopicName: `${stem}-alarms`, ...(addresses.length === 0 ? {} : { Subscription }) },
    },
    ...Object.fromEntries(alarms),
  };
}

function documentOf(...Statement: PolicyDocument['Statement']): PolicyDocument {
  return { Version: '2012-10-17', Statement };
}

/** The number of the account is known when it is deployed. */
function withAccount(value: unknown): unknown {
  if (typeof value === 'string')
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of CloudFormation
    return value.includes(ACCOUNT) ? { 'Fn::Sub': value.replaceAll(ACCOUNT, '${AWS::AccountId}') } : value;
  if (Array.isArray(value)) return value.map(withAccount);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withAccount(one)]));
}

function inRegion(region: string): object {
  return { 'Fn::Equals': [{ Ref: 'AWS::Region' }, region] };
}

function conditionOf({ region }: BucketDesign): string {
  return `RegionOf${logicalOf(region)}`;
}

/** Letters and digits, as names within a template want. */
function logicalOf(name: string): string {
  return name
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('');
}
