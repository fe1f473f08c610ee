/**
 * Who we are at AWS, as far as IAM tells it: how old the keys are, and what they may do. Other servers have no such thing.
 * A host that reaches S3 need not reach IAM: whatever goes wrong here makes an answer unknown and nothing else.
 */

import type { SimulatePrincipalPolicyCommandInput } from '@aws-sdk/client-iam';
import type { STSClientConfig } from '@aws-sdk/client-sts';
import type { Secret } from '../base/secret.ts';
import { stemOf } from './bucket-policy.ts';
import { dangerousOnBucket, dangerousOnObjects } from './checks/policy.ts';
import { hostUserName } from './code/roles.ts';
import { type Fact, known, unknown } from './fact.ts';
import type { AccessKey } from './posture.ts';
import { bucketArn, lastingParts, objectArn, rootOf, type Wanted } from './wanted.ts';

export interface Account {
  /** the access keys of the user whose keys are in use, or of the host's user where its role is */
  keys(wanted: Wanted, options: AskOptions): Promise<Fact<readonly AccessKey[]>>;
  /** what whoever we are may do of what nobody who uploads should */
  rights(wanted: Wanted, options: AskOptions): Promise<Fact<readonly string[]>>;
  close(): void;
}

interface AskOptions {
  readonly signal: AbortSignal;
}

export interface AccountOptions {
  readonly region: string;
  /** of the AWS configuration; else the SDK looks where every AWS tool does */
  readonly profile?: string;
  readonly keys?: { readonly id: string; readonly secret: Secret };
  /** whoever has found keys already, and need not ask a person once more */
  readonly credentials?: STSClientConfig['credentials'];
  /** another server than that of AWS, which speaks for both services */
  readonly endpoint?: string;
}

/** Milliseconds; an answer that takes longer is none. */
const PATIENCE = 10_000;

export async function openAccount({
  region,
  profile,
  keys,
  credentials,
  endpoint,
}: AccountOptions): Promise<Account> {
  const [{ IAMClient, ...iamSdk }, { STSClient, GetCallerIdentityCommand }] = await Promise.all([
    import('@aws-sdk/client-iam'),
    import('@aws-sdk/client-sts'),
  ]);
  const config = {
    region,
    maxAttempts: 2,
    requestHandler: { connectionTimeout: PATIENCE, requestTimeout: PATIENCE },
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    ...(profile === undefined ? {} : { profile }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(keys === undefined
      ? credentials && { credentials }
      : { credentials: { accessKeyId: keys.id, secretAccessKey: keys.secret.reveal() } }),
  };
  const [iam, sts] = [new IAMClient(config), new STSClient(config)];

  async function identify(signal: AbortSignal): Promise<Identity> {
    const { Arn = '' } = await sts.send(new GetCallerIdentityCommand({}), { abortSignal: signal });
    return identityOf(Arn);
  }

  async function allowed(
    question: Pick<SimulatePrincipalPolicyCommandInput, 'PolicySourceArn' | 'ActionNames' | 'ResourceArns'>,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const found: string[] = [];
    const pages = iamSdk.paginateSimulatePrincipalPolicy({ client: iam }, question, { abortSignal: signal });
    for await (const { EvaluationResults = [] } of pages) {
      for (const { EvalActionName = '', EvalDecision } of EvaluationResults)
        if (EvalDecision === 'allowed') found.push(EvalActionName);
    }
    return found;
  }

  return {
    keys: (wanted, { signal }) =>
      orUnknown(signal, async () => {
        const UserName = userOf(await identify(signal), wanted);
        if (UserName === undefined)
          return unknown('a role is in use, and the key it was assumed with is not told');
        const found: AccessKey[] = [];
        const pages = iamSdk.paginateListAccessKeys({ client: iam }, { UserName }, { abortSignal: signal });
        for await (const { AccessKeyMetadata = [] } of pages) {
          for (const { AccessKeyId: id = '', CreateDate, Status } of AccessKeyMetadata) {
            // A key without a date can't be told to be young.
            found.push({ id, created: CreateDate?.getTime() ?? 0, active: Status !== 'Inactive' });
          }
        }
        return known(found);
      }),
    rights: (wanted, { signal }) =>
      orUnknown(signal, async () => {
        const identity = await identify(signal);
        // Nobody limits root, and IAM does not simulate it.
        if (identity.kind === 'root') return known([...dangerousOnBucket, ...dangerousOnObjects]);
        const PolicySourceArn = identity.source;
        const objects = lastingParts(wanted).map((part) =>
          objectArn(wanted, `${rootOf(wanted)}${part.replace('*', 'some/object')}`),
        );
        const onBucket = { ActionNames: [...dangerousOnBucket], ResourceArns: [bucketArn(wanted)] };
        const onObjects = { ActionNames: [...dangerousOnObjects], ResourceArns: objects };
        const found = [
          ...(await allowed({ PolicySourceArn, ...onBucket }, signal)),
          ...(await allowed({ PolicySourceArn, ...onObjects }, signal)),
        ];
        return known([...new Set(found)].sort());
      }),
    close() {
      iam.destroy();
      sts.destroy();
    },
  };
}

type Identity =
  | { readonly kind: 'root' }
  | { readonly kind: 'user' | 'role'; readonly name: string; readonly source: string };

/** A session is of a role, whose ARN is another. Its path isn't told; the roles that guard writes have none. */
function identityOf(arn: string): Identity {
  const [, partition = 'aws', , , account = '', what = ''] = arn.split(':');
  const [kind, ...names] = what.split('/');
  if (kind === 'assumed-role') {
    const name = names[0] ?? '';
    return { kind: 'role', name, source: `arn:${partition}:iam::${account}:role/${name}` };
  }
  if (kind === 'user') return { kind: 'user', name: names.at(-1) ?? '', source: arn };
  return { kind: 'root' };
}

function userOf(identity: Identity, wanted: Wanted): string | undefined {
  if (identity.kind === 'user') return identity.name;
  const isUploader = identity.kind === 'role' && identity.name === `${stemOf(wanted)}-uploader`;
  return isUploader ? hostUserName(wanted) : undefined;
}

async function orUnknown<Value>(signal: AbortSignal, ask: () => Promise<Fact<Value>>): Promise<Fact<Value>> {
  try {
    return await ask();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Error)) throw error;
    return unknown(error.name === 'Error' ? error.message : `${error.name}: ${error.message}`);
  }
}
