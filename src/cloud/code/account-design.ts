/** What is to exist in an account for the buckets of a policy: the same values for Terraform and for CloudFormation. */
import type { LifecycleRule } from '@aws-sdk/client-s3';
import { bucketPolicy, type PolicyDocument, stemOf } from '../bucket-policy.ts';
import { lifecycleRules } from '../lifecycle-rules.ts';
import type { Wanted, WantedLock } from '../wanted.ts';
import { hostUser, type Role, rolesOf } from './roles.ts';

export interface ChargeAlarms {
  /** US dollars a month, by the name of the alarm */
  readonly thresholds: Readonly<Record<'warning' | 'critical', number>>;
  /** who gets a mail */
  readonly addresses: readonly string[];
}

export interface AccountDesign {
  readonly buckets: readonly BucketDesign[];
  readonly alarms: ChargeAlarms | undefined;
  /** what alarms and their topic begin with */
  readonly stem: string;
}

export interface BucketDesign {
  readonly stem: string;
  readonly name: string;
  readonly region: string;
  /** the default; the longest that a vault in it asks for */
  readonly lock: WantedLock | undefined;
  readonly rules: readonly LifecycleRule[];
  readonly policy: PolicyDocument;
  readonly vaults: readonly VaultDesign[];
}

export interface VaultDesign {
  readonly stem: string;
  readonly roles: readonly Role[];
  readonly host: ReturnType<typeof hostUser>;
}

/** Vaults that share a bucket share its rules and its policy; each has roles of its own. */
export function designAccount(all: readonly Wanted[], alarms: ChargeAlarms | undefined): AccountDesign {
  const buckets = [...Map.groupBy(all, ({ bucket }) => bucket).values()].map(designBucket);
  return { buckets, alarms, stem: buckets[0]?.stem ?? 'backup' };
}

function designBucket(vaults: readonly Wanted[]): BucketDesign {
  const [first] = vaults;
  if (first === undefined) throw new TypeError('a bucket without a vault');
  const locks = vaults.flatMap(({ lock }) => lock ?? []).sort((one, other) => other.days - one.days);
  return {
    stem: stemOf(first),
    name: first.bucket,
    region: first.region,
    lock: locks[0],
    rules: oncePer(vaults.flatMap(lifecycleRules), ({ ID = '' }) => ID),
    policy: {
      ...bucketPolicy(first),
      Statement: oncePer(
        vaults.flatMap((wanted) => bucketPolicy(wanted).Statement),
        ({ Sid }) => Sid,
      ),
    },
    vaults: vaults.map((wanted) => ({
      stem: stemOf(wanted),
      roles: rolesOf(wanted),
      host: hostUser(wanted),
    })),
  };
}

function oncePer<Item>(items: readonly Item[], nameOf: (item: Item) => string): readonly Item[] {
  return [...new Map(items.map((item) => [nameOf(item), item])).values()];
}
