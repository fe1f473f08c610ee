/** Go's FileMode, which the format keeps in place of st_mode. */
import type { NodeType } from '../../../model/node.ts';

const SETUID = 2 ** 23;
const SETGID = 2 ** 22;
const STICKY = 2 ** 20;

const DEVICE = 2 ** 26;
const typeBits: Readonly<Record<NodeType, number>> = {
  file: 0,
  dir: 2 ** 31,
  symlink: 2 ** 27,
  dev: DEVICE,
  chardev: DEVICE + 2 ** 21,
  fifo: 2 ** 25,
  socket: 2 ** 24,
};

/** `mode` as in a Node: permission bits with setuid, setgid and sticky. */
export function goMode(mode: number, type: NodeType): number {
  return (
    typeBits[type] +
    (mode & 0o777) +
    ((mode & 0o4000) === 0 ? 0 : SETUID) +
    ((mode & 0o2000) === 0 ? 0 : SETGID) +
    ((mode & 0o1000) === 0 ? 0 : STICKY)
  );
}

export function fromGoMode(goMode: number): number {
  return (
    (goMode & 0o777) |
    ((goMode & SETUID) === 0 ? 0 : 0o4000) |
    ((goMode & SETGID) === 0 ? 0 : 0o2000) |
    ((goMode & STICKY) === 0 ? 0 : 0o1000)
  );
}
