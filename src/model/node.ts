/** The nodes of a snapshot: what a directory tree is made of, with everything that Linux keeps about it. */
import type { RawName, RawPath } from '../base/raw-path.ts';

export type NodeType = 'dir' | 'file' | 'symlink' | 'fifo' | 'chardev' | 'dev' | 'socket';

export interface Xattr {
  readonly name: string;
  readonly value: Buffer;
}

/** A range of a file that holds no data; it reads as zeros. */
export interface Hole {
  readonly offset: number;
  readonly length: number;
}

/** What an lstat tells of an entry, and what hangs on it. Times are nanoseconds since 1970 UTC. */
export interface NodeMetadata {
  /** place in the snapshot, its component first: `vmail/example.org/cur/…` */
  readonly path: RawPath;
  readonly type: NodeType;
  /** permission bits with setuid, setgid and sticky: 0 to 0o7777 */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** names of owner and group where they were known, else empty */
  readonly user: string;
  readonly group: string;
  readonly mtime: bigint;
  readonly ctime: bigint;
  readonly inode: bigint;
  /** the file system that it lay on (st_dev) */
  readonly device: bigint;
  readonly links: number;
  /** bytes of a file's logical content; 0 for every other type */
  readonly size: number;
  /** the device that a `dev` or `chardev` stands for (st_rdev), else 0 */
  readonly rdev: bigint;
}

/** How a vault keeps a content that it doesn't keep byte for byte. It concerns nobody but that vault. */
export interface StoredForm {
  /** in the folder that the file itself lies in */
  readonly name: RawName;
  readonly encoding: 'gzip';
  /** bytes that are stored, and their SHA-256 in hexadecimal */
  readonly size: number;
  readonly sha256: string;
}

export interface Node extends NodeMetadata {
  /** SHA-256 of the logical content, in hexadecimal; files only */
  readonly sha256?: string;
  /** files only, in place of the hash: the vault knows those of the content's parts, and checks them when it reads */
  readonly inParts?: true;
  /** what a symlink points to, as its bytes */
  readonly target?: RawPath;
  /** the first path of the hard-link group that this file belongs to; the first itself has none */
  readonly hardlink?: RawPath;
  readonly xattrs: readonly Xattr[];
  readonly holes: readonly Hole[];
  /** files only; without it the content lies in the vault as it is */
  readonly stored?: StoredForm;
}
