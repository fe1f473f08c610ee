/** Fills packs with blobs of one type: compressed, sealed, one behind the other. */
import { type BlobType, idOf, type PackedBlob } from './format/blob.ts';
import { compress, compressInto, packedBound } from './format/compression.ts';
import { encodePackEnd, PACK_SIZE } from './format/pack.ts';
import { SEAL, type Sealer } from './format/sealing.ts';
import type { FinishedPack } from './storing-jobs.ts';

/** No chunk of data is larger; a tree may be. */
const MOST_CHUNK = 8 * 1024 * 1024;
/** What a filler's own buffer has: a pack that is nearly full, and one chunk more. */
export const FILLER_SIZE = PACK_SIZE + MOST_CHUNK + SEAL;

type Appended = Pick<PackedBlob, 'id' | 'length' | 'plainLength'>;

export interface FillerOptions {
  readonly type: BlobType;
  readonly sealer: Sealer;
  readonly buffer: Buffer;
  readonly finished: (pack: FinishedPack) => void;
}

export class PackFiller {
  readonly #options: FillerOptions;
  /** what a blob is packed into before it is sealed; memory that is not written to costs nothing */
  readonly #packed = Buffer.alloc(packedBound(MOST_CHUNK));
  #blobs: PackedBlob[] = [];
  #size = 0;
  /** blobs that are larger than the buffer, such as the tree of a huge folder */
  #large: Buffer[] = [];

  constructor(options: FillerOptions) {
    this.#options = options;
  }

  add(id: string, plain: Uint8Array): void {
    const { type, sealer } = this.#options;
    const packed = this.#pack(plain);
    // restic packs uncompressed trees anew with every prune; of data it takes either.
    const isSmaller = packed.length < plain.length || type === 'tree';
    const content = isSmaller ? packed : plain;
    const plainLength = isSmaller ? plain.length : undefined;
    this.#append({ id, length: content.length + SEAL, plainLength }, (target) =>
      sealer.sealInto(content, target),
    );
  }

  /** Takes a blob over as it lies in another pack of the same repository. */
  addSealed({ id, length, plainLength }: Appended, sealed: Uint8Array): void {
    this.#append({ id, length, plainLength }, (target) => target.set(sealed));
  }

  #append(blob: Appended, write: (target: Buffer) => void): void {
    const { type, buffer } = this.#options;
    const { length } = blob;
    if (this.#size + length > buffer.length) this.flush();
    const isLarge = length > buffer.length;
    const target = isLarge ? Buffer.alloc(length) : buffer.subarray(this.#size, this.#size + length);
    write(target);
    if (isLarge) this.#large.push(target);
    this.#blobs.push({ type, ...blob, offset: this.#size });
    this.#size += length;
    if (this.#size >= PACK_SIZE) this.flush();
  }

  #pack(plain: Uint8Array): Buffer {
    if (plain.length > MOST_CHUNK) return compress(plain);
    return this.#packed.subarray(0, compressInto(this.#packed, plain));
  }

  /** Closes the pack that is being filled, if there is anything in it. */
  flush(): void {
    if (this.#blobs.length === 0) return;
    const { sealer, buffer, finished } = this.#options;
    const blobs = this.#blobs;
    const end = encodePackEnd(blobs, sealer);
    const parts = this.#large.length > 0 ? this.#large : [buffer.subarray(0, this.#size)];
    const bytes = new Uint8Array(this.#size + end.length);
    let at = 0;
    for (const part of [...parts, end]) {
      bytes.set(part, at);
      at += part.length;
    }
    this.#blobs = [];
    this.#large = [];
    this.#size = 0;
    finished({ id: idOf(bytes), bytes, blobs });
  }
}
