/** Copies that the server makes by itself: in one request, or in parts where S3 takes no more in one. */
import type { CompletedPart, S3Client } from '@aws-sdk/client-s3';
import type { CallOptions } from '../storage.ts';
import type { Sdk } from './client.ts';

/** Which of the contents that a key has had over time. */
export interface Version {
  readonly etag: string | undefined;
  /** undefined where the bucket keeps no versions */
  readonly version: string | undefined;
}

export interface CopySource extends Version {
  readonly bucket: string;
  /** the whole key */
  readonly name: string;
  /** bytes */
  readonly size: number;
}

export interface CopyTarget {
  readonly sdk: Sdk;
  readonly client: S3Client;
  readonly target: { readonly Bucket: string; readonly Key: string };
  /** bytes that are copied in one request */
  readonly largestCopy: number;
}

/** Milliseconds to clear something away in. */
const CLEARING = 3_000;

export async function copyObject(source: CopySource, to: CopyTarget, { signal }: CallOptions): Promise<void> {
  const { bucket, name, size, version, etag } = source;
  const path = `${bucket}/${name.split('/').map(encodeURIComponent).join('/')}`;
  const from = {
    CopySource: version === undefined || version === 'null' ? path : `${path}?versionId=${version}`,
    ...(etag === undefined ? {} : { CopySourceIfMatch: etag }),
  };
  if (size <= to.largestCopy) {
    const { sdk, client, target } = to;
    const command = new sdk.CopyObjectCommand({ ...target, ...from, ChecksumAlgorithm: 'SHA256' });
    await client.send(command, { abortSignal: signal });
  } else {
    await copyInParts(from, size, to, signal);
  }
}

async function copyInParts(
  from: { readonly CopySource: string; readonly CopySourceIfMatch?: string },
  size: number,
  { sdk, client, target, largestCopy }: CopyTarget,
  signal: AbortSignal,
): Promise<void> {
  const options = { abortSignal: signal };
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(target), options);
  const upload = { ...target, UploadId };
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
    await client.send(command, options);
  } catch (error) {
    const abortSignal = AbortSignal.timeout(CLEARING);
    await client.send(new sdk.AbortMultipartUploadCommand(upload), { abortSignal }).catch(() => undefined);
    throw error;
  }
}
