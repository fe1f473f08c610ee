/** Copies that the server makes by itself: in one request, or in parts where S3 takes no more in one. */
import type { CompletedPart } from '@aws-sdk/client-s3';
import type { Key } from '../key.ts';
import type { CallOptions, Lock } from '../storage.ts';
import type { Bucket } from './bucket.ts';
import { look } from './reading.ts';
import { newObject } from './upload.ts';

/** One of the contents that a key has had over time. */
export interface CopySource {
  readonly key: Key;
  /** bytes */
  readonly size: number;
  readonly etag?: string | undefined;
  /** undefined where the bucket keeps no versions */
  readonly version: string | undefined;
}

export interface CopyTarget {
  readonly key: Key;
  readonly lock?: Lock | undefined;
}

/** Milliseconds to clear something away in. */
const CLEARING = 3_000;

/** Gives the version that it made, where the bucket has versions. */
export async function copyObject(
  bucket: Bucket,
  source: CopySource,
  { key, lock }: CopyTarget,
  { signal }: CallOptions,
): Promise<string | undefined> {
  const { sdk, client, name, root, largestCopy } = bucket;
  const { size, version, etag } = source;
  const path = `${name}/${root}${source.key}`.split('/').map(encodeURIComponent).join('/');
  const from = {
    CopySource:
      version === undefined || version === 'null' ? path : `${path}?versionId=${encodeURIComponent(version)}`,
    ...(etag === undefined ? {} : { CopySourceIfMatch: etag }),
  };
  const target = newObject({ bucket, key, lock });
  const copied = async () => {
    if (size > largestCopy) return copyInParts(bucket, { from, target, size }, signal);
    const command = new sdk.CopyObjectCommand({ ...target, ...from, ChecksumAlgorithm: 'SHA256' });
    return (await client.send(command, { abortSignal: signal })).VersionId;
  };
  const made = await copied();
  // Ceph doesn't tell the version of a copy; whoever looks at the lock needs it.
  return made ?? (lock && (await look(bucket, { key }, signal))?.VersionId);
}

interface PartsCopy {
  readonly from: { readonly CopySource: string; readonly CopySourceIfMatch?: string };
  readonly target: ReturnType<typeof newObject>;
  readonly size: number;
}

async function copyInParts(
  { sdk, client, largestCopy }: Bucket,
  { from, target, size }: PartsCopy,
  signal: AbortSignal,
): Promise<string | undefined> {
  const options = { abortSignal: signal };
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(target), options);
  const upload = { Bucket: target.Bucket, Key: target.Key, UploadId };
  try {
    const parts: CompletedPart[] = [];
    for (let at = 0; at < size; at += largestCopy) {
      const PartNumber = parts.length + 1;
      const CopySourceRange = `bytes=${at}-${Math.min(at + largestCopy, size) - 1}`;
      const command = new sdk.UploadPartCopyCommand({ ...upload, ...from, PartNumber, CopySourceRange });
      const { CopyPartResult } = await client.send(command, options);
      parts.push({ PartNumber, ETag: CopyPartResult?.ETag });
    }
    const command = new sdk.CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } });
    return (await client.send(command, options)).VersionId;
  } catch (error) {
    const abortSignal = AbortSignal.timeout(CLEARING);
    await client.send(new sdk.AbortMultipartUploadCommand(upload), { abortSignal }).catch(() => undefined);
    throw error;
  }
}
