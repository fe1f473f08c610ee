/** guard --tamper-test: an attack on an object of its own, with the keys in use. */
import { type HikaeError, isHikaeError } from '../base/errors.ts';
import { type TamperTest, tamperTest } from '../cloud/cloud.ts';
import { operationErrors } from './errors.ts';
import { type GuardParts, inBucket, onRecord, wantedBuckets } from './guard.ts';

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
  const buckets = wantedBuckets(vault, parts);
  if (!yes) throw operationErrors.TAMPER_NOT_CONFIRMED({ buckets: buckets.map(({ bucket }) => bucket) });
  const { ends } = await onRecord<TamperEnd>(buckets, parts, async (wanted) => {
    const end = { vault: wanted.vault, bucket: wanted.bucket };
    try {
      const test = await inBucket(wanted, parts, (bucket) => tamperTest(bucket, parts));
      return { end: { ...end, test }, wrong: wrongIn(test), isKnown: true };
    } catch (error) {
      parts.signal.throwIfAborted();
      if (!isHikaeError(error)) throw error;
      return { end: { ...end, error }, wrong: [], isKnown: false, error };
    }
  });
  return { wrong: ends.reduce((sum, { test }) => sum + wrongIn(test).length, 0), ends };
}

/** A key of the uploader that the bucket takes (SSE-C) is wrong even where the locked version survives it. */
function wrongIn(test: TamperTest | undefined): readonly string[] {
  if (test === undefined) return [];
  if (!test.locked) return ['lock-refused'];
  return test.ends
    .filter(
      ({ attempt, end }) => end === 'succeeded' || (attempt === 'overwrite-sse-c' && end === 'survived'),
    )
    .map(({ attempt }) => attempt);
}
