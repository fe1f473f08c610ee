/**
 * One node as one line of a manifest.
 *
 * What an lstat tells stands first, in fixed order. So an unchanged entry is known by its line beginning with the very
 * text that the present lstat gives, and the rest of the line, which only reading the file could tell, is taken over as
 * it is. `device` stands behind, because a reboot may number file systems anew and nothing has changed then.
 */
import { goQuote, goUnquote } from '../../base/go-quoting.ts';
import { isAscii, type RawPath, rawFromText } from '../../base/raw-path.ts';
import type { Hole, Node, NodeMetadata, NodeType, StoredForm, Xattr } from '../../model/node.ts';
import { packedNameOf } from './stored-form.ts';

/** The line up to and including the size: everything that must be the same for an entry to be unchanged. */
export function encodeMetadata(node: NodeMetadata, path: RawPath = node.path): string {
  return (
    `{"path":${quotePath(path)},"type":"${node.type}","mode":"${node.mode.toString(8).padStart(4, '0')}"` +
    `,"uid":${node.uid},"gid":${node.gid},"user":${JSON.stringify(node.user)},"group":${JSON.stringify(node.group)}` +
    `,"mtime":"${node.mtime}","ctime":"${node.ctime}","inode":"${node.inode}","links":${node.links},"size":${node.size}`
  );
}

/** What only a closer look can tell, from `device` to the closing brace. */
export function encodeRest(
  node: Pick<Node, 'device' | 'rdev' | 'sha256' | 'stored' | 'target' | 'hardlink' | 'xattrs' | 'holes'>,
): string {
  let rest = `,"device":"${node.device}"`;
  if (node.rdev !== 0n) rest += `,"rdev":"${node.rdev}"`;
  if (node.sha256 !== undefined) rest += `,"sha256":"${node.sha256}"`;
  if (node.stored !== undefined) rest += `,"stored":${encodeStored(node.stored)}`;
  if (node.target !== undefined) rest += `,"target":${quotePath(node.target)}`;
  if (node.hardlink !== undefined) rest += `,"hardlink":${quotePath(node.hardlink)}`;
  if (node.xattrs.length > 0) {
    // A Buffer that came from another thread is a mere Uint8Array, whose toString knows nothing of base64.
    const pairs = node.xattrs.map(({ name, value }) => [name, Buffer.from(value).toString('base64')]);
    rest += `,"xattrs":${JSON.stringify(pairs)}`;
  }
  if (node.holes.length > 0) {
    rest += `,"holes":${JSON.stringify(node.holes.map(({ offset, length }) => [offset, length]))}`;
  }
  return `${rest}}`;
}

function encodeStored({ name, encoding, size, sha256 }: StoredForm): string {
  return `{"name":${quotePath(name)},"encoding":"${encoding}","size":${size},"sha256":"${sha256}"}`;
}

export function encodeNode(node: Node): string {
  return encodeMetadata(node) + encodeRest(node);
}

/**
 * Where the rest of a line begins, if what stands before it is the very text that encodeMetadata gives; undefined when
 * the entry isn't the same. Piece by piece: to put the text together would cost more than to compare it.
 */
export function metadataEnd(line: string, node: NodeMetadata, path: RawPath = node.path): number | undefined {
  let at = pastPath(line, 0, path);
  at = past(line, at, node.type);
  at = past(line, at, '","mode":"');
  at = past(line, at, node.mode.toString(8).padStart(4, '0'));
  at = past(line, at, '","uid":');
  at = past(line, at, String(node.uid));
  at = past(line, at, ',"gid":');
  at = past(line, at, String(node.gid));
  at = past(line, at, ',"user":');
  at = past(line, at, JSON.stringify(node.user));
  at = past(line, at, ',"group":');
  at = past(line, at, JSON.stringify(node.group));
  at = past(line, at, ',"mtime":"');
  at = past(line, at, String(node.mtime));
  at = past(line, at, '","ctime":"');
  at = past(line, at, String(node.ctime));
  at = past(line, at, '","inode":"');
  at = past(line, at, String(node.inode));
  at = past(line, at, '","links":');
  at = past(line, at, String(node.links));
  at = past(line, at, ',"size":');
  at = past(line, at, String(node.size));
  return line.charCodeAt(at) === COMMA ? at : undefined;
}

/** True if the line is that of this path. */
export function hasPath(line: string, path: RawPath): boolean {
  return pastPath(line, 0, path) >= 0;
}

/** Up to where the type begins. */
function pastPath(line: string, from: number, path: RawPath): number {
  if (!plain.test(path))
    return past(line, past(line, past(line, from, '{"path":'), quotePath(path)), ',"type":"');
  return past(line, past(line, past(line, from, START), path), END);
}

/** Where the text ends that a line has at a place; -1 when it has another there, or had before. */
function past(line: string, at: number, text: string): number {
  return at >= 0 && line.startsWith(text, at) ? at + text.length : -1;
}

/** True if what the line, or the rest of one, stands for isn't stored as it is. */
export function isPacked(line: string): boolean {
  return line.includes(',"stored":{');
}

const COMMA = 0x2c;
const START = '{"path":"';
const END = '","type":"';

/** The path of a line that was written by encodeNode, without parsing the rest. */
export function pathOfLine(line: string): RawPath {
  const end = line.indexOf(END);
  if (!line.startsWith(START) || end < 0) throw new SyntaxError('a line without a path');
  const quoted = line.slice(START.length, end);
  return quoted.includes('\\') ? goUnquote(JSON.parse(`"${quoted}"`) as string) : rawFromText(quoted);
}

function quotePath(path: RawPath): string {
  return plain.test(path) ? `"${path}"` : JSON.stringify(goQuote(path));
}

/** ASCII that neither Go's quoting nor JSON's changes. */
const plain = /^[ !#-[\]-~]*$/;

const types: ReadonlySet<string> = new Set<NodeType>([
  'dir',
  'file',
  'symlink',
  'fifo',
  'chardev',
  'dev',
  'socket',
]);
const keys: ReadonlySet<string> = new Set([
  'path',
  'type',
  'mode',
  'uid',
  'gid',
  'user',
  'group',
  'mtime',
  'ctime',
  'inode',
  'links',
  'size',
  'device',
  'rdev',
  'sha256',
  'stored',
  'target',
  'hardlink',
  'xattrs',
  'holes',
]);

/** Parses a line strictly. Throws a SyntaxError that says what is wrong with it. */
export function parseNode(line: string): Node {
  const fields = object(JSON.parse(line), keys);
  const type = text(fields, 'type');
  if (!types.has(type)) throw new SyntaxError(`unknown type ${type}`);
  const node: Node = {
    path: rawPath(text(fields, 'path')),
    type: type as NodeType,
    mode: octal(text(fields, 'mode')),
    uid: count(fields, 'uid', 0xffff_ffff),
    gid: count(fields, 'gid', 0xffff_ffff),
    user: text(fields, 'user'),
    group: text(fields, 'group'),
    mtime: signed(text(fields, 'mtime')),
    ctime: signed(text(fields, 'ctime')),
    inode: unsigned(text(fields, 'inode')),
    links: count(fields, 'links', 0xffff_ffff),
    size: count(fields, 'size', Number.MAX_SAFE_INTEGER),
    device: unsigned(text(fields, 'device')),
    rdev: 'rdev' in fields ? unsigned(text(fields, 'rdev')) : 0n,
    xattrs: 'xattrs' in fields ? xattrs(fields.xattrs) : none,
    holes: 'holes' in fields ? holes(fields.holes) : none,
    ...('sha256' in fields ? { sha256: digest(text(fields, 'sha256')) } : {}),
    ...('stored' in fields ? { stored: storedForm(fields.stored) } : {}),
    ...('target' in fields ? { target: rawPath(text(fields, 'target')) } : {}),
    ...('hardlink' in fields ? { hardlink: rawPath(text(fields, 'hardlink')) } : {}),
  };
  return checked(node);
}

const none: readonly never[] = [];

/** What must go together for each type. */
function checked(node: Node): Node {
  if (node.type === 'file' ? node.sha256 === undefined : node.sha256 !== undefined || node.size !== 0) {
    throw new SyntaxError('a file has a size and a hash, and nothing else has');
  }
  if ((node.type === 'symlink') !== (node.target !== undefined)) {
    throw new SyntaxError('a symlink has a target, and nothing else has');
  }
  if (node.hardlink !== undefined && node.type !== 'file') {
    throw new SyntaxError('a file may have several names, and nothing else');
  }
  if (node.stored !== undefined) {
    if (node.type !== 'file') throw new SyntaxError('a file may be stored packed, and nothing else');
    // Several names of one file are one stored file, whose name can't be made of each of them.
    if (node.hardlink !== undefined) throw new SyntaxError('a further name of a file has no stored form');
    if (node.stored.name !== packedNameOf(node.path)) throw new SyntaxError('stored under a foreign name');
  }
  if (node.rdev !== 0n && node.type !== 'dev' && node.type !== 'chardev') {
    throw new SyntaxError('a device has a number, and nothing else has');
  }
  let end = 0;
  for (const { offset, length } of node.holes) {
    if (offset < end || length <= 0 || offset + length > node.size)
      throw new SyntaxError('holes out of order');
    end = offset + length;
  }
  return node;
}

function object(value: unknown, known: ReadonlySet<string>): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SyntaxError('no object');
  const fields = value as Record<string, unknown>;
  for (const key in fields) if (!known.has(key)) throw new SyntaxError(`unknown field ${key}`);
  return fields;
}

function storedForm(value: unknown): StoredForm {
  const fields = object(value, storedKeys);
  const encoding = text(fields, 'encoding');
  if (encoding !== 'gzip') throw new SyntaxError(`unknown encoding ${encoding}`);
  return {
    name: rawPath(text(fields, 'name')),
    encoding,
    size: count(fields, 'size', Number.MAX_SAFE_INTEGER),
    sha256: digest(text(fields, 'sha256')),
  };
}

const storedKeys: ReadonlySet<string> = new Set(['name', 'encoding', 'size', 'sha256']);

function rawPath(quoted: string): RawPath {
  const path = quoted.includes('\\') || quoted.includes('"') ? goUnquote(quoted) : rawFromText(quoted);
  if (path.includes('\0')) throw new SyntaxError('a path with a NUL byte');
  return path;
}

function text(fields: Record<string, unknown>, key: string): string {
  const value = fields[key];
  if (typeof value !== 'string') throw new SyntaxError(`${key} is no text`);
  return value;
}

function count(fields: Record<string, unknown>, key: string, most: number): number {
  const value = fields[key];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > most) {
    throw new SyntaxError(`${key} is no count`);
  }
  return value;
}

function octal(value: string): number {
  if (!/^[0-7]{4}$/.test(value)) throw new SyntaxError('mode is not four octal digits');
  return Number.parseInt(value, 8);
}

function unsigned(value: string): bigint {
  if (!/^\d{1,20}$/.test(value)) throw new SyntaxError('not an unsigned number');
  return BigInt(value);
}

function signed(value: string): bigint {
  if (!/^-?\d{1,20}$/.test(value)) throw new SyntaxError('not a time');
  return BigInt(value);
}

function digest(value: string): string {
  if (!/^[0-9a-f]{64}$/.test(value)) throw new SyntaxError('not a SHA-256');
  return value;
}

function pairs(value: unknown): readonly [unknown, unknown][] {
  if (!Array.isArray(value) || !value.every((pair) => Array.isArray(pair) && pair.length === 2)) {
    throw new SyntaxError('not a list of pairs');
  }
  return value;
}

function xattrs(value: unknown): readonly Xattr[] {
  return pairs(value).map(([name, content]) => {
    if (typeof name !== 'string' || !isAscii(name) || name.includes('\0') || typeof content !== 'string') {
      throw new SyntaxError('not an extended attribute');
    }
    const value = Buffer.from(content, 'base64');
    if (value.toString('base64') !== content) throw new SyntaxError('not base64');
    return { name, value };
  });
}

function holes(value: unknown): readonly Hole[] {
  return pairs(value).map(([offset, length]) => {
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length)) throw new SyntaxError('not a hole');
    return { offset: offset as number, length: length as number };
  });
}
