/** What the writer asks of its threads, and what they answer. One job is many entries that lie near each other. */
import type { RawName } from '../../base/raw-path.ts';
import type { Hole, Xattr } from '../../model/node.ts';

/** A descriptor of an open directory, and a name in it. */
export interface EntryPlace {
  readonly directory: number;
  readonly name: RawName;
}

/** Make `to` another name of an entry that is stored already, if it still has the size and time that it was stored with. */
export interface Link {
  readonly from: EntryPlace;
  readonly to: EntryPlace;
  readonly size: number;
  readonly mtime: bigint;
}

export interface LinkItem extends Link {
  readonly kind: 'link';
  /** set where the file is to be read first, because nobody knows whether it ever reached the disk whole */
  readonly sha256?: string;
}

/** Copy a file with all that it has, hashed in the same pass. */
export interface CopyItem {
  readonly kind: 'copy';
  readonly from: EntryPlace;
  readonly to: EntryPlace;
  readonly listed: Listed;
}

/** What moves whenever anything about a file does, as it was when the file was listed. */
export type Listed = Pick<CopiedStatus, 'size' | 'inode' | 'device' | 'mtime' | 'ctime'>;

/** Write a file of another snapshot: from where it lies there as plain bytes, or else these bytes. */
export interface KeptItem {
  readonly kind: 'kept';
  readonly from: EntryPlace | undefined;
  readonly bytes: Uint8Array;
  readonly to: EntryPlace;
  readonly attributes: KeptAttributes;
}

/** What the file gets, and the holes that its snapshot lists. */
export interface KeptAttributes {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly mtime: bigint;
  readonly xattrs: readonly Xattr[];
  readonly holes: readonly Hole[];
}

/** Read a stored file and compare it with what it should be. */
export interface HashItem {
  readonly kind: 'hash';
  readonly from: EntryPlace;
  readonly sha256: string;
}

export type Item = LinkItem | CopyItem | KeptItem | HashItem;

export type ItemResult =
  | { readonly kind: 'linked' }
  | { readonly kind: 'not-linkable' }
  | CopiedAsListed
  | Copied
  | Written
  | { readonly kind: 'sound' }
  | { readonly kind: 'damaged'; readonly reason: string }
  | { readonly kind: 'vanished' }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Nothing has moved since the listing, and there are neither attributes nor holes: so it is with most files. */
export interface CopiedAsListed {
  readonly kind: 'copied-as-listed';
  readonly sha256: string;
}

export interface Copied {
  readonly kind: 'copied';
  readonly sha256: string;
  readonly status: CopiedStatus;
  readonly xattrs: readonly Xattr[];
  readonly holes: readonly Hole[];
  /** it changed again and again while it was read */
  readonly changing: boolean;
  /** extended attributes that the vault keeps elsewhere and were refused here: the manifest alone has them */
  readonly refused: readonly string[];
}

export interface Written {
  readonly kind: 'written';
  readonly size: number;
  readonly sha256: string;
  readonly holes: readonly Hole[];
  readonly refused: readonly string[];
}

/** As the file was when its reading began; the size is what was read. */
export interface CopiedStatus {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  readonly size: number;
  readonly inode: bigint;
  readonly device: bigint;
  readonly mtime: bigint;
  readonly ctime: bigint;
}

export interface WorkerData {
  /** 64-bit numbers: [0] is not 0 when everything is to end, [1] counts the bytes that were read */
  readonly shared: SharedArrayBuffer;
  readonly keeps: Keeps;
}

/** What the stored tree keeps by itself; the manifest keeps everything. */
export interface Keeps {
  /** owners, and modes that lock their owner out: only root can keep these */
  readonly owners: boolean;
  /** beginnings of the names of extended attributes that the file system takes */
  readonly xattrs: readonly string[];
}
