/**
 * The names of dumps. A database may be called anything; a file of a component may not. Bytes that a file name can't
 * carry, and the first one of a name that would be mistaken for something else, are written as %XX.
 */
import { type RawName, rawFromText } from '../../base/raw-path.ts';

const SUFFIX = '.sql';
/** Longer names than most file systems take, with room for what a vault appends. */
const MOST_BYTES = 200;

/** `reserved` are the names that the source itself gives: `globals` or `accounts`. Undefined when it is too long. */
export function dumpName(database: string, reserved: readonly string[]): RawName | undefined {
  const escaped = database.replace(/[%/\u0000-\u001f\u007f]/g, percent);
  const ambiguous = escaped.startsWith('.') || reserved.includes(escaped);
  const name = rawFromText((ambiguous ? percent(escaped.slice(0, 1)) + escaped.slice(1) : escaped) + SUFFIX);
  return name.length > MOST_BYTES ? undefined : (name as RawName);
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
