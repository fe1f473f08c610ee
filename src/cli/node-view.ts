/** A node of a snapshot, for people as a line like that of `ls -l`, for machines as an object. */
import { goQuote } from '../base/go-quoting.ts';
import { formatSize } from '../base/quantities.ts';
import type { Node, NodeType } from '../model/node.ts';
import { padEnd, padStart } from '../report/report.ts';
import { exactNodeTime, shownNodeTime } from './shown.ts';

/** Paths are quoted as in the manifest, so that every name is text and can be given back as PATH. */
export function nodeView(node: Node, zone: string): Readonly<Record<string, unknown>> {
  const { path, type, mode, uid, gid, user, group, mtime, size, links, sha256 } = node;
  return {
    path: goQuote(path),
    type,
    mode: octal(mode),
    uid,
    gid,
    user,
    group,
    mtime: exactNodeTime(mtime, zone),
    size,
    links,
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(node.target === undefined ? {} : { target: goQuote(node.target) }),
    ...(node.hardlink === undefined ? {} : { hardlink: goQuote(node.hardlink) }),
    ...(type === 'dev' || type === 'chardev' ? { rdev: node.rdev } : {}),
    ...(node.holes.length === 0 ? {} : { holes: node.holes }),
    ...(node.xattrs.length === 0 ? {} : { xattrs: node.xattrs.map(xattrView) }),
  };
}

export function nodeLine(node: Node, zone: string): string {
  const { path, type, mode, uid, gid, user, group, mtime, size, target } = node;
  const columns = [
    letters[type] + permissions(mode),
    padEnd(user || String(uid), 8),
    padEnd(group || String(gid), 8),
    padStart(type === 'file' ? formatSize(size) : '-', 8),
    shownNodeTime(mtime, zone),
    target === undefined ? goQuote(path) : `${goQuote(path)} -> ${goQuote(target)}`,
  ];
  return columns.join('  ');
}

export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

function xattrView({ name, value }: Node['xattrs'][number]) {
  return { name, base64: value.toString('base64') };
}

const letters: Readonly<Record<NodeType, string>> = {
  dir: 'd',
  file: '-',
  symlink: 'l',
  fifo: 'p',
  chardev: 'c',
  dev: 'b',
  socket: 's',
};

/** `rwsr-x--T`: setuid, setgid and the sticky bit stand in the place of an `x`, as capitals where there is none. */
function permissions(mode: number): string {
  return [6, 3, 0]
    .map((shift, at) => {
      const bits = (mode >> shift) & 7;
      const special = (mode & (0o4000 >> at)) !== 0;
      const mark = at === 2 ? 't' : 's';
      const runs = (bits & 1) !== 0;
      const last = special ? (runs ? mark : mark.toUpperCase()) : runs ? 'x' : '-';
      return (bits & 4 ? 'r' : '-') + (bits & 2 ? 'w' : '-') + last;
    })
    .join('');
}
