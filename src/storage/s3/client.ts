/** The SDK's client with our settings. The SDK is large, so it is loaded only when a bucket is really used. */
import type { S3Client, S3ClientConfig, S3ServiceException } from '@aws-sdk/client-s3';
import type { AwsCredentialIdentity } from '@smithy/types';
import { systemCode } from '../../base/errors.ts';
import type { Secret } from '../../base/secret.ts';
import { storageErrors } from '../errors.ts';

export type Sdk = typeof import('@aws-sdk/client-s3');

export interface ClientOptions {
  readonly region: string;
  /** a server other than AWS's */
  readonly endpoint?: string;
  /** of the AWS configuration; else the SDK looks where every AWS tool does */
  readonly profile?: string;
  /** asks for the code of a second factor, by its serial number, where the profile wants one */
  readonly askCode?: ((serial: string) => Promise<string>) | undefined;
  readonly keys?: { readonly id: string; readonly secret: Secret; readonly token?: Secret };
  /** milliseconds that a server may be silent for; a minute when not given */
  readonly silence?: number;
  /**
   * How often a request is made at the most when the line fails. Once when not given: then trying again is decided further up,
   * where it is known whether an object that exists now may be ours.
   */
  readonly attempts?: number;
}

/** Milliseconds until a server must have taken the connection, and that it may be silent for. */
const CONNECTING = 10_000;
const SILENCE = 60_000;
/** More requests at a time wait for a connection: all that are of use, and what is asked for beside them. */
const CONNECTIONS = 96;

/** What servers call a session that is over; who asks again with a new token is let in. */
const expired: ReadonlySet<string> = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'TokenRefreshRequired',
]);

export async function openClient(
  storage: string,
  { region, endpoint, profile, askCode, keys, silence = SILENCE, attempts = 1 }: ClientOptions,
): Promise<{ readonly sdk: Sdk; readonly client: S3Client }> {
  if (endpoint !== undefined && !isPrivate(new URL(endpoint)))
    throw storageErrors.STORAGE_INSECURE({ storage, endpoint });
  const sdk = await import('@aws-sdk/client-s3');
  const config: S3ClientConfig & FromProfile = {
    region,
    maxAttempts: attempts,
    followRegionRedirects: true,
    // Whoever reads checks hashes of his own.
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Else each large body waits to be asked for, on a connection that is made for it and closed after it.
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: CONNECTING,
      socketTimeout: silence,
      httpsAgent: { keepAlive: true, maxSockets: CONNECTIONS },
      httpAgent: { keepAlive: true, maxSockets: CONNECTIONS },
    },
    // It would write warnings to the terminal.
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(profile === undefined ? {} : { profile }),
    ...(askCode === undefined ? {} : { mfaCodeProvider: oneAtATime(askCode) }),
    ...(keys === undefined
      ? {}
      : {
          credentials: {
            accessKeyId: keys.id,
            secretAccessKey: keys.secret.reveal(),
            ...(keys.token === undefined ? {} : { sessionToken: keys.token.reveal() }),
          },
        }),
  };
  const client = new sdk.S3Client(config);
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args).catch((error: unknown) => {
        if (isGarbled(error)) Object.assign(error, { $retryable: {} });
        throw error;
      });
      const { headers } = result.response as { headers?: Readonly<Record<string, string>> };
      if (result.output !== undefined) Object.assign(result.output.$metadata, { date: headers?.date });
      return result;
    },
    { step: 'deserialize', priority: 'high' },
  );
  const judge = judgeOfRefusals(client);
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        try {
          return await next(args);
        } catch (error) {
          if (!commandName.startsWith('Head') || !isUnexplained(error)) {
            await renewExpired(client, error);
            throw error;
          }
          return judge(error, () => next(args));
        }
      },
    { step: 'initialize' },
  );
  return { sdk, client };
}

/**
 * What came is no HTTP. Ceph's gateway now and then sends more after an answer than it has said it would, which then stands
 * before the next answer on the same connection; that connection is closed by then.
 */
export function isGarbled(error: unknown): error is Error {
  return systemCode(error)?.startsWith('HPE_') === true;
}

/** What the SDK calls an error whose answer gives no reason. */
export const NO_REASON = 'Unknown';

/** What the SDK hands on to whoever looks for keys, with the rest of the configuration. */
interface FromProfile {
  readonly mfaCodeProvider?: (serial: string) => Promise<string>;
}

/** Requests that find out at the same time that a session is over ask once for all. */
function oneAtATime(ask: (serial: string) => Promise<string>): (serial: string) => Promise<string> {
  let asked: Promise<string> | undefined;
  return (serial) => {
    asked ??= ask(serial).finally(() => {
      asked = undefined;
    });
    return asked;
  };
}

/** The SDK asks for a new token by its own clock alone; the server's verdict comes first. */
export async function renewExpired(client: S3Client, error: unknown): Promise<void> {
  if (isExpired(error)) await renew(client);
}

export function isExpired(error: unknown): boolean {
  return error instanceof Error && expired.has(error.name);
}

/** The answer to a HEAD has no room for a reason. */
function isUnexplained(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { name, $metadata } = error as Partial<S3ServiceException>;
  return name === NO_REASON && $metadata?.httpStatusCode === 400;
}

/**
 * A bare 400 is a session that is over, or an object that somebody has encrypted with a key of his own. Asked once more with new keys
 * the server says which, and those keys are not doubted again.
 */
function judgeOfRefusals(client: S3Client) {
  const { credentials } = client.config;
  let sound: string | undefined;
  return async <Result>(refusal: unknown, again: () => Promise<Result>): Promise<Result> => {
    if (sound === nameOf(await credentials())) throw refusal;
    await renew(client);
    try {
      return await again();
    } catch (error) {
      if (isUnexplained(error)) sound = nameOf(await credentials());
      throw error;
    }
  };
}

function nameOf({ accessKeyId, sessionToken = '' }: AwsCredentialIdentity): string {
  return `${accessKeyId} ${sessionToken}`;
}

async function renew(client: S3Client): Promise<void> {
  await client.config.credentials({ forceRefresh: true });
}

/** When the server gave an answer, by its own clock, in milliseconds since 1970 UTC. */
export function timeOf({ $metadata }: { readonly $metadata: object }): number {
  const { date } = $metadata as { readonly date?: string };
  const time = date === undefined ? Number.NaN : Date.parse(date);
  if (Number.isNaN(time)) throw new TypeError('an answer of a server without a date');
  return time;
}

/** Nobody reads along: TLS, or this machine itself. */
function isPrivate({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}
