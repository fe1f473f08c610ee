/** What S3 and the way to it say, as errors of the room. */
import { storageErrors } from '../errors.ts';
import type { Key } from '../key.ts';
import type { Locking, Storage } from '../storage.ts';
import { isExpired, isGarbled } from './client.ts';

export interface S3Call {
  readonly storage: string;
  readonly operation: keyof Storage | keyof Locking | 'open';
  readonly key: Key | '';
}

/** Fields of the errors that the SDK throws, its own and those of the network below it. */
interface S3Error extends Error {
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}

/** Answers that another attempt may change; BadDigest, and a mismatch, are a body that was damaged on the way. */
const passing: ReadonlySet<string> = new Set([
  'BadDigest',
  'ConditionalRequestConflict',
  'InternalError',
  'OperationAborted',
  // The SDK has learnt from it how far our clock is off, and signs the next request accordingly.
  'RequestTimeTooSkewed',
  'RequestTimeout',
  'ServiceUnavailable',
  'SlowDown',
  'TimeoutError',
  'XAmzContentSHA256Mismatch',
]);

const unreached: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

const broken: ReadonlySet<unknown> = new Set([
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

export function statusOf(error: unknown): number | undefined {
  return error instanceof Error ? (error as S3Error).$metadata?.httpStatusCode : undefined;
}

/** An error of the SDK gets its name; every other, such as the signal's reason, passes as it is. */
export function namedS3Error(call: S3Call, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code, name, message, $metadata } = error as S3Error;
  const { storage, key } = call;
  const cause = { cause: error };
  const reason = reasonOf(error as S3Error);
  if (name === 'CredentialsProviderError')
    return storageErrors.STORAGE_NO_CREDENTIALS({ storage, reason: message }, cause);
  if (unreached.has(code)) return storageErrors.STORAGE_OUT_OF_REACH({ storage, reason }, cause);
  const status = $metadata?.httpStatusCode;
  if (
    isExpired(error) ||
    isGarbled(error) ||
    passing.has(name) ||
    broken.has(code) ||
    status === 429 ||
    (status !== undefined && status >= 500)
  )
    return storageErrors.STORAGE_INTERRUPTED({ ...call, reason }, cause);
  if (status === undefined) return error;
  if (status === 412) return storageErrors.STORAGE_EXISTS({ storage, key }, cause);
  if (name === 'NoSuchBucket') return storageErrors.STORAGE_MISSING({ storage }, cause);
  if (name === 'NoSuchKey' || (status === 404 && key !== ''))
    return storageErrors.STORAGE_NOT_FOUND({ storage, key }, cause);
  if (name === 'QuotaExceeded') return storageErrors.STORAGE_FULL({ ...call, reason }, cause);
  // It lies in an archive, whoever has put it there: nobody may read it now, and no right would help.
  const isArchived = name === 'InvalidObjectState';
  if ((status === 401 || status === 403) && !isArchived)
    return storageErrors.STORAGE_REFUSED({ ...call, reason }, cause);
  return storageErrors.STORAGE_FAILED({ ...call, reason }, cause);
}

/** With what a server's owner asks for: the status and the number of the request. */
function reasonOf({ name, message, $metadata }: S3Error): string {
  const text = message === '' || message === 'UnknownError' ? name : `${name}: ${message}`;
  if ($metadata?.httpStatusCode === undefined) return text;
  const request = $metadata.requestId === undefined ? '' : `, request ${$metadata.requestId}`;
  return `${text} (HTTP ${$metadata.httpStatusCode}${request})`;
}
