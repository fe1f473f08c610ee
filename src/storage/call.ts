/** What calls on a storage take and give, of objects and of their versions alike. */
import type { Key } from './key.ts';

export interface CallOptions {
  readonly signal: AbortSignal;
}

export interface Range {
  readonly offset: number;
  readonly length: number;
}

export interface ObjectStatus {
  readonly key: Key;
  /** bytes */
  readonly size: number;
  /** milliseconds since 1970 UTC when it was stored, by the medium's clock, which may be another than ours */
  readonly modified: number;
  /** SHA-256 of the whole object in hexadecimal digits, by `stat` alone and only where the medium itself has checked it */
  readonly sha256?: string;
  /** the medium has hashes of its parts, which it has checked, and none of the whole; by `stat` alone */
  readonly inParts?: true;
}
