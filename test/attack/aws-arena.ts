/**
 * A bucket of a user on AWS as the place for attacks. They follow one another, each below a prefix of its own; what they lock
 * is locked for minutes. Who attacks has no rights but by the policy of the bucket, which is the test's for its time.
 */
import { DeleteBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Arena, Holder } from './arena.ts';
import type { Attack } from './attack.ts';
import { attacks } from './attacks.ts';

const MINUTE = 60_000;

export interface AwsPlace {
  readonly bucket: string;
  readonly prefix: string;
  readonly region: string;
  /** another server than that of AWS */
  readonly endpoint?: string | undefined;
  /** profiles of two users who have no rights at all */
  readonly uploader: string;
  readonly reader: string;
}

/** Those that are not for a bucket that somebody pays for, or that such a bucket knows nothing of. */
const notThere: Readonly<Record<string, string>> = {
  expire: 'the lifecycle takes days',
  'far-future': 'what it locks would be paid for a hundred years, should it succeed',
  'overwrite-often': 'it locks for ten years',
  'customer-keys-owner': 'new buckets take no SSE-C',
  unreadable: 'new buckets take no SSE-C',
  'settings-owner': 'it changes the default retention of the bucket',
  'lock-out': 'a policy that lets nobody in',
};

export const attacksThere: readonly Attack[] = attacks.filter(({ name }) => notThere[name] === undefined);

export async function awsArena(place: AwsPlace): Promise<Arena> {
  const { bucket, prefix, region, endpoint, uploader, reader } = place;
  return {
    endpoint,
    region,
    owner: await holderOf(place),
    uploader: await holderOf(place, uploader),
    reader: await holderOf(place, reader),
    lock: { mode: 'compliance', for: 20 * MINUTE, generation: 20 * MINUTE },
    placeOf: (name) => ({ bucket, prefix: `${prefix}/${name}`, isThere: true }),
    async leave(owner) {
      await owner.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
    },
  };
}

/** The keys that a profile stands for, or those that every tool of AWS finds, and whose they are. */
async function holderOf({ region }: AwsPlace, profile?: string): Promise<Holder> {
  const asking = new S3Client({ region, ...(profile === undefined ? {} : { profile }) });
  const { accessKeyId, secretAccessKey, sessionToken } = await asking.config.credentials();
  asking.destroy();
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
  const sts = new STSClient({ region, credentials });
  const { Arn = '' } = await sts.send(new GetCallerIdentityCommand({}));
  sts.destroy();
  return { id: accessKeyId, secret: secretAccessKey, token: sessionToken, arn: Arn };
}
