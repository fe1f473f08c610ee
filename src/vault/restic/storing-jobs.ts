/** What the writer asks of its threads, and what they answer. One job is many files that lie near each other. */
import type { FilePlace } from '../../model/capture.ts';
import type { Xattr } from '../../model/node.ts';
import type { SharedIndex } from './blob-index.ts';
import type { PackedBlob } from './format/blob.ts';
import type { MasterKey } from './format/sealing.ts';
import type { SharedRooms } from './pack-rooms.ts';

/** A file that is to be read, and what was listed of it. */
export interface FileItem {
  readonly place: FilePlace;
  readonly listed: StoredStatus;
}

export type Job =
  /** Read files, cut them into blobs, and store those that nobody has. */
  | ({ readonly kind: 'files' } & FileColumns)
  /** Store a chunk that was cut elsewhere: of a stream, or one of hikae's own files. */
  | { readonly kind: 'chunk'; readonly bytes: Uint8Array }
  /** Close the pack that is being filled. */
  | { readonly kind: 'flush' };

export type Answer =
  | ({ readonly kind: 'files' } & ResultColumns)
  | ({ readonly kind: 'chunk' } & StoredChunk)
  | { readonly kind: 'flushed' };

export interface StoredChunk {
  readonly id: string;
  readonly newBytes: number;
}

export type FileResult =
  | StoredFile
  | { readonly kind: 'vanished' }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Files that are to be read; see storing-columns.ts. */
export interface FileColumns {
  readonly directories: Int32Array;
  /** every one ended by the byte that no name has */
  readonly names: string;
  /** for each file mode, uid, gid and links, then its size */
  readonly numbers: Float64Array;
  /** for each file inode, device, mtime and ctime; the first two without a sign */
  readonly large: BigInt64Array;
}

/** What became of them. */
export interface ResultColumns {
  readonly kinds: Uint8Array;
  /** for each file that was as listed and is one blob the blob's 32 bytes */
  readonly ids: Uint8Array;
  /** results that no column has room for */
  readonly others: readonly FileResult[];
}

export interface StoredFile {
  readonly kind: 'file';
  /** what was read */
  readonly size: number;
  /** as the file was when its reading began, with the size that was read; undefined when that is what was listed */
  readonly status: StoredStatus | undefined;
  readonly content: readonly string[];
  /** of the whole content, where that is more than one blob */
  readonly sha256: string | undefined;
  /** bytes of the blobs that nobody had, before they were compressed */
  readonly newBytes: number;
  readonly xattrs: readonly Xattr[];
  /** it changed again and again while it was read */
  readonly changing: boolean;
}

export interface StoredStatus {
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

/** A pack that is full. */
export interface FinishedPack {
  readonly id: string;
  /** nobody writes to them any more until they are given back */
  readonly bytes: Uint8Array;
  readonly blobs: readonly PackedBlob[];
  /** the same in the form of the list at its end */
  readonly list: Uint8Array;
}

/** As a thread tells it while the job goes on; `room` is where its bytes lie. */
export type HandedPack = Omit<FinishedPack, 'blobs'> & { readonly room: number };

export interface WorkerData {
  readonly index: SharedIndex;
  readonly key: MasterKey;
  readonly polynomial: bigint;
  /** 32 unpredictable bytes; each thread makes its own of them */
  readonly seed: Uint8Array;
  /** 64-bit numbers: [0] is not 0 when everything is to end, [1] counts the bytes that were read */
  readonly counters: SharedArrayBuffer;
  readonly rooms: SharedRooms;
  /** nothing is stored: it is only found out what would be */
  readonly dry: boolean;
}
