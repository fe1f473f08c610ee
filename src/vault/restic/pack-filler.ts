/** Fills packs with blobs of one type: compressed, sealed, one behind the other. */
import { type BlobType, idOf, type PackedBlob } from './format/blob.ts';
import { compress, compressInto, packedBound } from './format/compression.ts';
import { encodePackEnd, encodePackList, MOST_BLOBS, MOST_CHUNK, PACK_SIZE } from './format/pack.ts';
import { SEAL, type Sealer } from './format/sealing.ts';
import { ROOM } from './pack-rooms.ts';
import type { FinishedPack } from './storing-jobs.ts';

type Appended = Pick<PackedBlob, 'id' | 'length' | 'plainLength'>;

export interface FillerOptions {
  readonly type: BlobType;
  readonly sealer: Sealer;
  readonly finished: (pack: FinishedPack) => void;
  /** memory for the next pack, ROOM bytes of it; when not given, each has its own */
  readonly room?: () => Uint8Array;
}

export class PackFiller {
  readonly #options: FillerOptions;
  /** what a blob is packed into before it is sealed; memory that is not written to costs nothing */
  readonly #packed = Buffer.alloc(packedBound(MOST_CHUNK));
  /** the pack that is being filled; made for its first blob */
  #room: Uint8Array | undefined;
  #blobs: PackedBlob[] = [];
  #size = 0;

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
    const { length } = blob;
    if (this.#size + length > ROOM) this.flush();
    this.#room ??= this.#newRoom(length);
    write(Buffer.from(this.#room.buffer, this.#room.byteOffset + this.#size, length));
    this.#blobs.push({ type: this.#options.type, ...blob, offset: this.#size });
    this.#size += length;
    if (this.#size >= PACK_SIZE || this.#blobs.length >= MOST_BLOBS) this.flush();
  }

  #newRoom(size: number): Uint8Array {
    // What is larger, such as the tree of a huge folder, has a pack to itself.
    if (size > ROOM) return Buffer.allocUnsafeSlow(size);
    return this.#options.room?.() ?? Buffer.allocUnsafeSlow(ROOM);
  }

  #pack(plain: Uint8Array): Buffer {
    if (plain.length > MOST_CHUNK) return compress(plain);
    return this.#packed.subarray(0, compressInto(this.#packed, plain));
  }

  /** Closes the pack that is being filled, if there is anything in it. */
  flush(): void {
    if (this.#room === undefined || this.#blobs.length === 0) return;
    const { sealer, finished } = this.#options;
    const blobs = this.#blobs;
    const list = encodePackList(blobs);
    const bytes = joined(this.#room, this.#size, encodePackEnd(list, sealer));
    this.#room = undefined;
    this.#blobs = [];
    this.#size = 0;
    finished({ id: idOf(bytes), bytes, blobs, list });
  }
}

/** `end` behind so many bytes: where they lie, if there is room. A list of tiny blobs may be as long as they are. */
function joined(room: Uint8Array, size: number, end: Uint8Array): Uint8Array {
  const whole = size + end.length;
  const bytes = whole <= room.length ? room.subarray(0, whole) : new Uint8Array(whole);
  if (bytes.buffer !== room.buffer) bytes.set(room.subarray(0, size));
  bytes.set(end, size);
  return bytes;
}
