/** Blobs as they cross to a thread that opens them, and back: in columns, and their bytes in one piece. */
import type { BlobPlace } from './format/blob.ts';
import type { MasterKey } from './format/sealing.ts';
import { SEAL } from './format/sealing.ts';

/** A blob that lies in a stretch of a pack which was read. */
export interface SealedBlob extends Omit<BlobPlace, 'pack'> {
  readonly id: string;
}

export interface OpeningJob {
  readonly sealed: Uint8Array<ArrayBuffer>;
  /** 64 hexadecimal digits for each */
  readonly ids: string;
  /** where each begins in `sealed` */
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  /** for each the bytes that it is to have when it is open */
  readonly sizes: Uint32Array;
  /** for each 1 when it is compressed */
  readonly compressed: Uint8Array;
}

export interface OpenedBlobs {
  /** one behind the other; where one is unsound the bytes mean nothing */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** for each 1 when it is what it should be */
  readonly sound: Uint8Array;
}

export interface OpeningWorkerData {
  readonly key: MasterKey;
}

const ID = 64;

/** `offset` is where `sealed` begins in the pack. */
export function packOpening(
  sealed: Uint8Array<ArrayBuffer>,
  offset: number,
  blobs: readonly SealedBlob[],
): OpeningJob {
  return {
    sealed,
    ids: blobs.map(({ id }) => id).join(''),
    offsets: Uint32Array.from(blobs, (blob) => blob.offset - offset),
    lengths: Uint32Array.from(blobs, ({ length }) => length),
    sizes: Uint32Array.from(blobs, sizeOf),
    compressed: Uint8Array.from(blobs, ({ plainLength }) => (plainLength === undefined ? 0 : 1)),
  };
}

export function* blobsOf({
  ids,
  offsets,
  lengths,
  sizes,
  compressed,
}: OpeningJob): Generator<SealedBlob & { readonly size: number }> {
  for (const [at, offset] of offsets.entries()) {
    const size = sizes[at] as number;
    yield {
      id: ids.slice(at * ID, (at + 1) * ID),
      offset,
      length: lengths[at] as number,
      size,
      plainLength: compressed[at] === 0 ? undefined : size,
    };
  }
}

/** Bytes of a blob when it is open, as the index has it. */
export function sizeOf({ length, plainLength }: Pick<BlobPlace, 'length' | 'plainLength'>): number {
  return plainLength ?? length - SEAL;
}

/** Bytes that share their buffer with nothing, so that it can be handed over. */
export function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length) return new Uint8Array(buffer);
  return new Uint8Array(bytes);
}
