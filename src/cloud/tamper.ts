/**
 * Tries on an object of its own what an intruder with the keys in use would: delete the locked version, shorten or lift
 * its lock, put something else over it. Whatever the server answers, what counts is whether the locked version is
 * still there afterwards, with its bytes and its date.
 */
import type { ObjectLockRetentionMode } from '@aws-sdk/client-s3';
import { type Bucket, refusalOf } from './bucket.ts';
import { clockDifference } from './gather.ts';
import { TAMPER_TESTS } from './wanted.ts';

export const attempts = [
  'delete-version',
  'delete-bypassing',
  'shorten',
  'loosen',
  'unlock',
  'overwrite',
  'overwrite-sse-c',
  'delete',
] as const;
export type Attempt = (typeof attempts)[number];

/**
 * `refused`: the server says no. `survived`: it says yes, and the locked version is whole beside what was done.
 * `succeeded`: the locked version is gone, or its lock is weaker.
 */
export interface AttemptEnd {
  readonly attempt: Attempt;
  readonly end: 'refused' | 'survived' | 'succeeded';
  /** what the server said */
  readonly answer: string;
}

export type TamperTest =
  | { readonly locked: false; readonly reason: string }
  | {
      readonly locked: true;
      readonly key: string;
      readonly version: string;
      /** milliseconds since 1970 UTC, by the server's clock */
      readonly until: number;
      readonly ends: readonly AttemptEnd[];
    };

/** How long the object is locked, in milliseconds: longer than the attempts take, and little enough to be no burden. */
const LOCKED = 5 * 60_000;
const HOUR = 3_600_000;

export async function tamperTest(bucket: Bucket, { signal }: { signal: AbortSignal }): Promise<TamperTest> {
  const difference = await clockDifference(bucket, signal);
  const now = bucket.clock.now() + (difference.known ? difference.value : 0);
  const victim = await putVictim(bucket, new Date(now + LOCKED), signal);
  if (typeof victim === 'string') return { locked: false, reason: victim };
  const ends: AttemptEnd[] = [];
  for (const attempt of attempts) {
    signal.throwIfAborted();
    const answer = await answerTo(() => attack(attempt, victim, bucket, signal), bucket);
    const end = (await isWhole(victim, bucket, signal))
      ? answer.refused
        ? 'refused'
        : 'survived'
      : 'succeeded';
    ends.push({ attempt, end, answer: answer.text });
    // What is broken already says nothing about the next attempt.
    if (end === 'succeeded') break;
  }
  const { key, version, until } = victim;
  return { locked: true, key, version, until: until.getTime(), ends };
}

interface Victim {
  readonly key: string;
  readonly body: string;
  readonly version: string;
  readonly until: Date;
  readonly mode: ObjectLockRetentionMode;
}

/** The reason, where the bucket does not take a locked object. */
async function putVictim(bucket: Bucket, until: Date, signal: AbortSignal): Promise<Victim | string> {
  const { sdk, client, wanted, random, named } = bucket;
  const key = `${TAMPER_TESTS}${Buffer.from(random(16)).toString('hex')}`;
  const body = `An object of hikae guard --tamper-test, locked until ${until.toISOString()}.\n`;
  const mode = wanted.lock?.mode ?? 'COMPLIANCE';
  try {
    const { VersionId } = await client.send(
      new sdk.PutObjectCommand({ ...put(bucket, key, until), Body: body }),
      { abortSignal: signal },
    );
    if (VersionId === undefined) return 'the server keeps no versions';
    return { key, body, version: VersionId, until, mode };
  } catch (error) {
    signal.throwIfAborted();
    const refusal = refusalOf(error);
    if (refusal === undefined) throw named(error);
    return refusal.reason;
  }
}

/** With a date of minutes, which also keeps the default of the bucket from locking it for months. */
function put({ wanted }: Bucket, key: string, until: Date) {
  return {
    Bucket: wanted.bucket,
    Key: key,
    ObjectLockMode: wanted.lock?.mode ?? ('COMPLIANCE' as const),
    ObjectLockRetainUntilDate: until,
    ChecksumAlgorithm: 'SHA256' as const,
  };
}

async function attack(attempt: Attempt, victim: Victim, bucket: Bucket, signal: AbortSignal): Promise<void> {
  const { sdk, client, wanted, random } = bucket;
  const sending = { abortSignal: signal };
  const key = { Bucket: wanted.bucket, Key: victim.key };
  const version = { ...key, VersionId: victim.version };
  const retain = (Retention: { Mode?: ObjectLockRetentionMode; RetainUntilDate?: Date }) =>
    client.send(
      new sdk.PutObjectRetentionCommand({ ...version, Retention, BypassGovernanceRetention: true }),
      sending,
    );
  const { until: RetainUntilDate, mode: Mode } = victim;
  switch (attempt) {
    case 'delete-version':
      await client.send(new sdk.DeleteObjectCommand(version), sending);
      return;
    case 'delete-bypassing':
      await client.send(
        new sdk.DeleteObjectCommand({ ...version, BypassGovernanceRetention: true }),
        sending,
      );
      return;
    case 'shorten':
      await retain({ Mode, RetainUntilDate: new Date(RetainUntilDate.getTime() - LOCKED / 2) });
      return;
    case 'loosen':
      await retain({ Mode: 'GOVERNANCE', RetainUntilDate: new Date(RetainUntilDate.getTime() + HOUR) });
      return;
    case 'unlock':
      await retain({});
      return;
    case 'overwrite':
      await client.send(
        new sdk.PutObjectCommand({ ...put(bucket, victim.key, victim.until), Body: 'encrypted, pay' }),
        sending,
      );
      return;
    case 'overwrite-sse-c': {
      const SSECustomerKey = Buffer.from(random(32)).toString('base64');
      await client.send(
        new sdk.PutObjectCommand({
          ...put(bucket, victim.key, victim.until),
          Body: victim.body,
          SSECustomerAlgorithm: 'AES256',
          SSECustomerKey,
        }),
        sending,
      );
      return;
    }
    case 'delete':
      await client.send(new sdk.DeleteObjectCommand(key), sending);
      return;
  }
}

async function answerTo(
  attempt: () => Promise<void>,
  { named }: Bucket,
): Promise<{ readonly refused: boolean; readonly text: string }> {
  try {
    await attempt();
    return { refused: false, text: 'accepted' };
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw named(error);
    return { refused: true, text: refusal.reason };
  }
}

/** Whether the locked version has its bytes, its mode and at least its date. */
async function isWhole(victim: Victim, { sdk, client, wanted, named }: Bucket, signal: AbortSignal) {
  const version = { Bucket: wanted.bucket, Key: victim.key, VersionId: victim.version };
  try {
    const { Body } = await client.send(new sdk.GetObjectCommand(version), { abortSignal: signal });
    if ((await Body?.transformToString()) !== victim.body) return false;
    const { Retention } = await client.send(new sdk.GetObjectRetentionCommand(version), {
      abortSignal: signal,
    });
    // Servers keep whole seconds.
    const least = Math.floor(victim.until.getTime() / 1_000) * 1_000;
    return Retention?.Mode === victim.mode && (Retention.RetainUntilDate?.getTime() ?? 0) >= least;
  } catch (error) {
    signal.throwIfAborted();
    // Gone, or without a lock; anything else, a lack of rights above all, is no answer.
    const refusal = refusalOf(error);
    if (refusal !== undefined && gone.has(refusal.name)) return false;
    throw named(error);
  }
}

const gone: ReadonlySet<string> = new Set([
  'NoSuchKey',
  'NoSuchVersion',
  'NotFound',
  'NoSuchObjectLockConfiguration',
  'ObjectLockConfigurationNotFoundError',
]);
