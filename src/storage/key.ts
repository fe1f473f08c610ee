/**
 * Keys: what every medium can carry as a name. They look like relative paths: segments of text with slashes between.
 * Whoever keeps names of another kind (bytes that are no text, say) encodes them first.
 */
declare const checked: unique symbol;

/** A text that `isKey` is true of. */
export type Key = string & { readonly [checked]: 'key' };

/** In UTF-8. S3 takes 1,024 bytes with the prefix that a storage may have; file systems take names of 255. */
const MOST_BYTES = 900;
const MOST_SEGMENT_BYTES = 255;

/** Where media that need it keep what is not complete yet; no key begins with it. */
export const PARTIAL = '.partial';

export function isKey(text: string): text is Key {
  if (/[\u0000-\u001f\u007f-\u009f]/.test(text) || !text.isWellFormed()) return false;
  if (Buffer.byteLength(text) > MOST_BYTES) return false;
  const segments = text.split('/');
  return segments[0] !== PARTIAL && segments.every(isSegment);
}

/** For names that the program itself made: one that is no key is a fault of the program. */
export function keyFrom(text: string): Key {
  if (!isKey(text)) throw new TypeError(`${JSON.stringify(text)} is no key of a storage`);
  return text;
}

/** The order in which objects are listed: that of the keys' UTF-8 bytes, which differs from that of JavaScript's strings. */
export function compareKeys(left: Key, right: Key): number {
  return compareTexts(left, right);
}

export function compareTexts(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function isSegment(segment: string): boolean {
  return (
    segment !== '' && segment !== '.' && segment !== '..' && Buffer.byteLength(segment) <= MOST_SEGMENT_BYTES
  );
}
