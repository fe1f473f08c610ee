/** Carries out a plan, step by step. A step that fails ends it: what was done stays, and a new plan says what is left. */
import type { ServerSideEncryptionRule } from '@aws-sdk/client-s3';
import type { Bucket } from './bucket.ts';
import type { GuardPlan, Step } from './plan.ts';

export interface ApplyOptions {
  readonly signal: AbortSignal;
  readonly onStep: (step: Step) => void;
}

export async function applyPlan(
  { steps }: GuardPlan,
  bucket: Bucket,
  { signal, onStep }: ApplyOptions,
): Promise<void> {
  for (const step of steps) {
    signal.throwIfAborted();
    try {
      await carryOut(step, bucket, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw bucket.named(error);
    }
    onStep(step);
  }
}

async function carryOut(step: Step, { sdk, client, wanted }: Bucket, signal: AbortSignal): Promise<void> {
  const sending = { abortSignal: signal };
  const input = { Bucket: wanted.bucket };
  switch (step.kind) {
    case 'create-bucket': {
      // The region without a name in a request is us-east-1, and only AWS has others.
      const elsewhere = wanted.aws && wanted.region !== 'us-east-1';
      const location = elsewhere
        ? { CreateBucketConfiguration: { LocationConstraint: wanted.region as 'ap-northeast-1' } }
        : {};
      await client.send(
        new sdk.CreateBucketCommand({ ...input, ObjectLockEnabledForBucket: true, ...location }),
        sending,
      );
      return;
    }
    case 'versioning': {
      const VersioningConfiguration = { Status: 'Enabled' } as const;
      await client.send(new sdk.PutBucketVersioningCommand({ ...input, VersioningConfiguration }), sending);
      return;
    }
    case 'lock': {
      const { mode: Mode, days: Days } = step.lock;
      const ObjectLockConfiguration = {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode, Days } },
      } as const;
      await client.send(
        new sdk.PutObjectLockConfigurationCommand({ ...input, ObjectLockConfiguration }),
        sending,
      );
      return;
    }
    case 'encryption': {
      // Only AWS can refuse kinds of encryption by a setting.
      const rule: ServerSideEncryptionRule = {
        ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' },
        ...(wanted.aws ? { BlockedEncryptionTypes: { EncryptionType: ['SSE-C'] } } : {}),
      };
      const ServerSideEncryptionConfiguration = { Rules: [rule] };
      await client.send(
        new sdk.PutBucketEncryptionCommand({ ...input, ServerSideEncryptionConfiguration }),
        sending,
      );
      return;
    }
    case 'public-access': {
      const PublicAccessBlockConfiguration = {
        BlockPublicAcls: true,
        IgnorePublicAcls: true,
        BlockPublicPolicy: true,
        RestrictPublicBuckets: true,
      };
      await client.send(
        new sdk.PutPublicAccessBlockCommand({ ...input, PublicAccessBlockConfiguration }),
        sending,
      );
      return;
    }
    case 'policy':
      await client.send(new sdk.PutBucketPolicyCommand({ ...input, Policy: step.text }), sending);
      return;
    case 'lifecycle':
      await client.send(
        new sdk.PutBucketLifecycleConfigurationCommand({
          ...input,
          LifecycleConfiguration: { Rules: [...step.rules] },
        }),
        sending,
      );
      return;
  }
}
