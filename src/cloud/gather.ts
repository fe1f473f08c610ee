/** Asks a server everything that guard judges by. Nothing is changed. */
import type {
  GetObjectLockConfigurationCommandOutput,
  LifecycleRule,
  ListObjectsV2CommandOutput,
  S3Client,
} from '@aws-sdk/client-s3';
import type { Clock } from '../base/clock.ts';
import { ask, type Bucket } from './bucket.ts';
import { type Fact, known, unknown } from './fact.ts';
import type { Contents, Encryption, Lifecycle, LockSetting, Posture, PublicAccess, Rule } from './posture.ts';
import { parseStatements } from './statement.ts';
import { rootOf } from './wanted.ts';

export interface GatherOptions {
  readonly signal: AbortSignal;
  /** all objects of the vault are counted, a request for each thousand; else the first thousand only */
  readonly countAll?: boolean;
}

export async function gather(bucket: Bucket, options: GatherOptions): Promise<Posture> {
  const { sdk, client, wanted, named, account } = bucket;
  const { signal } = options;
  const input = { Bucket: wanted.bucket };
  const sending = { abortSignal: signal };
  const clock = await clockDifference(bucket, signal);
  const exists = await ask(
    named,
    () => client.send(new sdk.HeadBucketCommand(input), sending),
    () => true,
    { NotFound: false, NoSuchBucket: false },
  );
  if (exists.known && !exists.value) return { ...nothingThere, exists, clock, ...(await accountFacts()) };

  async function accountFacts() {
    return {
      keys: await account?.keys(wanted, { signal }),
      rights: await account?.rights(wanted, { signal }),
    };
  }

  return {
    exists,
    clock,
    versioning: await ask(
      named,
      () => client.send(new sdk.GetBucketVersioningCommand(input), sending),
      ({ Status }) =>
        Status === 'Enabled' ? ('enabled' as const) : Status === 'Suspended' ? 'suspended' : 'off',
    ),
    lock: await ask(
      named,
      () => client.send(new sdk.GetObjectLockConfigurationCommand(input), sending),
      lockOf,
      { ObjectLockConfigurationNotFoundError: { enabled: false, byDefault: undefined } },
    ),
    lifecycle: await ask(
      named,
      () => client.send(new sdk.GetBucketLifecycleConfigurationCommand(input), sending),
      ({ Rules = [], TransitionDefaultMinimumObjectSize: floor }): Lifecycle => ({
        rules: Rules.map(ruleOf),
        smallOnesStay: wanted.aws && floor !== 'varies_by_storage_class',
      }),
      { NoSuchLifecycleConfiguration: { rules: [], smallOnesStay: wanted.aws } },
    ),
    encryption: await ask(
      named,
      () => client.send(new sdk.GetBucketEncryptionCommand(input), sending),
      ({ ServerSideEncryptionConfiguration: told }): Encryption => {
        const [rule] = told?.Rules ?? [];
        return {
          algorithm: rule?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm,
          blocked: rule?.BlockedEncryptionTypes?.EncryptionType ?? [],
        };
      },
      { ServerSideEncryptionConfigurationNotFoundError: { algorithm: undefined, blocked: [] } },
    ),
    publicAccess: await ask(
      named,
      () => client.send(new sdk.GetPublicAccessBlockCommand(input), sending),
      ({ PublicAccessBlockConfiguration: told = {} }): PublicAccess => ({
        blockPublicAcls: told.BlockPublicAcls === true,
        ignorePublicAcls: told.IgnorePublicAcls === true,
        blockPublicPolicy: told.BlockPublicPolicy === true,
        restrictPublicBuckets: told.RestrictPublicBuckets === true,
      }),
      { NoSuchPublicAccessBlockConfiguration: nothingBlocked },
    ),
    policy: await policyOf(bucket, signal),
    contents: await contentsOf(bucket, options),
    ...(await accountFacts()),
  };
}

const nothingBlocked: PublicAccess = {
  blockPublicAcls: false,
  ignorePublicAcls: false,
  blockPublicPolicy: false,
  restrictPublicBuckets: false,
};

/** Of a bucket that isn't there. */
const nothingThere = {
  versioning: known('off' as const),
  lock: known({ enabled: false, byDefault: undefined }),
  lifecycle: known({ rules: [], smallOnesStay: true }),
  encryption: known({ algorithm: undefined, blocked: [] }),
  publicAccess: known(nothingBlocked),
  policy: known({ text: undefined, statements: [] }),
  contents: known({ objects: 0, bytes: 0, whole: true }),
};

function lockOf({
  ObjectLockConfiguration: told,
}: Pick<GetObjectLockConfigurationCommandOutput, 'ObjectLockConfiguration'>): LockSetting {
  const { Mode, Days, Years } = told?.Rule?.DefaultRetention ?? {};
  const days = Days ?? (Years === undefined ? undefined : Years * 365);
  return {
    enabled: told?.ObjectLockEnabled === 'Enabled',
    byDefault: Mode === undefined || days === undefined ? undefined : { mode: Mode, days },
  };
}

export function ruleOf(told: LifecycleRule): Rule {
  const { ID = '', Status, Prefix, Filter = {}, Expiration, Transitions = [] } = told;
  const { And, Tag, ObjectSizeGreaterThan, ObjectSizeLessThan } = Filter;
  const narrowing = [Tag, ObjectSizeGreaterThan, ObjectSizeLessThan, And?.Tags, And?.ObjectSizeGreaterThan];
  return {
    id: ID,
    enabled: Status === 'Enabled',
    prefix: Filter.Prefix ?? And?.Prefix ?? Prefix ?? '',
    narrowed: [...narrowing, And?.ObjectSizeLessThan].some((one) => one !== undefined),
    // From its date on it hides everything there is.
    expires: Expiration?.Days ?? (Expiration?.Date === undefined ? undefined : 0),
    removesMarkers: Expiration?.ExpiredObjectDeleteMarker === true,
    noncurrent: told.NoncurrentVersionExpiration?.NoncurrentDays,
    unfinished: told.AbortIncompleteMultipartUpload?.DaysAfterInitiation,
    transitions: Transitions.map(({ Days = 0, StorageClass = '' }) => ({
      days: Days,
      storageClass: StorageClass,
    })),
    told,
  };
}

async function policyOf(
  { sdk, client, wanted, named }: Bucket,
  signal: AbortSignal,
): Promise<Posture['policy']> {
  const text = await ask(
    named,
    () => client.send(new sdk.GetBucketPolicyCommand({ Bucket: wanted.bucket }), { abortSignal: signal }),
    ({ Policy = '' }) => Policy,
    { NoSuchBucketPolicy: '' },
  );
  if (!text.known) return text;
  if (text.value === '') return known({ text: undefined, statements: [] });
  const statements = parseStatements(text.value);
  return statements === undefined
    ? unknown('the policy that the server tells is none')
    : known({ text: text.value, statements });
}

async function contentsOf(
  { sdk, client, wanted, named }: Bucket,
  { signal, countAll = false }: GatherOptions,
): Promise<Fact<Contents>> {
  return ask(
    named,
    async () => {
      let [objects, bytes, next]: [number, number, string | undefined] = [0, 0, undefined];
      do {
        const page: ListObjectsV2CommandOutput = await client.send(
          new sdk.ListObjectsV2Command({
            Bucket: wanted.bucket,
            Prefix: rootOf(wanted),
            ContinuationToken: next,
          }),
          { abortSignal: signal },
        );
        objects += page.Contents?.length ?? 0;
        bytes += page.Contents?.reduce((sum, { Size = 0 }) => sum + Size, 0) ?? 0;
        next = page.NextContinuationToken;
      } while (countAll && next !== undefined);
      return { objects, bytes, whole: next === undefined };
    },
    (contents) => contents,
  );
}

/** Also an answer that refuses tells the time: one that refuses because our clock is wrong, above all. */
export async function clockDifference(
  { sdk, client, wanted, clock, named }: Bucket,
  signal: AbortSignal,
): Promise<Fact<number>> {
  const told = tellDates(client, clock);
  try {
    await client.send(new sdk.HeadBucketCommand({ Bucket: wanted.bucket }), { abortSignal: signal });
  } catch (error) {
    if (told.difference === undefined) throw named(error);
  } finally {
    told.stop();
  }
  return told.difference === undefined ? unknown('the server tells no date') : known(told.difference);
}

/** Reads the date of every answer; it is cut to whole seconds, hence the half of one. */
function tellDates(
  client: S3Client,
  clock: Clock,
): { readonly difference: number | undefined; stop(): void } {
  const told: { difference: number | undefined; stop(): void } = {
    difference: undefined,
    stop: () => client.middlewareStack.remove('hikaeReadsDate'),
  };
  client.middlewareStack.add(
    (next) => async (args) => {
      const before = clock.now();
      const answer = await next(args);
      const { headers = {} } = answer.response as { headers?: Readonly<Record<string, string>> };
      const date = Date.parse(headers.date ?? '');
      if (!Number.isNaN(date)) told.difference = date + 500 - (before + clock.now()) / 2;
      return answer;
    },
    { step: 'deserialize', priority: 'low', name: 'hikaeReadsDate' },
  );
  return told;
}
