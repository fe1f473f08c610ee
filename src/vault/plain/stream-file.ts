/** Storing content that comes as a stream, once, such as the dump of a database. */
import { closeSync, constants } from 'node:fs';
import { goQuote } from '../../base/go-quoting.ts';
import { openAt, renameAt } from '../../base/libc.ts';
import type { OpenDirectory } from '../../base/open-directory.ts';
import { nameOf, parentOf, type RawName, type RawPath } from '../../base/raw-path.ts';
import type { CapturedNode, Content } from '../../model/capture.ts';
import type { Node, Xattr } from '../../model/node.ts';
import { vaultErrors } from '../errors.ts';
import { dress } from './file-copy.ts';
import type { Keeps } from './file-jobs.ts';
import { linkStored } from './file-link.ts';
import { encodeMetadata, parseNode } from './node-line.ts';
import { pack, Tally, writeFully } from './packing.ts';
import type { Predecessor } from './predecessor.ts';
import { isPackable, packedNameOf, storedAs } from './stored-form.ts';

type StreamContent = Extract<Content, { kind: 'stream' }>;

export interface StoredStream {
  readonly node: Node;
  /** the content is that of an earlier snapshot, whose file it shares */
  readonly shared: boolean;
  /** extended attributes that only the manifest has */
  readonly refused: readonly string[];
}

/** A node of an earlier snapshot, and the folder that its stored file lies in. */
export interface Earlier {
  readonly node: Node;
  readonly folder: OpenDirectory;
}

/** The file that an earlier snapshot has at the path; its folder is held. Nobody has looked at what an unpublished one has. */
export function earlierFile(predecessor: Predecessor, path: RawPath): Earlier[] {
  const line = predecessor.find(path);
  const folder = predecessor.folder(parentOf(path));
  if (line === undefined || folder === undefined || !predecessor.published) return [];
  return [{ node: parseNode(line), folder: folder.hold() }];
}

export interface StreamOptions {
  readonly path: RawPath;
  /** the snapshot, for errors */
  readonly place: string;
  readonly keeps: Keeps;
  /** best first */
  readonly earlier: readonly Earlier[];
  readonly signal: AbortSignal;
  /** told of bytes that were read */
  advance(bytes: number): void;
}

/**
 * Stores the stream in `folder`, packed if that is worth it. A stream has no time of its own: if an earlier node had the
 * same content, it is that node once more, with its time, and takes no room.
 */
export async function storeStream(
  captured: CapturedNode,
  folder: OpenDirectory,
  options: StreamOptions,
): Promise<StoredStream> {
  if (captured.content?.kind !== 'stream') throw new TypeError('not a stream');
  const { path, earlier, place } = options;
  const known = captured.sha256;
  if (known !== undefined) {
    // One of a snapshot has its own time, and needs to be read only if it isn't there already.
    const text = encodeMetadata(captured.metadata, path);
    const same = earlier.find(({ node }) => node.sha256 === known && encodeMetadata(node) === text);
    if (same !== undefined && linkTo(same, folder, storedAs(same.node).name))
      return { node: same.node, shared: true, refused: [] };
  }
  const xattrs = captured.xattrs();
  const { content, stored, refused } = await write(captured.content, { captured, xattrs, folder }, options);
  const node: Node = { ...captured.metadata, path, ...content, xattrs, holes: [], ...stored };
  if (known === undefined) {
    const same = earlier.find((one) => isSame(one.node, node) && replaceBy(one, folder));
    if (same !== undefined) return { node: same.node, shared: true, refused };
  } else if (known !== node.sha256) {
    throw vaultErrors.SNAPSHOT_CONTENT_DAMAGED({ path: goQuote(path), place });
  }
  return { node, shared: false, refused };
}

/** Several names of one file are links to it, each under its own name: that is not packed. */
export function isPacked(
  { compressible }: StreamContent,
  { links }: CapturedNode['metadata'],
  path: RawPath,
): boolean {
  return compressible && links === 1 && isPackable(path);
}

interface Written {
  readonly content: { readonly size: number; readonly sha256: string };
  readonly stored: Pick<Node, 'stored'>;
  readonly refused: readonly string[];
}

interface Target {
  readonly captured: CapturedNode;
  readonly xattrs: readonly Xattr[];
  readonly folder: OpenDirectory;
}

async function write(
  stream: StreamContent,
  { captured, xattrs, folder }: Target,
  { path, keeps, signal, advance }: StreamOptions,
): Promise<Written> {
  const packed = isPacked(stream, captured.metadata, path);
  const name = packed ? packedNameOf(path) : nameOf(path);
  const file = openAt(
    folder.descriptor,
    name,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
    0o600,
  );
  try {
    const parts = counted(stream.open(signal), advance);
    const { content, stored } = packed ? await pack(parts, file) : await copy(parts, file);
    const refused = dress(file, captured.metadata, xattrs, keeps);
    const form: Pick<Node, 'stored'> =
      stored === undefined ? {} : { stored: { name, encoding: 'gzip', ...sumOf(stored) } };
    return { content: sumOf(content), stored: form, refused };
  } finally {
    closeSync(file);
  }
}

async function* counted(
  parts: AsyncIterable<Uint8Array>,
  advance: StreamOptions['advance'],
): AsyncGenerator<Uint8Array> {
  for await (const part of parts) {
    advance(part.length);
    yield part;
  }
}

async function copy(
  parts: AsyncIterable<Uint8Array>,
  file: number,
): Promise<{ content: Tally; stored?: undefined }> {
  const content = new Tally();
  for await (const part of parts) {
    content.add(part);
    writeFully(file, part);
  }
  return { content };
}

function sumOf(tally: Tally): { readonly size: number; readonly sha256: string } {
  return { size: tally.size, sha256: tally.digest() };
}

/** Puts the earlier file in the place of the new one, which stays when that can't be. */
function replaceBy(earlier: Earlier, folder: OpenDirectory): boolean {
  const beside = '.hikae-shared' as RawName;
  if (!linkTo(earlier, folder, beside)) return false;
  renameAt(folder.descriptor, beside, folder.descriptor, storedAs(earlier.node).name);
  return true;
}

function linkTo({ node, folder: from }: Earlier, folder: OpenDirectory, name: RawName): boolean {
  const stored = storedAs(node);
  return linkStored({
    from: { directory: from.descriptor, name: stored.name },
    to: { directory: folder.descriptor, name },
    size: stored.size,
    mtime: node.mtime,
  });
}

/** The same content with the same attributes, stored in the same form: what another zlib made of it counts as well. */
function isSame(earlier: Node, node: Node): boolean {
  return (
    earlier.type === 'file' &&
    earlier.sha256 === node.sha256 &&
    earlier.stored?.encoding === node.stored?.encoding &&
    earlier.mode === node.mode &&
    earlier.uid === node.uid &&
    earlier.gid === node.gid
  );
}
