/**
 * The face of the room: the medium under a vault. A storage holds objects, each some bytes under a key; what they mean
 * is not its business. Local disk, SFTP and S3 keep this contract, so that nobody outside ever asks which it is; where
 * they differ, `capabilities` says how, as data.
 *
 * What holds everywhere:
 * - An object is whole or not there. It is seen under its key only when all its bytes are stored, and what is cut off
 *   by a crash, an error or the signal leaves no part of it under the key.
 * - An object is written once. There is no way to change one; `put` of a key that exists fails with STORAGE_EXISTS and
 *   leaves the object as it is.
 * - When `put`, `link` or `remove` resolves it will outlive a loss of power, unless its durability was put off to `sync`.
 *   Through the same Storage it is seen at once in any case.
 * - Every error of the medium is a HikaeError of `storageErrors`. It names the storage, the key, the operation and the
 *   cause; `transient` says that the same call may succeed a little later. Nothing is tried again in here: see `retrying`.
 * - After the signal nothing more is changed, and the call rejects with the signal's reason. What had been done by
 *   then stays done: an object may be there although its `put` was cancelled.
 * - Calls may be made at the same time, as many as one likes; `capabilities.parallel` says how many are of use.
 */
import type { CallOptions, ObjectStatus, Range } from './call.ts';
import type { Key } from './key.ts';
import type { Lock, Locking } from './locking.ts';

export interface Storage {
  /** where it is, as a person knows it: a path, or a URL without secrets */
  readonly location: string;
  readonly capabilities: Capabilities;
  /** versions of objects, and locks on them; absent where the medium knows neither */
  readonly locking?: Locking | undefined;

  /** Stores an object under a key that has none yet. */
  put(key: Key, body: Body, options: PutOptions): Promise<void>;

  /** All bytes of an object; STORAGE_TOO_LARGE when there are more than `limit`, which bounds what a foreign one may cost. */
  read(key: Key, options: CallOptions & { readonly limit: number }): Promise<Uint8Array>;

  /** Exactly `length` bytes from `offset`; STORAGE_TOO_SHORT when the object ends before. */
  readRange(key: Key, options: CallOptions & Range): Promise<Uint8Array>;

  /**
   * The bytes of an object in pieces: `length` of them, or all to its end, from `offset` (0); STORAGE_TOO_SHORT when the
   * object ends before. Nothing is held open when the caller stops in the middle. A piece belongs to the caller.
   */
  stream(key: Key, options: CallOptions & Partial<Range>): AsyncIterable<Uint8Array>;

  /** What is known of an object without reading it; undefined when there is none. */
  stat(key: Key, options: CallOptions): Promise<ObjectStatus | undefined>;

  /**
   * The objects whose keys begin with `folder` and a slash (all of them for ''), in the order of their keys' bytes, in
   * batches. What is put or removed meanwhile may be in it or not. A folder that doesn't exist is empty. Names that
   * are no keys (see `isKey`) and what is no object, such as a symlink, are left out.
   */
  list(folder: Key | '', options: CallOptions): AsyncIterable<readonly ObjectStatus[]>;

  /** Removes an object; there need not be one. */
  remove(key: Key, options: ChangeOptions): Promise<void>;

  /**
   * Gives an object a second key without sending its bytes again; each lives on when the other is removed.
   * STORAGE_LACKS where `capabilities.links` is `none`, STORAGE_REPLACED when it is not what `expect` says.
   */
  link(from: Key, to: Key, options: LinkOptions): Promise<void>;

  /**
   * The first segments of the keys that begin with `folder` and a slash and have more behind it, in the order of their
   * bytes. A medium that keeps folders tells empty ones too.
   */
  folders(folder: Key | '', options: CallOptions): Promise<readonly string[]>;

  /** What only a medium that keeps folders can do. */
  readonly tree?: Tree;

  /** When it resolves, everything changed before the call will outlive a loss of power. Costs nothing where all does. */
  sync(options: CallOptions): Promise<void>;

  /** Bytes and objects that the medium still takes; a field is absent where it sets no bound or doesn't tell. */
  room(options: CallOptions): Promise<Room>;

  /** Gives connections and temporary places back. What was put off to a `sync` that never came may be lost. */
  close(): Promise<void>;
}

export interface Capabilities {
  /**
   * `atomic`: of two that put the same key at the same moment, one fails. `checked`: the medium can only look first,
   * so both may succeed and the key then holds one of the two, whole.
   */
  readonly writeOnce: 'atomic' | 'checked';
  /** `shared`: a second key takes no room; `copied`: the medium copies the bytes by itself; `none`: it has no second keys */
  readonly links: 'shared' | 'copied' | 'none';
  /** calls at a time beyond which more do not make it faster */
  readonly parallel: number;
}

export interface Tree {
  /** Moves a folder with all in it, at once; STORAGE_EXISTS when something is there, STORAGE_NOT_FOUND without a folder. */
  move(from: Key, to: Key, options: CallOptions): Promise<void>;
  /** Removes a folder with all in it, objects or not; there need not be one. */
  remove(folder: Key, options: CallOptions): Promise<void>;
  /**
   * Lets a name lead to another in the same folder, for people who look at the medium; it is no object. undefined takes it
   * away. Who looks meanwhile sees the old or the new one.
   */
  point(name: Key, to: string | undefined, options: CallOptions): Promise<void>;
}

/** Bytes, or what can be opened again from its beginning for every further attempt. */
export type Body = Uint8Array | ReopenableBody;

export interface ReopenableBody {
  /** bytes; a stream of another length fails the put with STORAGE_BODY_CHANGED */
  readonly size: number;
  /** The pieces must stay as they are: several may be on the way at a time. */
  open(options: CallOptions): AsyncIterable<Uint8Array>;
}

export interface ChangeOptions extends CallOptions {
  /**
   * `at-sync`: need not outlive a loss of power before `sync` resolves, which costs one write of the disk's caches for
   * all instead of one for each. Others may see such an object only after the sync, so nothing that refers to it may be
   * put before. Default `now`.
   */
  readonly durable?: 'now' | 'at-sync';
}

export interface MakeOptions extends ChangeOptions {
  /** What is stored is locked from its first moment; STORAGE_LACKS where there is no `locking`. */
  readonly lock?: Lock | undefined;
  /** The caller knows that there is no such object, so a medium that could only look first does not look. */
  readonly isNew?: boolean;
}

export interface PutOptions extends MakeOptions {
  /** of the bytes, in hexadecimal, where the caller knows it: a server that is told it refuses any other bytes */
  readonly sha256?: string | undefined;
}

export interface LinkOptions extends MakeOptions {
  /** what the object has to be; the hash is compared where the medium knows one */
  readonly expect?: { readonly size: number; readonly sha256: string };
}

export interface Room {
  readonly bytes?: number;
  readonly objects?: number;
}

export type { CallOptions, ObjectStatus, Range } from './call.ts';
export { storageErrors } from './errors.ts';
export { isKey, type Key, keyFrom } from './key.ts';
export {
  covers,
  type Lock,
  type Locking,
  type LockingState,
  type LockMode,
  type ObjectVersion,
  type VersionStatus,
} from './locking.ts';
export { byKey, type HashOptions, hashIn, isSeen, rightVersion } from './right-version.ts';
