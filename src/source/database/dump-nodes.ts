/** The nodes of a component of dumps: one folder, and a file for each dump in it. */
import type { RawName, RawPath } from '../../base/raw-path.ts';
import type { CapturedNode } from '../../model/capture.ts';
import type { NodeMetadata } from '../../model/node.ts';
import type { DatabaseHost } from './host.ts';

export interface Dump {
  readonly file: RawName;
  /** The whole dump, once. It throws when its end isn't a good one. */
  open(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** In the order of a snapshot. Dumps hold passwords' hashes and people's mail: nobody else may read them. */
export function dumpNodes(dumps: readonly Dump[], host: DatabaseHost): CapturedNode[] {
  const files = dumps.toSorted((one, other) => (one.file < other.file ? -1 : 1));
  return [
    { metadata: metadata('' as RawPath, 'dir', 0o700, host), xattrs: () => [] },
    ...files.map(
      ({ file, open }): CapturedNode => ({
        metadata: metadata(file, 'file', 0o600, host),
        xattrs: () => [],
        content: { kind: 'stream', compressible: true, open },
      }),
    ),
  ];
}

/** There is no entry on a disk to look at. The size is 0 until the content has been read. */
function metadata(path: RawPath, type: 'dir' | 'file', mode: number, host: DatabaseHost): NodeMetadata {
  const now = BigInt(Math.floor(host.clock.now() * 1000)) * 1000n;
  return {
    path,
    type,
    mode,
    ...host.owner,
    mtime: now,
    ctime: now,
    inode: 0n,
    device: 0n,
    links: 1,
    size: 0,
    rdev: 0n,
  };
}
