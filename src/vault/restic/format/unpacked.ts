/** Files that lie in the repository by themselves, as JSON: snapshots, indexes and locks. */
import { compress, decompress } from './compression.ts';

const COMPRESSED = 2;
/** Real ones have a few MiB; what is said of an index counts for all. */
export const MOST_UNPACKED = 256 * 1024 * 1024;

/** What is sealed of such a file. Version 1 of the format has no compression. */
export function encodeUnpacked(json: string, version: 1 | 2): Buffer {
  const plain = Buffer.from(json);
  return version === 1 ? plain : Buffer.concat([Buffer.of(COMPRESSED), compress(plain)]);
}

/** The JSON as text; a SyntaxError when there is none. */
export function decodeUnpacked(plain: Buffer): string {
  const [first] = plain;
  if (first === 0x5b || first === 0x7b) return plain.toString('utf8');
  if (first !== COMPRESSED) throw new SyntaxError('it begins like nothing that the format knows');
  return decompress(plain.subarray(1), MOST_UNPACKED).toString('utf8');
}
