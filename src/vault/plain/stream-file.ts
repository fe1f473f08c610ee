/** Storing content that comes as a stream, once, such as what a command prints. */
import { createHash } from 'node:crypto';
import { closeSync, constants, writeSync } from 'node:fs';
import { changeMode, openAt, renameAt, setTimes } from '../../base/libc.ts';
import type { OpenDirectory } from '../../base/open-directory.ts';
import { nameOf, type RawName, type RawPath } from '../../base/raw-path.ts';
import type { CapturedNode } from '../../model/capture.ts';
import type { Node } from '../../model/node.ts';
import { linkStored } from './file-link.ts';

export interface StoredStream {
  readonly node: Node;
  /** the content is that of the earlier snapshot, whose file it shares */
  readonly shared: boolean;
}

/** A node of an earlier snapshot, and the folder that its stored file lies in. */
interface Earlier {
  readonly node: Node;
  readonly folder: OpenDirectory;
}

/**
 * Writes the stream into `folder`. A stream has no time of its own: if the earlier node had the same content, it is
 * that node once more, with its time, and takes no room.
 */
export async function storeStream(
  captured: CapturedNode,
  folder: OpenDirectory,
  options: { path: RawPath; earlier?: Earlier; signal: AbortSignal },
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
  if (earlier === undefined || !isSame(earlier.node, node) || !shareEarlier(earlier, folder, name))
    return { node, shared: false };
  return { node: earlier.node, shared: true };
}

/** Puts the earlier file in the place of the new one, which stays when that can't be. */
function shareEarlier({ node, folder: from }: Earlier, folder: OpenDirectory, name: RawName): boolean {
  const beside = `.${name}.shared` as RawName;
  const to = { directory: folder.descriptor, name: beside };
  const { size, mtime } = node;
  if (!linkStored({ from: { directory: from.descriptor, name }, to, size, mtime })) return false;
  renameAt(folder.descriptor, beside, folder.descriptor, name);
  return true;
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
