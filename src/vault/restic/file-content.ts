/** The content of a file from its blobs, with the next one read while the last one is used. */
import type { BlobReader } from './blob-reader.ts';
import { SEAL } from './format/sealing.ts';
import type { Signalled } from './objects.ts';
import type { Repository } from './repository.ts';

export interface ContentRange extends Signalled {
  readonly offset?: number;
  readonly length?: number;
  /** of hikae's own small files; see BlobReader */
  readonly isOwn?: boolean;
}

/** Bytes of a file's content, or of a part of it. Throws BlobDamaged. */
export async function* readContent(
  repository: Repository,
  blobs: BlobReader,
  content: readonly string[],
  { offset = 0, length = Number.POSITIVE_INFINITY, isOwn = false, signal }: ContentRange,
): AsyncGenerator<Buffer> {
  const wanted = blobsIn(repository, content, offset, offset + length);
  const read = (at: number) => {
    const one = wanted[at];
    const promise = one === undefined ? undefined : blobs.read('data', one.id, { signal, isOwn });
    // Whoever stops in the middle never asks for it; then nobody is to hear of its failure.
    promise?.catch(() => undefined);
    return promise;
  };
  let next = read(0);
  for (const [at, { start }] of wanted.entries()) {
    const blob = await next;
    if (blob === undefined) return;
    next = read(at + 1);
    const part = blob.subarray(Math.max(0, offset - start), Math.min(blob.length, offset + length - start));
    if (part.length > 0) yield part;
  }
}

/** Those that hold bytes from `from` to `to`, each with the place in the file where it begins. */
function blobsIn(
  repository: Repository,
  content: readonly string[],
  from: number,
  to: number,
): { id: string; start: number }[] {
  const wanted: { id: string; start: number }[] = [];
  let start = 0;
  for (const id of content) {
    const size = plainSize(repository, id);
    // Of one that nobody knows the size of, reading tells that it is missing.
    if (size === undefined || (start < to && start + size > from)) wanted.push({ id, start });
    start += size ?? 0;
  }
  return wanted;
}

/** Bytes of a data blob when it is opened and unpacked; undefined for one that nobody has. */
export function plainSize({ index }: Repository, id: string): number | undefined {
  const [place] = index.blobs.placesOf('data', id);
  return place === undefined ? undefined : (place.plainLength ?? place.length - SEAL);
}
