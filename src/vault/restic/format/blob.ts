/** Blobs: what packs hold, each known by the SHA-256 of its plain bytes. */
import { hash } from 'node:crypto';
import { isSha256 } from '../../../base/sha256-text.ts';

export type BlobType = 'data' | 'tree';

/** Where a blob lies, and how. */
export interface BlobPlace {
  /** the pack's id in hexadecimal */
  readonly pack: string;
  readonly offset: number;
  /** bytes that it takes there, sealed */
  readonly length: number;
  /** bytes when it is opened and unpacked; undefined when it isn't compressed */
  readonly plainLength: number | undefined;
}

export interface PackedBlob extends Omit<BlobPlace, 'pack'> {
  readonly type: BlobType;
  readonly id: string;
}

/** More than this no blob may claim to be: chunks end at 8 MiB, and a folder of a million files is 400 MiB of JSON. */
export const MOST_BLOB = 1024 * 1024 * 1024;

export function idOf(plain: Uint8Array): string {
  return hash('sha256', plain, 'hex');
}

export function isId(text: unknown): text is string {
  return typeof text === 'string' && isSha256(text);
}
