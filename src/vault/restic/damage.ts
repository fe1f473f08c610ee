/** What a verification has found to be missing or unsound. */
import { isHikaeError } from '../../base/errors.ts';
import type { BlobReader } from './blob-reader.ts';
import type { BlobType } from './format/blob.ts';
import type { SnapshotListing } from './listing.ts';
import type { Repository } from './repository.ts';

export interface VerifyParts {
  readonly repository: Repository;
  readonly blobs: BlobReader;
  readonly listing: SnapshotListing;
  readonly threads: number;
}

/** What is wrong with blobs, by type and id. */
export class Damage {
  readonly #reasons = new Map<string, string>();

  get none(): boolean {
    return this.#reasons.size === 0;
  }

  add(type: BlobType, id: string, reason: string): void {
    this.#reasons.set(`${type} ${id}`, reason);
  }

  /** It has been found elsewhere. */
  remove(type: BlobType, id: string): void {
    this.#reasons.delete(`${type} ${id}`);
  }

  /** The ids of one type, each with what is wrong with it. */
  *all(type: BlobType): Generator<readonly [id: string, reason: string]> {
    for (const [key, reason] of this.#reasons)
      if (key.startsWith(type)) yield [key.slice(type.length + 1), reason];
  }

  of(type: BlobType, id: string): string | undefined {
    return this.#reasons.get(`${type} ${id}`);
  }
}

/** What the storage says of a pack that can't be read is a finding; that it can't be reached ends the verification. */
export function isLoss(error: unknown): error is Error {
  return isHikaeError(error, 'STORAGE_NOT_FOUND', 'STORAGE_TOO_SHORT', 'STORAGE_TOO_LARGE', 'STORAGE_FAILED');
}
