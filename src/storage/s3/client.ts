/** The SDK's client with our settings. The SDK is large, so it is loaded only when a bucket is really used. */
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import type { Secret } from '../../base/secret.ts';
import { storageErrors } from '../errors.ts';

export type Sdk = typeof import('@aws-sdk/client-s3');

export interface ClientOptions {
  readonly region: string;
  /** a server other than AWS's */
  readonly endpoint?: string;
  /** of the AWS configuration; else the SDK looks where every AWS tool does */
  readonly profile?: string;
  readonly keys?: { readonly id: string; readonly secret: Secret; readonly token?: Secret };
}

/** Milliseconds until a server must have taken the connection, and that it may be silent for. */
const CONNECTING = 10_000;
const SILENT = 60_000;
/** More requests at a time wait for a connection. */
const CONNECTIONS = 64;

export async function openClient(
  storage: string,
  { region, endpoint, profile, keys }: ClientOptions,
): Promise<{ readonly sdk: Sdk; readonly client: S3Client }> {
  if (endpoint !== undefined && !isPrivate(new URL(endpoint)))
    throw storageErrors.STORAGE_INSECURE({ storage, endpoint });
  const sdk = await import('@aws-sdk/client-s3');
  const config: S3ClientConfig = {
    region,
    // Trying again is decided further up, where it is known whether an object that exists now may be ours.
    maxAttempts: 1,
    followRegionRedirects: true,
    // Whoever reads checks hashes of his own.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECTING,
      socketTimeout: SILENT,
      httpsAgent: { keepAlive: true, maxSockets: CONNECTIONS },
      httpAgent: { keepAlive: true, maxSockets: CONNECTIONS },
    },
    // It would write warnings to the terminal.
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(profile === undefined ? {} : { profile }),
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
  return { sdk, client: new sdk.S3Client(config) };
}

/** Nobody reads along: TLS, or this machine itself. */
function isPrivate({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}
