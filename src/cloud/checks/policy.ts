/** Checks of the bucket policy: what it must deny to everybody, and what it may not allow to anybody. */
import type { GuardFinding } from '../finding.ts';
import type { Posture } from '../posture.ts';
import {
  type Conditions,
  deniesAll,
  onlyCondition,
  type Question,
  type Statement,
  speaksOf,
} from '../statement.ts';
import { bucketArn, lastingParts, objectArn, rootOf, type Wanted } from '../wanted.ts';
import { type Check, check, finding } from './check.ts';

/** With these the protection of a bucket is weakened, or what is in it destroyed. Nobody who uploads needs them. */
export const dangerousOnBucket = [
  's3:DeleteBucket',
  's3:DeleteBucketPolicy',
  's3:PutBucketObjectLockConfiguration',
  's3:PutBucketPolicy',
  's3:PutBucketPublicAccessBlock',
  's3:PutBucketVersioning',
  's3:PutEncryptionConfiguration',
  's3:PutLifecycleConfiguration',
] as const;
export const dangerousOnObjects = [
  's3:BypassGovernanceRetention',
  's3:DeleteObject',
  's3:DeleteObjectVersion',
  's3:PutObjectLegalHold',
] as const;

export const REMAINING_DAYS = 's3:object-lock-remaining-retention-days';

export function checkTls({ policy }: Posture, wanted: Wanted): Check {
  return check('tls', policy, ({ statements }) => {
    const questions = [
      { action: 's3:ListBucket', resource: bucketArn(wanted) },
      ...lasting('s3:GetObject', wanted),
      ...lasting('s3:PutObject', wanted),
    ];
    const denied = deniesAll(
      statements,
      questions,
      (conditions) => onlyCondition(conditions, 'Bool', 'aws:securetransport') === 'false',
    );
    return denied ? [] : [finding('plain-http')];
  });
}

/** Versions are for the lifecycle to remove, and for nobody else. */
export function checkDeletion({ policy }: Posture, wanted: Wanted): Check {
  return check('deletion', policy, ({ statements }) => {
    const denied = deniesAll(statements, lasting('s3:DeleteObjectVersion', wanted));
    return [
      ...statements.flatMap((one) => allowedTooMuch(one, statements, wanted)),
      ...(denied ? [] : [finding('versions-deletable')]),
    ];
  });
}

function allowedTooMuch(
  statement: Statement,
  all: readonly Statement[],
  wanted: Wanted,
): readonly GuardFinding[] {
  if (statement.effect !== 'Allow') return [];
  const sid = statement.sid === '' ? '(Sid: -)' : statement.sid;
  const anybody = statement.principals.includes('*') && Object.keys(statement.conditions).length === 0;
  const reading = anybody ? [...lasting('s3:GetObject', wanted), onBucket('s3:ListBucket', wanted)] : [];
  const questions = [
    ...reading,
    ...dangerousOnBucket.map((action) => onBucket(action, wanted)),
    ...dangerousOnObjects.flatMap((action) => lasting(action, wanted)),
  ].filter((question) => speaksOf(statement, question) && !deniesAll(all, [question]));
  const actions = [...new Set(questions.map(({ action }) => action))];
  if (actions.length === 0) return [];
  if (anybody) return [finding('policy-public', { actions, sid })];
  const { principals } = statement;
  return [
    finding('policy-allows', {
      principals: principals.length === 0 ? ['NotPrincipal'] : principals,
      actions,
      sid,
    }),
  ];
}

/** The longest lock that hikae ever asks for, in days: a day more for the rounding of the server. */
export function mostDays({ days, generation }: NonNullable<Wanted['lock']>): number {
  return days + generation + 1;
}

/** The shortest, likewise. */
export function leastDays({ days }: NonNullable<Wanted['lock']>): number {
  return Math.max(1, days - 1);
}

export function checkLockBounds({ policy }: Posture, wanted: Wanted): Check {
  return check('lock-bounds', policy, ({ statements }) => {
    const { lock } = wanted;
    if (lock === undefined) return [];
    const [most, least] = [mostDays(lock), leastDays(lock)];
    const questions = [...lasting('s3:PutObject', wanted), ...lasting('s3:PutObjectRetention', wanted)];
    const bounded = (operator: string, within: (days: number) => boolean) =>
      deniesAll(statements, questions, (conditions) => within(daysOf(conditions, operator)));
    // A bound that is somewhat wider than ours is one still.
    const capped = bounded('NumericGreaterThan', (days) => days <= 2 * most);
    const floored = bounded('NumericLessThan', (days) => days >= least);
    return [
      ...(capped ? [] : [finding('lock-uncapped', { most })]),
      ...(floored ? [] : [finding('lock-shortable', { least })]),
    ];
  });
}

/** NaN where that is not the condition, which no bound is within. */
function daysOf(conditions: Conditions, operator: string): number {
  return Number(onlyCondition(conditions, operator, REMAINING_DAYS) ?? Number.NaN);
}

/** The question for an object of each part of the vault that lasts. */
function lasting(action: string, wanted: Wanted): readonly Question[] {
  return lastingParts(wanted).map((part) => ({
    action,
    resource: objectArn(wanted, `${rootOf(wanted)}${part.replace('*', 'some/object')}`),
  }));
}

function onBucket(action: string, wanted: Wanted): Question {
  return { action, resource: bucketArn(wanted) };
}
