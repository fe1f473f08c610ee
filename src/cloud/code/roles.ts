/**
 * The roles that work on a vault, each with what it needs and nothing else. The host that uploads can't delete; who
 * deletes works elsewhere or with a second factor, and makes markers only; who restores reads every version.
 */
import { type PolicyStatement, stemOf } from '../bucket-policy.ts';
import { bucketArn, objectArn, ownNotes, rootOf, TAMPER_TESTS, type Wanted } from '../wanted.ts';

/** Stands for the number of the account, until it is written in the words of Terraform or CloudFormation. */
export const ACCOUNT = '<account>';

export type RoleName = 'uploader' | 'pruner' | 'admin' | 'disaster-recovery';

export interface Role {
  readonly name: RoleName;
  /** as it is called in the account */
  readonly fullName: string;
  readonly description: string;
  /** seconds that one session may last */
  readonly session: number;
  readonly trust: PolicyStatement;
  readonly rights: readonly PolicyStatement[];
}

const HOUR = 3_600;

export function rolesOf(wanted: Wanted): readonly Role[] {
  const stem = stemOf(wanted);
  const role = (name: RoleName, rest: Omit<Role, 'name' | 'fullName'>): Role => ({
    name,
    fullName: `${stem}-${name}`,
    ...rest,
  });
  return [
    role('uploader', {
      description: 'hikae on the host: put, extend locks, delete its own repository locks',
      // A first upload over a slow line takes longer than the usual hour.
      session: 2 * HOUR,
      trust: trustHost(wanted),
      rights: [...reading(wanted), ...uploading(wanted), ...lookingAtItself(wanted)],
    }),
    role('pruner', {
      description: 'hikae forget and prune: delete markers only, never a version',
      session: 2 * HOUR,
      trust: trustSecondFactor,
      rights: [...reading(wanted), ...pruning(wanted)],
    }),
    role('admin', {
      description: 'look into backups, with every version and lock',
      session: HOUR,
      trust: trustSecondFactor,
      rights: reading(wanted),
    }),
    role('disaster-recovery', {
      description: 'restore, also through delete markers and overwritten objects',
      session: 4 * HOUR,
      trust: trustSecondFactor,
      rights: reading(wanted),
    }),
  ];
}

/** The user whose key lies on the host: good for nothing but to become the uploader. */
export function hostUser(wanted: Wanted): { readonly name: string; readonly rights: PolicyStatement } {
  return {
    name: hostUserName(wanted),
    rights: allow('BecomeUploader', ['sts:AssumeRole'], roleArn(wanted, 'uploader')),
  };
}

export function hostUserName(wanted: Pick<Wanted, 'prefix' | 'bucket'>): string {
  return `${stemOf(wanted)}-host`;
}

/** Versions and locks included, and the settings that guard looks at. */
function reading(wanted: Wanted): readonly PolicyStatement[] {
  return [
    allow(
      'ReadBucket',
      [
        's3:ListBucket',
        's3:ListBucketVersions',
        's3:ListBucketMultipartUploads',
        's3:GetBucketLocation',
        's3:GetBucketObjectLockConfiguration',
        's3:GetBucketPolicy',
        's3:GetBucketPublicAccessBlock',
        's3:GetBucketVersioning',
        's3:GetEncryptionConfiguration',
        's3:GetLifecycleConfiguration',
      ],
      bucketArn(wanted),
    ),
    allow('ReadObjects', readingObjects, all(wanted)),
  ];
}

const readingObjects = ['s3:GetObject', 's3:GetObjectVersion', 's3:GetObjectRetention'];
const puttingObjects = [
  's3:PutObject',
  's3:PutObjectRetention',
  's3:AbortMultipartUpload',
  's3:ListMultipartUploadParts',
];

function uploading(wanted: Wanted): readonly PolicyStatement[] {
  return [
    allow('PutAndExtend', puttingObjects, all(wanted)),
    allow(
      'DeleteOwnNotes',
      ['s3:DeleteObject'],
      ownNotes(wanted).map((part) => objectArn(wanted, `${rootOf(wanted)}${part}`)),
    ),
    allow('TamperTest', [...readingObjects, ...puttingObjects], objectArn(wanted, `${TAMPER_TESTS}*`)),
  ];
}

function pruning(wanted: Wanted): readonly PolicyStatement[] {
  return [allow('PutAndHide', [...puttingObjects, 's3:DeleteObject'], all(wanted))];
}

/** For guard: what it may do itself, and how old the key of the host is. */
function lookingAtItself(wanted: Wanted): readonly PolicyStatement[] {
  return [
    allow('LookAtOwnRights', ['iam:SimulatePrincipalPolicy'], roleArn(wanted, 'uploader')),
    allow('LookAtOwnKeys', ['iam:ListAccessKeys'], userArn(wanted)),
  ];
}

function trustHost(wanted: Wanted): PolicyStatement {
  return {
    ...trustAccount('TrustHost'),
    Condition: { ArnEquals: { 'aws:PrincipalArn': userArn(wanted) } },
  };
}

const trustSecondFactor: PolicyStatement = {
  ...trustAccount('TrustSecondFactor'),
  Condition: {
    Bool: { 'aws:MultiFactorAuthPresent': 'true' },
    NumericLessThan: { 'aws:MultiFactorAuthAge': String(HOUR) },
  },
};

function trustAccount(Sid: string): PolicyStatement {
  return {
    Sid,
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
    Action: 'sts:AssumeRole',
  };
}

function roleArn(wanted: Wanted, role: RoleName): string {
  return `arn:aws:iam::${ACCOUNT}:role/${stemOf(wanted)}-${role}`;
}

function userArn(wanted: Wanted): string {
  return `arn:aws:iam::${ACCOUNT}:user/${hostUserName(wanted)}`;
}

function all(wanted: Wanted): string {
  return objectArn(wanted, `${rootOf(wanted)}*`);
}

function allow(
  Sid: string,
  Action: readonly string[],
  Resource: string | readonly string[],
): PolicyStatement {
  return { Sid, Effect: 'Allow', Action, Resource };
}
