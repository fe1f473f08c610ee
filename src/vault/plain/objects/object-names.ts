/**
 * Under which names the files of a snapshot lie as objects. A name that every medium can carry stays what it is; of any
 * other, what can't be carried is written as `%` and two hexadecimal digits. `docs/formats/plain-vault.md` describes it.
 */
import { hash } from 'node:crypto';
import { type RawPath, rawFromText, rawToBytes, textOf } from '../../../base/raw-path.ts';
import { isKey, type Key, keyFrom } from '../../../storage/storage.ts';
import { below, OWN } from '../layout.ts';

/** In UTF-8 bytes, with room left for where the snapshot lies. */
const LONGEST = 700;
const LONGEST_SEGMENT = 255;
/** Of a name that is too long so much is kept, for people. */
const SHOWN = 160;

/** The name below the snapshot's folder. Two paths never have the same. */
export function objectNameOf(path: RawPath): string {
  const name = plain.test(path) && path.length < LONGEST_SEGMENT ? path : encoded(path);
  return Buffer.byteLength(name) <= LONGEST && isKey(name) ? name : below(OWN, 'long', sha256Of(path));
}

export function objectKeyOf(folder: Key, path: RawPath): Key {
  return keyFrom(`${folder}/${objectNameOf(path)}`);
}

/** The name as `checksums.sha256` has it. */
export function listedNameOf(path: RawPath): RawPath {
  return rawFromText(objectNameOf(path));
}

/** ASCII that may be in a key, without a percent sign. */
const plain = /^[ -$&-~]*$/;

function encoded(path: RawPath): string {
  return path
    .split('/')
    .map((segment) => encodedSegment(segment as RawPath))
    .join('/');
}

function encodedSegment(segment: RawPath): string {
  const text = textOf(segment);
  const kept = text === undefined ? piecewise(segment) : escaped(text);
  if (Buffer.byteLength(kept) <= LONGEST_SEGMENT) return kept;
  return `${beginningOf(kept)}%~${sha256Of(segment)}`;
}

/** Control characters, and percent signs that would be read as the beginning of what is written for something else. */
function escaped(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]|%(?=[0-9A-Fa-f]{2}|~)/g, (one) =>
    bytesOf(Buffer.from(one)),
  );
}

/** Of bytes that are not UTF-8 as a whole, those that are not ASCII are written out. */
function piecewise(segment: RawPath): string {
  return segment.replace(/[\u0000-\u001f\u007f-\u00ff]|%(?=[0-9A-Fa-f]{2}|~)/g, (one) =>
    bytesOf(rawToBytes(one as RawPath)),
  );
}

function bytesOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

function beginningOf(text: string): string {
  let beginning = '';
  let length = 0;
  for (const one of text) {
    length += Buffer.byteLength(one);
    if (length > SHOWN) break;
    beginning += one;
  }
  return beginning.replace(/%[0-9A-F]?$/, '');
}

function sha256Of(path: RawPath): string {
  return hash('sha256', rawToBytes(path), 'hex');
}
