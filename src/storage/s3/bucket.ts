/** An open bucket, and what every call on it has in common: where a key lies for S3, and how errors are named. */
import type { S3Client } from '@aws-sdk/client-s3';
import type { Key } from '../key.ts';
import type { Sdk } from './client.ts';
import type { PutDirectly } from './direct.ts';
import { namedS3Error, type S3Call } from './s3-errors.ts';

export interface Bucket {
  readonly location: string;
  readonly sdk: Sdk;
  readonly client: S3Client;
  readonly name: string;
  /** '' or a prefix with its slash at the end */
  readonly root: string;
  /** bytes of a part of what is too large for one request */
  readonly part: number;
  /** bytes of an object that the server copies in one request */
  readonly largestCopy: number;
  readonly isAws: boolean;
  /** undefined where the SDK asks in a way that only it knows */
  readonly putDirectly: PutDirectly | undefined;
}

/** An object as S3 is told of it: its latest version where none is named. */
export interface Target {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId?: string;
}

export function targetOf({ name, root }: Bucket, key: Key, version?: string): Target {
  return { Bucket: name, Key: `${root}${key}`, ...(version === undefined ? {} : { VersionId: version }) };
}

export async function naming<Result>(
  { location }: Bucket,
  operation: S3Call['operation'],
  key: Key | '',
  signal: AbortSignal,
  work: () => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    throw namedS3Error({ storage: location, operation, key }, error);
  }
}

/** A name that S3 told with `EncodingType: url`, as a text below the root. */
export function nameBelow({ root }: Bucket, name: string): string {
  return decoded(name).slice(root.length);
}

export function decoded(name: string): string {
  return decodeURIComponent(name.replaceAll('+', ' '));
}
