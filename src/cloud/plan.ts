/** What has to be changed for a bucket to be as it should: a plan that can be shown, and is then carried out as it is. */
import type { LifecycleRule } from '@aws-sdk/client-s3';
import { bucketPolicy } from './bucket-policy.ts';
import type { Check } from './checks/check.ts';
import { harms, isEarly } from './checks/lifecycle.ts';
import { known } from './fact.ts';
import type { GuardFinding, GuardFindingCode } from './finding.ts';
import { judge } from './judge.ts';
import { lifecycleRules } from './lifecycle-rules.ts';
import type { Contents, Posture } from './posture.ts';
import type { Wanted, WantedLock } from './wanted.ts';

export type Step =
  | { readonly kind: 'create-bucket' }
  | { readonly kind: 'versioning' }
  | { readonly kind: 'lock'; readonly lock: WantedLock }
  | { readonly kind: 'encryption' }
  | { readonly kind: 'public-access' }
  | {
      readonly kind: 'policy';
      /** the whole policy, with what others have in it */
      readonly text: string;
      readonly added: readonly string[];
      readonly kept: readonly string[];
    }
  | {
      readonly kind: 'lifecycle';
      /** all rules: they are replaced as a whole */
      readonly rules: readonly LifecycleRule[];
      readonly added: readonly string[];
      readonly removed: readonly string[];
      readonly kept: readonly string[];
    };

export interface GuardPlan {
  readonly steps: readonly Step[];
  /** what is found and a person has to mend */
  readonly left: readonly GuardFinding[];
  /** what could not be asked, and is not touched therefore */
  readonly unknown: readonly Check[];
  /** what the vault holds today, for the price of locking it */
  readonly contents: Contents | undefined;
}

/** Nothing takes these back: Object Lock is never switched off, and COMPLIANCE holds to its date. */
export function isIrreversible({ kind }: Step): boolean {
  return kind === 'create-bucket' || kind === 'lock';
}

/** The step that mends a finding; the others are for a person. */
const mends: Partial<Readonly<Record<GuardFindingCode, Step['kind']>>> = {
  'bucket-missing': 'create-bucket',
  'versioning-off': 'versioning',
  'lock-off': 'lock',
  'default-none': 'lock',
  'default-short': 'lock',
  'default-governance': 'lock',
  'default-long': 'lock',
  'encryption-none': 'encryption',
  'encryption-kms': 'encryption',
  'encryption-customer': 'policy',
  'encryption-foreign': 'policy',
  'public-access': 'public-access',
  'plain-http': 'policy',
  'versions-deletable': 'policy',
  'lock-uncapped': 'policy',
  'lock-shortable': 'policy',
  'lifecycle-hides': 'lifecycle',
  'lifecycle-noncurrent-early': 'lifecycle',
  'lifecycle-no-noncurrent': 'lifecycle',
  'lifecycle-no-markers': 'lifecycle',
  'lifecycle-no-unfinished': 'lifecycle',
  'lifecycle-no-locks': 'lifecycle',
};

/** A step is made for what is found and for nothing else, so that a second run has nothing to do. */
export function planGuard(posture: Posture, wanted: Wanted, now: number): GuardPlan {
  const missing = posture.exists.known && !posture.exists.value;
  const checks = [
    ...judge(posture, wanted, now),
    ...(missing ? judge(asCreated(posture), wanted, now).slice(1) : []),
  ];
  const found = checks.flatMap(({ findings }) => findings);
  const kinds = new Set(found.map(({ code }) => mends[code]));
  const order = [
    'create-bucket',
    'versioning',
    'lock',
    'encryption',
    'public-access',
    'policy',
    'lifecycle',
  ] as const;
  return {
    steps: order.filter((kind) => kinds.has(kind)).map((kind) => stepOf(kind, posture, wanted)),
    left: found.filter(({ code }) => mends[code] === undefined),
    unknown: checks.filter(({ state }) => state === 'unknown'),
    contents: posture.contents.known ? posture.contents.value : undefined,
  };
}

/** How a bucket stands that was just made: with Object Lock, which brings versions along, and bare otherwise. */
function asCreated(posture: Posture): Posture {
  return {
    ...posture,
    exists: known(true),
    versioning: known('enabled'),
    lock: known({ enabled: true, byDefault: undefined }),
    // The account and the clock are judged already.
    clock: known(0),
    keys: undefined,
    rights: undefined,
  };
}

function stepOf(kind: Step['kind'], posture: Posture, wanted: Wanted): Step {
  switch (kind) {
    case 'lock':
      if (wanted.lock === undefined) throw new TypeError('a lock that nobody asks for');
      return { kind, lock: wanted.lock };
    case 'policy':
      return policyStep(posture, wanted);
    case 'lifecycle':
      return lifecycleStep(posture, wanted);
    default:
      return { kind };
  }
}

/** Statements of others stay as they are; those of ours, known by their names, are replaced. */
function policyStep({ policy }: Posture, wanted: Wanted): Step {
  const own = bucketPolicy(wanted);
  const names = own.Statement.map(({ Sid }) => Sid);
  const others = policy.known ? policy.value.statements.filter(({ sid }) => !names.includes(sid)) : [];
  const Statement = [...others.map(({ told }) => told), ...own.Statement];
  return {
    kind: 'policy',
    text: JSON.stringify({ ...own, Statement }),
    added: names,
    kept: others.map(({ sid }) => sid || '-'),
  };
}

function lifecycleStep({ lifecycle }: Posture, wanted: Wanted): Step {
  const own = lifecycleRules(wanted);
  const names = own.map(({ ID = '' }) => ID);
  const others = lifecycle.known ? lifecycle.value.rules.filter(({ id }) => !names.includes(id)) : [];
  const harmful = others.filter((rule) => harms(rule, wanted) || isEarly(rule, wanted));
  const kept = others.filter((rule) => !harmful.includes(rule));
  return {
    kind: 'lifecycle',
    rules: [...kept.map(({ told }) => told), ...own],
    added: names,
    removed: harmful.map(({ id }) => id),
    kept: kept.map(({ id }) => id),
  };
}
