/** A real tree as a test looks at it: described entry by entry, or taken into a snapshot in memory. */
import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, readdirSync, readFileSync } from 'node:fs';
import { getXattr, listXattrs, nextData, readLinkAt, type Status, statusAt } from '../../src/base/libc.ts';
import { forFileSystem, joinRaw, type RawName, type RawPath, rawFromText } from '../../src/base/raw-path.ts';
import type { Hole, Node, Xattr } from '../../src/model/node.ts';
import type { Origin } from '../../src/model/snapshot.ts';
import { MemorySnapshot, nodeOf } from './memory-snapshot.ts';

interface LiveEntry {
  /** relative to the tree's root */
  readonly path: RawPath;
  readonly status: Status;
  readonly directory: number;
  readonly name: RawName;
  readonly full: RawPath;
}

/** Depth first, byte by byte; the root itself first, as ''. */
function* walk(root: string): Generator<LiveEntry> {
  const directory = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const full = rawFromText(root);
    const entry = { path: '' as RawPath, status: statusAt(directory, '.' as RawName), directory, full };
    yield { ...entry, name: '.' as RawName };
    yield* walkBelow('' as RawPath, full);
  } finally {
    closeSync(directory);
  }
}

function* walkBelow(path: RawPath, folder: RawPath): Generator<LiveEntry> {
  const directory = openSync(forFileSystem(folder), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const names = readdirSync(`/proc/self/fd/${directory}`, { encoding: 'latin1' }).sort() as RawName[];
    for (const name of names) {
      const full = joinRaw(folder, name);
      const status = statusAt(directory, name);
      yield { path: joinRaw(path, name), status, directory, name, full };
      if (status.type === 'dir') yield* walkBelow(joinRaw(path, name), full);
    }
  } finally {
    closeSync(directory);
  }
}

function xattrsOf({ directory, name }: LiveEntry): Xattr[] {
  return listXattrs({ directory, name }).map((key) => ({
    name: key,
    value: getXattr({ directory, name }, key) ?? Buffer.alloc(0),
  }));
}

/** Every entry by its path, with all that a snapshot keeps of it as one line of text. */
export function describeTree(root: string): Map<string, string> {
  const described = new Map<string, string>();
  const groups = new Map<bigint, string>();
  for (const entry of walk(root)) {
    const { type, mode, uid, gid, mtime, size, rdev, inode, links } = entry.status;
    const facts: unknown[] = [type, type === 'symlink' ? '' : mode.toString(8), uid, gid, mtime];
    if (type === 'file') facts.push(size, hashOf(readFileSync(forFileSystem(entry.full))));
    if (type === 'symlink') facts.push(readLinkAt(entry.directory, entry.name));
    if (type === 'dev' || type === 'chardev') facts.push(rdev);
    if (type === 'file' && links > 1) {
      const first = groups.get(inode);
      if (first === undefined) groups.set(inode, entry.path);
      else facts.push(`the same as ${first}`);
    }
    for (const { name, value } of xattrsOf(entry).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      facts.push(`${name}=${value.toString('hex')}`);
    }
    described.set(entry.path, facts.join(' '));
  }
  return described;
}

/** Takes a tree into a snapshot, as the component `name`. */
export function takeSnapshot(root: string, component: string, origin: Origin): MemorySnapshot {
  const nodes: Node[] = [];
  const contents = new Map<string, Buffer>();
  const groups = new Map<bigint, RawPath>();
  for (const entry of walk(root)) {
    const path = entry.path === '' ? component : `${component}/${entry.path}`;
    const { blocks: _, ...status } = entry.status;
    const size = status.type === 'file' ? status.size : 0;
    const fields: Partial<Node> = { ...status, size, xattrs: xattrsOf(entry) };
    if (status.type === 'symlink') {
      nodes.push(nodeOf(path, { ...fields, target: readLinkAt(entry.directory, entry.name) }));
    } else if (status.type === 'file') {
      const content = readFileSync(forFileSystem(entry.full));
      const first = groups.get(status.inode);
      if (first === undefined) contents.set(path, content);
      if (first === undefined && status.links > 1) groups.set(status.inode, path as RawPath);
      const more = { sha256: hashOf(content), holes: holesOf(entry.full, size) };
      nodes.push(nodeOf(path, { ...fields, ...more, ...(first === undefined ? {} : { hardlink: first }) }));
    } else {
      nodes.push(nodeOf(path, fields));
    }
  }
  return new MemorySnapshot(nodes, contents, origin);
}

function holesOf(path: RawPath, size: number): Hole[] {
  const holes: Hole[] = [];
  const file = openSync(forFileSystem(path), 'r');
  try {
    let at = 0;
    while (at < size) {
      const data = nextData(file, at);
      const offset = data?.offset ?? size;
      if (offset > at) holes.push({ offset: at, length: offset - at });
      at = data?.end ?? size;
    }
  } finally {
    closeSync(file);
  }
  return holes;
}

function hashOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
