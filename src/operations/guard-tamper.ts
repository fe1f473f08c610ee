/** guard --tamper-test: an attack on an object of its own, with the keys in use. */
import { type HikaeError, isHikaeError } from '../base/errors.ts';
import { type TamperTest, tamperTest } from '../cloud/cloud.ts';
import { operationErrors } from './errors.ts';
import { type GuardParts, inBucket, wantedBuckets } from './guard.ts';

export interface TamperEnd {
  readonly vault: string;
  readonly bucket: string;
  readonly test?: TamperTest;
  readonly error?: HikaeError;
}

export interface TamperReport {
  /** attempts that got through, and buckets that take no lock */
  readonly wrong: number;
  readonly ends: readonly TamperEnd[];
}

export async function tamperWithBuckets(
  { vault, yes }: { readonly vault?: string | undefined; readonly yes: boolean },
  parts: GuardParts,
): Promise<TamperReport> {
  const ends: TamperEnd[] = [];
  const buckets = wantedBuckets(vault, parts);
  if (!yes) throw operationErrors.TAMPER_NOT_CONFIRMED({ buckets: buckets.map(({ bucket }) => bucket) });
  for (const wanted of buckets) {
    const end = { vault: wanted.vault, bucket: wanted.bucket };
    try {
      ends.push({ ...end, test: await inBucket(wanted, parts, (bucket) => tamperTest(bucket, parts)) });
    } catch (error) {
      parts.signal.throwIfAborted();
      if (!isHikaeError(error)) throw error;
      ends.push({ ...end, error });
    }
  }
  return { wrong: ends.reduce((sum, { test }) => sum + wrongIn(test), 0), ends };
}

/** A key of the uploader that the bucket takes (SSE-C) is wrong even where the locked version survives it. */
function wrongIn(test: TamperTest | undefined): number {
  if (test === undefined) return 0;
  if (!test.locked) return 1;
  return test.ends.filter(
    ({ attempt, end }) => end === 'succeeded' || (attempt === 'overwrite-sse-c' && end === 'survived'),
  ).length;
}
