/**
 * Reading blobs. Those of one folder lie beside each other in their packs, a folder's own behind those of what it holds; so
 * the stretch around what is asked for is read and kept for a while. And a blob that several packs hold is looked for in each of them until one has it sound.
 */
import { isHikaeError } from '../../base/errors.ts';
import type { BlobPlace, BlobType } from './format/blob.ts';
import { idOf, MOST_BLOB } from './format/blob.ts';
import { decompress } from './format/compression.ts';
import { SEAL } from './format/sealing.ts';
import { packKey } from './layout.ts';
import type { Signalled } from './objects.ts';
import type { Repository } from './repository.ts';

const WINDOW = 1024 * 1024;
const WINDOWS_KEPT = 16;

/** What was wrong in every place that a blob could have been in. */
export class BlobDamaged extends Error {
  readonly id: string;

  constructor(type: BlobType, id: string, reasons: readonly string[]) {
    super(reasons.length === 0 ? `no index names the ${type} blob ${id}` : reasons.join('; '));
    this.id = id;
  }
}

interface Window {
  readonly pack: string;
  readonly offset: number;
  readonly bytes: Promise<Uint8Array>;
  readonly length: number;
}

export class BlobReader {
  readonly #repository: Repository;
  /** the one used last stands last */
  #windows: Window[] = [];

  constructor(repository: Repository) {
    this.#repository = repository;
  }

  /** The plain bytes. Throws BlobDamaged when no place has them. */
  async read(type: BlobType, id: string, { signal }: Signalled): Promise<Buffer> {
    const reasons: string[] = [];
    for (const place of this.#repository.index.blobs.placesOf(type, id)) {
      try {
        return unpackBlob(id, place, await this.#sealedAt(place, signal), this.#repository);
      } catch (error) {
        signal.throwIfAborted();
        if (!isDamage(error)) throw error;
        reasons.push(`pack ${place.pack}: ${error.message}`);
      }
    }
    throw new BlobDamaged(type, id, reasons);
  }

  /** What is wrong with the blob in this very place; undefined when it is sound. */
  async flawAt(
    place: BlobPlace & { readonly id: string },
    { signal }: Signalled,
  ): Promise<string | undefined> {
    try {
      unpackBlob(place.id, place, await this.#sealedAt(place, signal), this.#repository);
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (!isDamage(error)) throw error;
      return error.message;
    }
  }

  async #sealedAt(place: BlobPlace, signal: AbortSignal): Promise<Uint8Array> {
    const { offset, length } = place;
    const known = this.#windows.find(
      (window) =>
        window.pack === place.pack &&
        window.offset <= offset &&
        offset + length <= window.offset + window.length,
    );
    const window = known ?? this.#openWindow(place, signal);
    this.#windows = this.#windows.filter((other) => other !== window);
    this.#windows.push(window);
    if (this.#windows.length > WINDOWS_KEPT) this.#windows.shift();
    try {
      const bytes = await window.bytes;
      return bytes.subarray(offset - window.offset, offset - window.offset + length);
    } catch (error) {
      this.#windows = this.#windows.filter((other) => other !== window);
      // Whoever opened it may have been cancelled; and of a pack that was cut off, the blob itself may still be there.
      if (signal.aborted || (known === undefined && !isHikaeError(error, 'STORAGE_TOO_SHORT'))) throw error;
      return this.#repository.storage.readRange(packKey(place.pack), { offset, length, signal });
    }
  }

  /** They begin at multiples of their size, so that whoever goes through a pack backwards finds them too. */
  #openWindow(place: BlobPlace, signal: AbortSignal): Window {
    const { storage, index } = this.#repository;
    const { pack } = place;
    const offset = place.offset - (place.offset % WINDOW);
    const blobEnd = place.offset + place.length;
    const length = Math.max(blobEnd, Math.min(offset + WINDOW, index.blobs.endOf(pack))) - offset;
    const bytes = storage.readRange(packKey(pack), { offset, length, signal });
    return { pack, offset, bytes, length };
  }
}

/** Opens, unpacks and hashes. Throws a SyntaxError for what is not the blob. */
export function unpackBlob(
  id: string,
  { length, plainLength }: Pick<BlobPlace, 'length' | 'plainLength'>,
  sealed: Uint8Array,
  { sealer }: Pick<Repository, 'sealer'>,
): Buffer {
  if (sealed.length < length || length - SEAL > MOST_BLOB) throw new SyntaxError('it is cut off');
  const opened = sealer.open(sealed.subarray(0, length));
  const plain = plainLength === undefined ? opened : decompress(opened, plainLength);
  if (idOf(plain) !== id) throw new SyntaxError('its content has another hash');
  return plain;
}

function isDamage(error: unknown): error is Error {
  return (
    error instanceof SyntaxError ||
    isHikaeError(error, 'STORAGE_NOT_FOUND', 'STORAGE_TOO_SHORT', 'STORAGE_FAILED')
  );
}
