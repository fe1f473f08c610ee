/** Packs that hold trees, by way of the cache: who wants a part of one soon wants the rest, so it comes whole, and once. */
import { isHikaeError } from '../../../base/errors.ts';
import type { Range, Storage } from '../../../storage/storage.ts';
import { MOST_HEADER } from '../format/pack.ts';
import { packKey } from '../layout.ts';
import type { Signalled } from '../objects.ts';
import type { RepositoryCache } from './repository-cache.ts';

export class TreePacks {
  readonly #storage: Storage;
  readonly #cache: RepositoryCache;
  readonly #coming = new Map<string, Promise<boolean>>();
  /** that were asked for whole and are not to be had so: of a damaged one, parts may be sound */
  readonly #unfit = new Set<string>();

  constructor(storage: Storage, cache: RepositoryCache) {
    this.#storage = storage;
    this.#cache = cache;
  }

  /** `end` is where its blobs end, as far as is known. Throws what the storage throws. */
  async readRange(
    pack: string,
    { end, offset, length, signal }: Range & Signalled & { readonly end: number },
  ): Promise<Uint8Array> {
    const range = { offset, length };
    const found = this.#cache.findRange(pack, range);
    if (found !== undefined) return found;
    if (this.#cache.takes(end) && !this.#unfit.has(pack) && (await this.#fetch(pack, end, signal))) {
      const fetched = this.#cache.findRange(pack, range);
      if (fetched !== undefined) return fetched;
    }
    return this.#storage.readRange(packKey(pack), { ...range, signal });
  }

  #fetch(pack: string, end: number, signal: AbortSignal): Promise<boolean> {
    let coming = this.#coming.get(pack);
    if (coming === undefined) {
      const pieces = this.#storage.stream(packKey(pack), { signal });
      coming = this.#cache
        .addPack(pack, pieces, end + MOST_HEADER)
        .then((isKept) => {
          if (!isKept) this.#unfit.add(pack);
          return isKept;
        })
        .catch((error: unknown) => {
          // It was cancelled, and somebody else who waits for it too may not be; or of a bad disk, parts are still good.
          if (signal.aborted) return false;
          if (!isHikaeError(error, 'STORAGE_FAILED', 'STORAGE_TOO_SHORT')) throw error;
          this.#unfit.add(pack);
          return false;
        })
        .finally(() => this.#coming.delete(pack));
      this.#coming.set(pack, coming);
    }
    return coming;
  }
}
