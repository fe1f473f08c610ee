/**
 * One node of a tree blob, as restic writes it to the byte: the same node makes the same tree, whoever wrote it.
 *
 * What an lstat tells stands first. So an entry is unchanged when its earlier text begins with what the present lstat
 * gives; the rest of that text, which only reading could tell, is then taken over as it is.
 */
import { goQuote, goUnquote } from '../../../base/go-quoting.ts';
import {
  type RawName,
  type RawPath,
  rawFromBytes,
  rawFromText,
  rawToBytes,
  textOf,
} from '../../../base/raw-path.ts';
import type { Writable } from '../../../base/writable.ts';
import type { NodeMetadata, NodeType, Xattr } from '../../../model/node.ts';
import { isId } from './blob.ts';
import { fromGoMode, goMode } from './file-mode.ts';
import { goString, parseLargeJson } from './go-json.ts';
import { parseTime, type TimeWriter } from './times.ts';

/** A node by its name in the tree that holds it. */
export interface TreeNode extends Omit<NodeMetadata, 'path'> {
  readonly name: RawName;
  readonly target?: RawPath;
  readonly xattrs: readonly Xattr[];
  /** ids of data blobs, in order; files only */
  readonly content?: readonly string[];
  /** id of a tree blob; folders only */
  readonly subtree?: string;
}

/** What the second half of a node's text says. */
export type NodeRest = Pick<TreeNode, 'target' | 'xattrs' | 'rdev' | 'content' | 'subtree'>;

const linked: ReadonlySet<NodeType> = new Set(['file', 'symlink', 'dev', 'chardev']);

/** From the opening brace up to and including the number of links. */
export function encodeMetadata(node: Omit<TreeNode, 'xattrs' | 'rdev'>, times: TimeWriter): string {
  const { name, type, uid, gid, user, group, inode, device, size, links } = node;
  const mode = goMode(node.mode, type);
  const mtime = times.write(node.mtime);
  // Joined, V8 makes one text of it at once. What `+` makes are its parts, which take three times the memory until somebody
  // reads it, and of a folder that is stored anew nobody does before its last node is there.
  return [
    `{"name":${goString(goQuote(name))},"type":"${type}"`,
    mode === 0 ? '' : `,"mode":${mode}`,
    `,"mtime":"${mtime}","atime":"${mtime}","ctime":"${times.write(node.ctime)}","uid":${uid},"gid":${gid}`,
    user === '' ? '' : `,"user":${goString(user)}`,
    group === '' ? '' : `,"group":${goString(group)}`,
    inode === 0n ? '' : `,"inode":${inode}`,
    device === 0n ? '' : `,"device_id":${device}`,
    type !== 'file' || size === 0 ? '' : `,"size":${size}`,
    links === 0 || !linked.has(type) ? '' : `,"links":${links}`,
  ].join('');
}

/** From there to the closing brace. */
export function encodeRest({ target, xattrs, rdev, content, subtree }: NodeRest): string {
  return (
    (target === undefined ? '' : encodeTarget(target)) +
    (xattrs.length === 0 ? '' : `,"extended_attributes":[${xattrs.map(encodeXattr).join()}]`) +
    (rdev === 0n ? '' : `,"device":${rdev}`) +
    `,"content":${content === undefined ? 'null' : JSON.stringify(content)}` +
    (subtree === undefined ? '}' : `,"subtree":"${subtree}"}`)
  );
}

/** A target that is no UTF-8 is spelled as well as can be, and kept as its bytes beside that. */
function encodeTarget(target: RawPath): string {
  const text = textOf(target);
  if (text !== undefined) return text === '' ? '' : `,"linktarget":${goString(text)}`;
  const bytes = rawToBytes(target);
  return `,"linktarget":${goString(bytes.toString('utf8'))},"linktarget_raw":"${bytes.toString('base64')}"`;
}

function encodeXattr({ name, value }: Xattr): string {
  // A Buffer that came from another thread is a mere Uint8Array, whose toString knows nothing of base64.
  const text = Buffer.from(value).toString('base64');
  return `{"name":${goString(name)},"value":${value.length === 0 ? '""' : `"${text}"`}}`;
}

const types: ReadonlySet<string> = new Set<NodeType>([
  'dir',
  'file',
  'symlink',
  'fifo',
  'chardev',
  'dev',
  'socket',
]);

/** A node as JSON has it. */
export type Fields = Readonly<Record<string, unknown>>;

/** Throws a SyntaxError that says what is wrong. Fields that nobody needs here are passed over. */
export function parseTreeNode(text: string): TreeNode {
  const fields = JSON.parse(text) as Fields;
  return nodeOf(isExact(fields) ? fields : (parseLargeJson(text) as Fields));
}

/** Only these numbers may be larger than a double holds, and hardly ever are. */
export function isExact(fields: Fields): boolean {
  if (typeof fields !== 'object' || fields === null) throw new SyntaxError('a node is no object');
  const { inode = 0, device_id = 0, device = 0 } = fields;
  return Number.isSafeInteger(inode) && Number.isSafeInteger(device_id) && Number.isSafeInteger(device);
}

/** The node that these fields are, whose numbers are exact. Throws a SyntaxError that says what is wrong. */
export function nodeOf(fields: Fields): TreeNode {
  const name = goUnquote(textIn(fields, 'name'));
  if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) {
    throw new SyntaxError(`"${name.slice(0, 40)}" is no name`);
  }
  const type = textIn(fields, 'type') as NodeType;
  if (!types.has(type)) throw new SyntaxError(`a node has the type ${JSON.stringify(type).slice(0, 40)}`);
  const isFile = type === 'file';
  const node: Writable<TreeNode> = {
    name,
    type,
    mode: fromGoMode(countIn(fields, 'mode', 0xffff_ffff)),
    uid: countIn(fields, 'uid', 0xffff_ffff),
    gid: countIn(fields, 'gid', 0xffff_ffff),
    user: optionalText(fields, 'user'),
    group: optionalText(fields, 'group'),
    mtime: parseTime(textIn(fields, 'mtime')),
    ctime: 'ctime' in fields ? parseTime(textIn(fields, 'ctime')) : 0n,
    inode: largeIn(fields, 'inode'),
    device: largeIn(fields, 'device_id'),
    links: countIn(fields, 'links', 0xffff_ffff),
    size: isFile ? countIn(fields, 'size', Number.MAX_SAFE_INTEGER) : 0,
    rdev: type === 'dev' || type === 'chardev' ? largeIn(fields, 'device') : 0n,
    xattrs: xattrsIn(fields),
  };
  if (isFile) node.content = idsIn(fields);
  else if (type === 'symlink') node.target = targetIn(fields);
  else if (type === 'dir') node.subtree = subtreeIn(fields);
  return node;
}

function subtreeIn({ subtree }: Fields): string {
  if (!isId(subtree)) throw new SyntaxError('a folder has no tree');
  return subtree;
}

function targetIn(fields: Fields): RawPath {
  const bytes = fields.linktarget_raw;
  const target =
    typeof bytes === 'string'
      ? rawFromBytes(Buffer.from(bytes, 'base64'))
      : rawFromText(optionalText(fields, 'linktarget'));
  if (target.includes('\0')) throw new SyntaxError('a symlink points to no path');
  return target;
}

function idsIn({ content }: Fields): readonly string[] {
  if (content === null || content === undefined) return [];
  if (!Array.isArray(content) || !content.every(isId)) throw new SyntaxError('a file has no list of content');
  return content;
}

function xattrsIn({ extended_attributes: xattrs }: Fields): readonly Xattr[] {
  if (xattrs === null || xattrs === undefined) return none;
  if (!Array.isArray(xattrs)) throw new SyntaxError('extended attributes are no list');
  return xattrs.map((xattr: Fields) => {
    const name = textIn(xattr ?? {}, 'name');
    const value = xattr.value ?? '';
    if (name === '' || name.includes('\0') || typeof value !== 'string') {
      throw new SyntaxError('an extended attribute is none');
    }
    return { name, value: Buffer.from(value, 'base64') };
  });
}

const none: readonly never[] = [];

function textIn(fields: Fields, key: string): string {
  const value = fields[key];
  if (typeof value !== 'string') throw new SyntaxError(`${key} is no text`);
  return value;
}

function optionalText(fields: Fields, key: string): string {
  return key in fields ? textIn(fields, key) : '';
}

function countIn(fields: Fields, key: string, most: number): number {
  const value = fields[key] ?? 0;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > most) {
    throw new SyntaxError(`${key} is no count`);
  }
  return value;
}

function largeIn(fields: Fields, key: string): bigint {
  const value = fields[key] ?? 0;
  const large = typeof value === 'bigint' || Number.isSafeInteger(value) ? BigInt(value as bigint) : -1n;
  if (large < 0n || large >= 2n ** 64n) throw new SyntaxError(`${key} is no number`);
  return large;
}
