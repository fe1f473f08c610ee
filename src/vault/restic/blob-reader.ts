/**
 * Reading blobs. Those of one folder lie beside each other in their packs, a folder's own behind those of what it holds; so
 * the stretch around what is asked for is read and kept for a while. And a blob that several packs hold is looked for in each of them until one has it sound.
 */
import { isHikaeError } from '../../base/errors.ts';
import type { Range } from '../../storage/storage.ts';
import { TreePacks } from './cache/tree-packs.ts';
import type { BlobPlace, BlobType } from './format/blob.ts';
import { idOf, MOST_BLOB } from './format/blob.ts';
import { decompress, decompressInto } from './format/compression.ts';
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

export interface ReadBlobOptions extends Signalled {
  /** it is of hikae's own small files, which every run reads */
  readonly isOwn?: boolean;
}

interface Window {
  readonly pack: string;
  readonly offset: number;
  readonly bytes: Promise<Uint8Array>;
  readonly length: number;
}

export class BlobReader {
  readonly #repository: Repository;
  readonly #trees: TreePacks | undefined;
  /** the one used last stands last */
  #windows: Window[] = [];
  /** packs that are not there, and how that was told: an index that names such for many blobs costs one question */
  readonly #absent = new Map<string, string>();

  constructor(repository: Repository) {
    const { storage, cache } = repository;
    this.#repository = repository;
    this.#trees = cache && new TreePacks(storage, cache);
  }

  /** The plain bytes. Throws BlobDamaged when no place has them. */
  async read(type: BlobType, id: string, { signal, isOwn = false }: ReadBlobOptions): Promise<Buffer> {
    const places = this.#repository.index.blobs.placesOf(type, id);
    const { cache } = this.#repository;
    const kept = isOwn
      ? cache?.find('blobs', id, (sealed) => this.#unpackKept(id, places, sealed))
      : undefined;
    if (kept !== undefined) return kept;
    const reasons: string[] = [];
    for (const place of places) {
      const absent = this.#absent.get(place.pack);
      if (absent !== undefined) {
        reasons.push(absent);
        continue;
      }
      try {
        const sealed = await this.#sealedAt(type, place, signal);
        const plain = unpackBlob(id, place, sealed, this.#repository);
        if (isOwn) cache?.add('blobs', id, sealed);
        return plain;
      } catch (error) {
        signal.throwIfAborted();
        if (!isDamage(error)) throw error;
        const reason = `pack ${place.pack}: ${error.message}`;
        if (isHikaeError(error, 'STORAGE_NOT_FOUND')) this.#absent.set(place.pack, reason);
        reasons.push(reason);
      }
    }
    throw new BlobDamaged(type, id, reasons);
  }

  /** What is wrong with the blob in this very place; undefined when it is sound. */
  async flawAt(
    place: BlobPlace & { readonly id: string; readonly type: BlobType },
    { signal }: Signalled,
  ): Promise<string | undefined> {
    try {
      unpackBlob(place.id, place, await this.#sealedAt(place.type, place, signal), this.#repository);
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (!isDamage(error)) throw error;
      return error.message;
    }
  }

  /** Of the places that index files name it is of the one that has its length. */
  #unpackKept(id: string, places: readonly BlobPlace[], sealed: Buffer): Buffer {
    const place = places.find(({ length }) => length === sealed.length);
    if (place === undefined) throw new SyntaxError('it is of no place');
    return unpackBlob(id, place, sealed, this.#repository);
  }

  async #sealedAt(type: BlobType, place: BlobPlace, signal: AbortSignal): Promise<Uint8Array> {
    const { offset, length } = place;
    const known = this.#windows.find(
      (window) =>
        window.pack === place.pack &&
        window.offset <= offset &&
        offset + length <= window.offset + window.length,
    );
    const window = known ?? this.#openWindow(type, place, signal);
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
      return this.#readRange(type, place.pack, { offset, length, signal });
    }
  }

  /** They begin at multiples of their size, so that whoever goes through a pack backwards finds them too. */
  #openWindow(type: BlobType, place: BlobPlace, signal: AbortSignal): Window {
    const { index } = this.#repository;
    const { pack } = place;
    const offset = place.offset - (place.offset % WINDOW);
    const blobEnd = place.offset + place.length;
    const length = Math.max(blobEnd, Math.min(offset + WINDOW, index.blobs.endOf(pack))) - offset;
    const bytes = this.#readRange(type, pack, { offset, length, signal });
    return { pack, offset, bytes, length };
  }

  #readRange(type: BlobType, pack: string, range: Range & Signalled): Promise<Uint8Array> {
    const { storage, index } = this.#repository;
    if (type === 'data' || this.#trees === undefined) return storage.readRange(packKey(pack), range);
    return this.#trees.readRange(pack, { ...range, end: index.blobs.endOf(pack) });
  }
}

/** Opens, unpacks and hashes. Throws a SyntaxError for what is not the blob. */
export function unpackBlob(
  id: string,
  { length, plainLength }: Pick<BlobPlace, 'length' | 'plainLength'>,
  sealed: Uint8Array,
  { sealer }: Pick<Repository, 'sealer'>,
): Buffer {
  const opened = sealer.open(upTo(length, sealed));
  const plain = plainLength === undefined ? opened : decompress(opened, plainLength);
  requireHash(plain, id);
  return plain;
}

/**
 * The same into the beginning of `target`, which has room for the plain bytes; returns how many they are. The sealed bytes are
 * gone afterwards.
 */
export function unpackBlobInto(
  target: Uint8Array,
  id: string,
  { length, plainLength }: Pick<BlobPlace, 'length' | 'plainLength'>,
  sealed: Uint8Array,
  { sealer }: Pick<Repository, 'sealer'>,
): number {
  const opened = sealer.openInPlace(upTo(length, sealed));
  if (plainLength === undefined) target.set(opened);
  const size =
    plainLength === undefined ? opened.length : decompressInto(target.subarray(0, plainLength), opened);
  requireHash(target.subarray(0, size), id);
  return size;
}

function upTo(length: number, sealed: Uint8Array): Uint8Array {
  if (sealed.length < length || length - SEAL > MOST_BLOB) throw new SyntaxError('it is cut off');
  return sealed.subarray(0, length);
}

function requireHash(plain: Uint8Array, id: string): void {
  if (idOf(plain) !== id) throw new SyntaxError('its content has another hash');
}

function isDamage(error: unknown): error is Error {
  return (
    error instanceof SyntaxError ||
    isHikaeError(error, 'STORAGE_NOT_FOUND', 'STORAGE_TOO_SHORT', 'STORAGE_FAILED')
  );
}
