/** Nodes of what lies on no disk: its content comes as a stream. */
import type { Clock } from '../base/clock.ts';
import type { RawPath } from '../base/raw-path.ts';
import type { NodeMetadata } from '../model/node.ts';

export interface StreamHost {
  readonly clock: Clock;
  /** who the nodes belong to */
  readonly owner: Pick<NodeMetadata, 'uid' | 'gid' | 'user' | 'group'>;
}

/** There is no entry on a disk to look at. The size is 0 until the content has been read. */
export function streamMetadata(
  path: RawPath,
  type: 'dir' | 'file',
  mode: number,
  { clock, owner }: StreamHost,
): NodeMetadata {
  const now = BigInt(Math.floor(clock.now() * 1000)) * 1000n;
  return {
    path,
    type,
    mode,
    ...owner,
    mtime: now,
    ctime: now,
    inode: 0n,
    device: 0n,
    links: 1,
    size: 0,
    rdev: 0n,
  };
}
