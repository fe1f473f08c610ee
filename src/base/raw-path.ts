/**
 * Names and paths as Linux has them: bytes, not text.
 *
 * A RawPath is a string with one character (U+0000 to U+00FF) for each byte. Comparing two with `<`
 * is comparing bytes, they can be keys of a Map, and one of pure ASCII is at once an ordinary string.
 */
declare const raw: unique symbol;

/** Bytes of a path, one character each. */
export type RawPath = string & { readonly [raw]: 'path' };
/** A RawPath without a slash in it: one entry of a directory. */
export type RawName = RawPath;

/** The raw form of a path that came as text, from a policy or a command line. */
export function rawFromText(text: string): RawPath {
  return (isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1')) as RawPath;
}

export function rawFromBytes(bytes: Uint8Array): RawPath {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1') as RawPath;
}

export function rawToBytes(path: RawPath): Buffer {
  return Buffer.from(path, 'latin1');
}

/** What `node:fs` takes for a path: the string itself where bytes and UTF-8 agree, else the bytes. */
export function forFileSystem(path: RawPath): string | Buffer {
  return isAscii(path) ? path : Buffer.from(path, 'latin1');
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text that a path's bytes spell, or undefined when they are not UTF-8. */
export function textOf(path: RawPath): string | undefined {
  if (isAscii(path)) return path;
  try {
    return utf8.decode(Buffer.from(path, 'latin1'));
  } catch {
    return undefined;
  }
}

export function joinRaw(parent: RawPath, name: RawPath): RawPath {
  return (parent === '' ? name : `${parent}/${name}`) as RawPath;
}

export function parentOf(path: RawPath): RawPath {
  const slash = path.lastIndexOf('/');
  return (slash < 0 ? '' : path.slice(0, slash)) as RawPath;
}

export function nameOf(path: RawPath): RawName {
  return path.slice(path.lastIndexOf('/') + 1) as RawName;
}

/**
 * The order of nodes in a snapshot: depth first, names within a directory byte by byte.
 * A slash therefore sorts before every other byte, and a directory just before what it holds.
 */
export function compareRawPaths(left: RawPath, right: RawPath): number {
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index++) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a === b) continue;
    if (a === SLASH) return -1;
    if (b === SLASH) return 1;
    return a - b;
  }
  return left.length - right.length;
}

const SLASH = 0x2f;

/** True when every byte is ASCII, so that text, UTF-8 and raw form are the same string. */
export function isAscii(text: string): boolean {
  return /^[\u0000-\u007f]*$/.test(text);
}
