/**
 * The bucket policy that a vault needs. It only denies, to everybody, what no role needs: who gets what is said by roles.
 * Versions are left to the lifecycle to remove; dates of locks are kept within what the policy of hikae ever asks for.
 */
import { createHash } from 'node:crypto';
import { dangerousOnBucket, leastDays, mostDays, REMAINING_DAYS } from './checks/policy.ts';
import { CUSTOMER_ALGORITHM, ENCRYPTION } from './checks/settings.ts';
import { bucketArn, lastingParts, objectArn, rootOf, TAMPER_TESTS, type Wanted } from './wanted.ts';

export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly PolicyStatement[];
}

export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: string | Readonly<Record<string, string>>;
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export function bucketPolicy(wanted: Wanted): PolicyDocument {
  return { Version: '2012-10-17', Statement: [...forBucket(wanted), ...forVault(wanted)] };
}

/** The same for every vault in the bucket. */
function forBucket(wanted: Wanted): readonly PolicyStatement[] {
  const everything = [bucketArn(wanted), objectArn(wanted, '*')];
  return [
    denial('DenyInsecureTransport', 's3:*', everything, { Bool: { 'aws:SecureTransport': 'false' } }),
    // What says nothing of encryption gets that of the bucket. To differ from a value is also to be absent, hence the second.
    denial('DenyOtherEncryption', 's3:PutObject', objectArn(wanted, '*'), {
      StringNotEquals: { [ENCRYPTION]: 'AES256' },
      Null: { [ENCRYPTION]: 'false' },
    }),
    denial('DenyCustomerKeys', 's3:PutObject', objectArn(wanted, '*'), {
      Null: { [CUSTOMER_ALGORITHM]: 'false' },
    }),
  ];
}

function forVault(wanted: Wanted): readonly PolicyStatement[] {
  const root = rootOf(wanted);
  const suffix = suffixOf(wanted);
  const lasting = lastingParts(wanted).map((part) => objectArn(wanted, `${root}${part}`));
  const locking = ['s3:PutObject', 's3:PutObjectRetention'];
  const { lock } = wanted;
  return [
    denial(
      `DenyVersionDeletion${suffix}`,
      ['s3:DeleteObjectVersion', 's3:BypassGovernanceRetention'],
      [objectArn(wanted, `${root}*`), objectArn(wanted, `${TAMPER_TESTS}*`)],
    ),
    ...(lock === undefined
      ? []
      : [
          denial(`DenyLongLocks${suffix}`, locking, objectArn(wanted, `${root}*`), {
            NumericGreaterThan: { [REMAINING_DAYS]: String(mostDays(lock)) },
          }),
          denial(`DenyShortLocks${suffix}`, locking, lasting, {
            NumericLessThan: { [REMAINING_DAYS]: String(leastDays(lock)) },
          }),
        ]),
    // Those who upload and prune do not get these rights by their roles; nor shall they by any other statement.
    ...(wanted.aws ? [denyConfiguration(wanted)] : []),
  ];
}

/** For the roles that work every day, in whatever account. Other servers name roles and some of these rights otherwise. */
function denyConfiguration(wanted: Wanted): PolicyStatement {
  const roles = ['uploader', 'pruner'].map((role) => `arn:aws:iam::*:role/${stemOf(wanted)}-${role}`);
  return denial(`DenyConfiguration${suffixOf(wanted)}`, [...dangerousOnBucket], bucketArn(wanted), {
    ArnLike: { 'aws:PrincipalArn': roles },
  });
}

/** What the roles and alarms of a vault begin with: its prefix, or the bucket where it has none. */
export function stemOf({ prefix, bucket }: Pick<Wanted, 'prefix' | 'bucket'>): string {
  const from = prefix === '' ? bucket : prefix;
  const name = from
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .toLowerCase();
  // The longest name of a role has 64 characters.
  const short = name.slice(0, 30).replace(/-$/, '') || 'vault';
  return short.endsWith('backup') ? short : `${short}-backup`;
}

/** Letters and digits, as a Sid wants, and another for every prefix. */
export function suffixOf({ prefix }: Pick<Wanted, 'prefix'>): string {
  if (prefix === '') return '';
  const words = prefix.split(/[^A-Za-z0-9]+/).map((word) => word.slice(0, 1).toUpperCase() + word.slice(1));
  const plain = /^[A-Za-z0-9]+$/.test(prefix);
  return words.join('') + (plain ? '' : createHash('sha256').update(prefix).digest('hex').slice(0, 6));
}

function denial(
  Sid: string,
  Action: PolicyStatement['Action'],
  Resource: PolicyStatement['Resource'] & {},
  Condition?: PolicyStatement['Condition'],
): PolicyStatement {
  return {
    Sid,
    Effect: 'Deny',
    Principal: '*',
    Action,
    Resource,
    ...(Condition === undefined ? {} : { Condition }),
  };
}
