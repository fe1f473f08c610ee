/** A bucket as this room works on it: the client, what is asked of it, and questions that may be refused. */
import type { S3Client } from '@aws-sdk/client-s3';
import type { Clock } from '../base/clock.ts';
import type { Account } from './account.ts';
import { type Fact, known, unknown } from './fact.ts';
import type { Wanted } from './wanted.ts';

export type S3Sdk = typeof import('@aws-sdk/client-s3');

export interface Bucket {
  readonly sdk: S3Sdk;
  readonly client: S3Client;
  readonly wanted: Wanted;
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  /** who we are at AWS; undefined where the server is another */
  readonly account: Account | undefined;
  /** what an error of the client is called by hikae */
  readonly named: (error: unknown) => unknown;
  close(): void;
}

export function openBucket(parts: Omit<Bucket, 'close'>): Bucket {
  const close = () => {
    parts.client.destroy();
    parts.account?.close();
  };
  return { ...parts, close };
}

/** The HTTP status, name and text of what a server answers; undefined where no server answered. */
export interface Refusal {
  readonly status: number;
  readonly name: string;
  readonly reason: string;
}

export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof Error)) return undefined;
  const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  // 429 and what begins with 5 is trouble of the server, and no answer: but 501 says that it has no such thing.
  if (status === undefined || status < 400 || status === 429 || (status >= 500 && status !== 501))
    return undefined;
  const text =
    message === '' || message === 'UnknownError' || message === name ? name : `${name}: ${message}`;
  return { status, name, reason: `${text} (HTTP ${status})` };
}

/**
 * What the server answers. Some refusals are answers as well: `absent` has a value for the name of each that says that
 * nothing is set. Any other refusal makes it unknown; where no server answers at all, the error is thrown.
 */
export async function ask<Answer, Value>(
  named: Bucket['named'],
  question: () => Promise<Answer>,
  read: (answer: Answer) => Value,
  absent: Readonly<Record<string, Value>> = {},
): Promise<Fact<Value>> {
  try {
    return known(read(await question()));
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw named(error);
    const value = absent[refusal.name];
    return value === undefined ? unknown(refusal.reason) : known(value);
  }
}
