/** Storing content that comes as a stream, once, such as what a command prints. */
import { createHash } from 'node:crypto';
import { closeSync, constants, writeSync } from 'node:fs';
import { changeMode, linkAt, openAt, setTimes, statusAt, unlinkAt } from '../../base/libc.ts';
import type { OpenDirectory } from '../../base/open-directory.ts';
import { nameOf, type RawPath } from '../../base/raw-path.ts';
import type { CapturedNode } from '../../model/capture.ts';
import type { Node } from '../../model/node.ts';

export interface StoredStream {
  readonly node: Node;
  /** the content is that of the earlier snapshot, whose file it shares */
  readonly shared: boolean;
}

/**
 * Writes the stream into `folder`. A stream has no time of its own: if the earlier node had the same content, it is
 * that node once more, with its time, and takes no room.
 */
export async function storeStream(
  captured: CapturedNode,
  folder: OpenDirectory,
  options: { path: RawPath; earlier?: { node: Node; folder: OpenDirectory }; signal: AbortSignal },
): Promise<StoredStream> {
  if (captured.content?.kind !== 'stream') throw new TypeError('not a stream');
  const { path, earlier, signal } = options;
  const name = nameOf(path);
  const hash = createHash('sha256');
  const file = openAt(
    folder.descriptor,
    name,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
    0o600,
  );
  let size = 0;
  try {
    for await (const part of captured.content.open(signal)) {
      hash.update(part);
      for (let written = 0; written < part.length; ) written += writeSync(file, part, written);
      size += part.length;
    }
    changeMode(file, captured.metadata.mode);
    setTimes(file, captured.metadata.mtime);
  } finally {
    closeSync(file);
  }
  const node: Node = { ...captured.metadata, path, size, sha256: hash.digest('hex'), xattrs: [], holes: [] };
  if (earlier === undefined || !isSame(earlier.node, node) || !isSound(earlier))
    return { node, shared: false };
  unlinkAt(folder.descriptor, name);
  linkAt(earlier.folder.descriptor, name, folder.descriptor, name);
  return { node: earlier.node, shared: true };
}

function isSame(earlier: Node, node: Node): boolean {
  return (
    earlier.type === 'file' &&
    earlier.sha256 === node.sha256 &&
    earlier.mode === node.mode &&
    earlier.uid === node.uid &&
    earlier.gid === node.gid
  );
}

function isSound({ node, folder }: { node: Node; folder: OpenDirectory }): boolean {
  const stored = statusAt(folder.descriptor, nameOf(node.path));
  return stored.type === 'file' && stored.size === node.size && stored.mtime === node.mtime;
}
