/**
 * A put past the SDK's chain of steps, which for a small object costs more of the processor than all else together. The request
 * is put together here; the SDK's own credentials, signer and connections do the rest. See docs/decisions/0012.
 */
import type { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import type { HttpRequest } from '@smithy/types';
import { NO_REASON, renewExpired, type Sdk } from './client.ts';

/** Where a bucket lies, as the SDK itself has found it. */
export interface Way extends Pick<HttpRequest, 'protocol' | 'hostname' | 'port'> {
  readonly host: string;
  /** before a key, with a slash at its end */
  readonly path: string;
  /** that requests are signed for */
  readonly region: string;
}

export interface DirectPut {
  /** as S3 has it, with the prefix */
  readonly key: string;
  readonly body: Uint8Array;
  readonly sha256: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Stores an object under a key that has none, and gives its version. undefined: the server sends us elsewhere or finds our clock
 * off, nothing is stored, and the SDK knows what to do. Errors are as the SDK throws them.
 */
export type PutDirectly = (put: DirectPut, signal: AbortSignal) => Promise<Stored | undefined>;

export interface Stored {
  /** undefined where the bucket keeps no versions */
  readonly version: string | undefined;
}

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Readable;
}

/** Milliseconds that our clock may be off; servers take a quarter of an hour. */
const MOST_OFF = 240_000;
/** Bytes of what a server has to say of an error. */
const MOST_SAID = 65_536;

/** The way that a request of the SDK's went; undefined when it is signed otherwise than is done here. */
export function wayOf({ protocol, hostname, port, path, headers }: HttpRequest): Way | undefined {
  const signed = /^AWS4-HMAC-SHA256 Credential=.+\/\d{8}\/([^/]+)\/s3\/aws4_request,/;
  const region = signed.exec(headers.authorization ?? '')?.[1];
  const { host } = headers;
  if (region === undefined || host === undefined) return undefined;
  const to = { protocol, hostname, ...(port === undefined ? {} : { port }) };
  return { ...to, host, path: path.endsWith('/') ? path : `${path}/`, region };
}

export async function directPuts(sdk: Sdk, client: S3Client, way: Way): Promise<PutDirectly> {
  const { SignatureV4 } = await import('@smithy/signature-v4');
  const { credentials, sha256, requestHandler } = client.config;
  const signer = new SignatureV4({
    service: 's3',
    region: way.region,
    credentials,
    sha256,
    uriEscapePath: false,
  });
  const { protocol, hostname, port, host } = way;
  const to = { method: 'PUT', protocol, hostname, ...(port === undefined ? {} : { port }), query: {} };

  return async (put, signal) => {
    // The SDK signs by the server's clock, as far as it has learnt that.
    if (Math.abs(client.config.systemClockOffset) > MOST_OFF) return undefined;
    const headers = {
      ...put.headers,
      host,
      'if-none-match': '*',
      'content-type': 'application/octet-stream',
      'content-length': String(put.body.length),
      // Without it Ceph doesn't keep the hash.
      'x-amz-sdk-checksum-algorithm': 'SHA256',
      'x-amz-checksum-sha256': put.sha256.toString('base64'),
      'x-amz-content-sha256': put.sha256.toString('hex'),
    };
    const request = { ...to, path: way.path + escaped(put.key), headers, body: put.body };
    const signed = (await signer.sign(request)) as Parameters<typeof requestHandler.handle>[0];
    const { response } = await requestHandler.handle(signed, { abortSignal: signal });
    const answer = response as Answer;
    const said = await textOf(answer.body);
    if (answer.statusCode === 200) return { version: answer.headers['x-amz-version-id'] };
    const error = errorOf(sdk, answer, said);
    if (answer.statusCode < 400 || error.name === 'RequestTimeTooSkewed') return undefined;
    await renewExpired(client, error);
    throw error;
  };
}

/** What the signature counts on being escaped, which is more than a path needs. */
function escaped(key: string): string {
  const special = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return key
    .split('/')
    .map((name) => encodeURIComponent(name).replace(/[!'()*]/g, special))
    .join('/');
}

async function textOf(body: Readable): Promise<string> {
  let text = '';
  for await (const piece of body) if (text.length < MOST_SAID) text += String(piece);
  return text;
}

function errorOf(sdk: Sdk, { statusCode, headers }: Answer, said: string): Error {
  const of = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(said)?.[1];
  const requestId = headers['x-amz-request-id'];
  return new sdk.S3ServiceException({
    name: of('Code') ?? NO_REASON,
    message: of('Message') ?? '',
    $fault: statusCode < 500 ? 'client' : 'server',
    $metadata: { httpStatusCode: statusCode, ...(requestId === undefined ? {} : { requestId }) },
  });
}
