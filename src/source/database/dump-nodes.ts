/** The nodes of a component of dumps: one folder, and a file for each dump in it. */
import type { RawName, RawPath } from '../../base/raw-path.ts';
import type { CapturedNode } from '../../model/capture.ts';
import { streamMetadata } from '../stream-nodes.ts';
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
    { metadata: streamMetadata('' as RawPath, 'dir', 0o700, host), xattrs: () => [] },
    ...files.map(
      ({ file, open }): CapturedNode => ({
        metadata: streamMetadata(file, 'file', 0o600, host),
        xattrs: () => [],
        content: { kind: 'stream', compressible: true, open },
      }),
    ),
  ];
}
