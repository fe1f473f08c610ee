/**
 * What a medium that keeps versions offers besides: every version of an object, and locks on versions. A version that is
 * locked can't be removed before its date; a new version, or a marker that says "deleted", can be laid on top of it all the
 * same. So whoever relies on a lock names the version, always, and reads it by its name.
 *
 * What holds everywhere:
 * - A lock is never shortened and its mode never lowered, whatever is asked for.
 * - A lock counts as given only when the server, asked again, has told its mode and its date.
 * - What the server doesn't tell is `unknown`. It may leave a lock out for whoever has no right to see it, so that
 *   "not told" is neither "not locked" nor "in order".
 * - Times are the server's: `time` in an answer is what its clock said when it gave it.
 */
import type { CallOptions, ObjectStatus, Range } from './call.ts';
import { storageErrors } from './errors.ts';
import type { Key } from './key.ts';

/** As in S3: nobody can lift `compliance`; whoever has the right to can lift `governance`. */
export type LockMode = 'compliance' | 'governance';

export interface Lock {
  readonly mode: LockMode;
  /** milliseconds since 1970 UTC; servers keep whole seconds, so that it may become up to one second later */
  readonly until: number;
}

export interface Locking {
  /** What the medium as a whole says of versions and locks. */
  state(options: CallOptions): Promise<LockingState>;

  /**
   * All versions of the objects that `list` would name and of those that are deleted, and of a key itself when `folder` is
   * one; keys in the order of their bytes, those of one key together with the latest first. In batches.
   */
  versions(folder: Key | '', options: CallOptions): AsyncIterable<readonly ObjectVersion[]>;

  /** STORAGE_NOT_FOUND when there is no such version. */
  statVersion(key: Key, version: string, options: CallOptions): Promise<VersionStatus>;

  /** As `stream`, of one version. */
  streamVersion(key: Key, version: string, options: CallOptions & Partial<Range>): AsyncIterable<Uint8Array>;

  /**
   * Sees to it that a version is locked at least until then, in a mode at least as strict; gives what it has now.
   * STORAGE_LOCK_SHORT when the server has it otherwise after all.
   */
  extend(key: Key, version: string, lock: Lock, options: CallOptions): Promise<VersionStatus>;

  /** Makes a new latest version of an old one's bytes, which aren't sent again. */
  layOnTop(key: Key, version: string, options: CallOptions & { readonly lock?: Lock }): Promise<void>;
}

export interface LockingState {
  /** every change makes a version; undefined when we may not ask */
  readonly versioned: boolean | undefined;
  /** versions can be locked; undefined when we may not ask */
  readonly lockable: boolean | undefined;
  readonly time: number;
}

export interface ObjectVersion {
  readonly key: Key;
  readonly version: string;
  /** bytes; 0 of a marker */
  readonly size: number;
  readonly modified: number;
  readonly latest: boolean;
  /** no bytes but a mark that the object is deleted */
  readonly deleted: boolean;
}

export interface VersionStatus extends ObjectStatus {
  readonly version: string;
  readonly lock: Lock | 'none' | 'unknown';
  readonly time: number;
  /** what the server calls this question, for whoever has its logs */
  readonly request: string;
}

const strictness: readonly LockMode[] = ['governance', 'compliance'];

/** Whether what is there is as good as what is wanted. */
export function covers(found: VersionStatus['lock'], wanted: Lock): boolean {
  if (found === 'none' || found === 'unknown') return false;
  return strictness.indexOf(found.mode) >= strictness.indexOf(wanted.mode) && found.until >= wanted.until;
}

/** For media without locks: STORAGE_LACKS when one is asked for, since nobody may believe that it was given. */
export function refuseLock(storage: string, { lock }: { readonly lock?: Lock | undefined }): void {
  if (lock !== undefined) throw storageErrors.STORAGE_LACKS({ storage, lacks: 'object locks' });
}
