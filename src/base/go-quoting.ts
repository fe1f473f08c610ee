/**
 * The quoting of names that restic uses, so that a manifest and a restic tree spell a name alike:
 * Go's `strconv.Quote` without the outer quotes. Source: Go's strconv documentation, and the
 * "name" field of restic's tree format.
 */
import { type RawPath, rawFromBytes } from './raw-path.ts';

const letters: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  34: '\\"',
  92: '\\\\',
};

/** Bytes that Go leaves as they are; most names consist of nothing else. */
const plain = /^[ !#-[\]-~]*$/;

/** Go calls a character printable if it is a letter, mark, number, punctuation or symbol. */
const printableRune = /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u;

export function goQuote(path: RawPath): string {
  if (plain.test(path)) return path;
  const bytes = Buffer.from(path, 'latin1');
  let quoted = '';
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at] as number;
    if (byte < 0x80) {
      quoted += letters[byte] ?? (byte < 0x20 || byte === 0x7f ? hex(byte) : String.fromCharCode(byte));
      at += 1;
      continue;
    }
    const rune = runeAt(bytes, at);
    if (rune === undefined) {
      quoted += hex(byte);
      at += 1;
      continue;
    }
    quoted += printableRune.test(rune.text) ? rune.text : unicodeEscape(rune.text);
    at += rune.length;
  }
  return quoted;
}

const escapes: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  t: 9,
  n: 10,
  v: 11,
  f: 12,
  r: 13,
  '"': 34,
  '\\': 92,
};

/** Undoes goQuote. Throws a SyntaxError for anything that Go's `strconv.Unquote` would refuse. */
export function goUnquote(quoted: string): RawPath {
  if (plain.test(quoted)) return quoted as RawPath;
  const parts: Buffer[] = [];
  // Text between two escapes is UTF-8; an escape may also be a single byte of no character at all.
  const pieces = /\\(?:([abtnvfr"\\])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))|([^\\"\n]+)/gy;
  let end = 0;
  for (let found = pieces.exec(quoted); found !== null; found = pieces.exec(quoted)) {
    end = pieces.lastIndex;
    const [, letter, byte, short, long, text] = found;
    if (text !== undefined) parts.push(Buffer.from(text, 'utf8'));
    else if (letter !== undefined) parts.push(Buffer.of(escapes[letter] as number));
    else if (byte !== undefined) parts.push(Buffer.of(Number.parseInt(byte, 16)));
    else parts.push(Buffer.from(codePoint(Number.parseInt((short ?? long) as string, 16)), 'utf8'));
  }
  if (end !== quoted.length) throw new SyntaxError(`not a quoted name: ${quoted}`);
  return rawFromBytes(Buffer.concat(parts));
}

function codePoint(value: number): string {
  if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) throw new SyntaxError('not a code point');
  return String.fromCodePoint(value);
}

function hex(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}

function unicodeEscape(text: string): string {
  const value = text.codePointAt(0) as number;
  return value > 0xffff
    ? `\\U${value.toString(16).padStart(8, '0')}`
    : `\\u${value.toString(16).padStart(4, '0')}`;
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The character that starts here, or undefined when these bytes are not UTF-8. */
function runeAt(bytes: Buffer, at: number): { text: string; length: number } | undefined {
  const first = bytes[at] as number;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + length > bytes.length) return undefined;
  try {
    return { text: strict.decode(bytes.subarray(at, at + length)), length };
  } catch {
    return undefined;
  }
}
