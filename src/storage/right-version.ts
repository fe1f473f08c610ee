/**
 * Which of an object's versions is the one that was stored. Whoever has got hold of the keys can lay others on top: of an
 * object that is named by its hash, or whose hash is known otherwise, the right one has that hash; of any other the oldest
 * is the one.
 */
import { createHash } from 'node:crypto';
import { isHikaeError } from '../base/errors.ts';
import type { CallOptions } from './call.ts';
import type { Key } from './key.ts';
import type { Locking, ObjectVersion } from './locking.ts';

export interface HashOptions extends CallOptions {
  /** of what was stored, where the name doesn't say it */
  readonly sha256?: string | undefined;
}

/** `versions` are all of one key, the latest first; undefined when none of them is right. */
export async function rightVersion(
  locking: Locking,
  versions: readonly ObjectVersion[],
  options: HashOptions,
): Promise<ObjectVersion | undefined> {
  const stored = versions.filter(({ deleted }) => !deleted).reverse();
  // One alone is checked by whoever reads it.
  if (stored.length <= 1) return stored[0];
  let refusal: unknown;
  for (const version of stored) {
    try {
      if (await isRight(locking, version, options)) return version;
    } catch (error) {
      // Somebody has encrypted it with a key of his own, or put it where we may not look.
      if (!isUnreadable(error)) throw error;
      refusal ??= isHikaeError(error, 'STORAGE_REFUSED') ? error : undefined;
    }
  }
  // It may be the one that we may not look at.
  if (refusal !== undefined) throw refusal;
  return undefined;
}

/** Whether everybody sees the right version, or another with the same bytes: nothing lies on top of it. */
export async function isSeen(
  locking: Locking,
  [latest]: readonly ObjectVersion[],
  right: ObjectVersion,
  options: HashOptions,
): Promise<boolean> {
  if (latest === undefined || latest.deleted) return false;
  if (latest === right) return true;
  const wanted = options.sha256 ?? hashIn(right.key) ?? (await hashOf(locking, right, options));
  try {
    return (await hashOf(locking, latest, options)) === wanted;
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return false;
  }
}

/** True also of a version under a name that is no hash. */
async function isRight(locking: Locking, version: ObjectVersion, options: HashOptions): Promise<boolean> {
  const wanted = options.sha256 ?? hashIn(version.key);
  return wanted === undefined || (await hashOf(locking, version, options)) === wanted;
}

function isUnreadable(error: unknown): boolean {
  return isHikaeError(error, 'STORAGE_FAILED', 'STORAGE_REFUSED');
}

/** By the server's word, or else by reading it. */
async function hashOf(
  locking: Locking,
  { key, version }: ObjectVersion,
  options: CallOptions,
): Promise<string> {
  const { sha256 } = await locking.statVersion(key, version, options);
  if (sha256 !== undefined) return sha256;
  const hash = createHash('sha256');
  for await (const piece of locking.streamVersion(key, version, options)) hash.update(piece);
  return hash.digest('hex');
}

/** The SHA-256 that the object is named by. */
export function hashIn(key: Key): string | undefined {
  const name = key.slice(key.lastIndexOf('/') + 1);
  return /^[0-9a-f]{64}$/.test(name) ? name : undefined;
}

/** Versions as they are listed, put together by key. */
export async function* byKey(
  batches: AsyncIterable<readonly ObjectVersion[]>,
): AsyncGenerator<readonly ObjectVersion[]> {
  let group: ObjectVersion[] = [];
  for await (const batch of batches) {
    for (const version of batch) {
      if (group.length > 0 && group[0]?.key !== version.key) {
        yield group;
        group = [];
      }
      group.push(version);
    }
  }
  if (group.length > 0) yield group;
}
