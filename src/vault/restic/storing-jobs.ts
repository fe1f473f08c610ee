/** What the writer asks of its threads, and what they answer. One job is many files that lie near each other. */
import type { FilePlace } from '../../model/capture.ts';
import type { Xattr } from '../../model/node.ts';
import type { SharedIndex } from './blob-index.ts';
import type { PackedBlob } from './format/blob.ts';
import type { MasterKey } from './format/sealing.ts';

/** Read a file, cut it into blobs, and store those that nobody has. */
export interface FileItem {
  readonly kind: 'file';
  readonly place: FilePlace;
}

/** Store a chunk that was cut elsewhere: of a stream, or one of hikae's own files. */
export interface ChunkItem {
  readonly kind: 'chunk';
  readonly bytes: Uint8Array;
}

export type Job =
  | { readonly kind: 'store'; readonly items: readonly (FileItem | ChunkItem)[] }
  /** Close the pack that is being filled. */
  | { readonly kind: 'flush' };

export type ItemResult =
  | StoredFile
  | { readonly kind: 'chunk'; readonly id: string; readonly newBytes: number }
  | { readonly kind: 'vanished' }
  | { readonly kind: 'unreadable'; readonly reason: string };

export interface StoredFile {
  readonly kind: 'file';
  /** as the file was when its reading began; the size is what was read */
  readonly status: StoredStatus;
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

/** A pack that is full, told while the job goes on. */
export interface FinishedPack {
  readonly id: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly blobs: readonly PackedBlob[];
}

export interface WorkerData {
  readonly index: SharedIndex;
  readonly key: MasterKey;
  readonly polynomial: bigint;
  /** 32 unpredictable bytes; each thread makes its own of them */
  readonly seed: Uint8Array;
  /** 64-bit numbers: [0] is not 0 when everything is to end, [1] counts the bytes that were read */
  readonly counters: SharedArrayBuffer;
  /** one 32-bit number: the packs that wait to be stored */
  readonly waiting: SharedArrayBuffer;
  /** nothing is stored: it is only found out what would be */
  readonly dry: boolean;
}

/** So many finished packs may wait for the storage before the threads wait for them. */
export const MOST_PACKS_WAITING = 4;
