/** What is put in the place of objects that are locked has to stay as long as they do. */
import { byKey, type CallOptions, type Key, type Lock, type Storage } from '../../storage/storage.ts';

/** The longest lock of these objects of one folder that isn't over; undefined where there is none. */
export async function longestLock(
  { locking }: Storage,
  folder: Key,
  objects: ReadonlySet<Key>,
  { signal }: CallOptions,
): Promise<Lock | undefined> {
  if (locking === undefined || objects.size === 0) return undefined;
  let longest: Lock | undefined;
  for await (const [latest] of byKey(locking.versions(folder, { signal }))) {
    if (latest === undefined || latest.deleted || !objects.has(latest.key)) continue;
    const { lock, time } = await locking.statVersion(latest.key, latest.version, { signal });
    if (typeof lock === 'object' && lock.until > time) longest = both(longest, lock);
  }
  return longest;
}

/** Locks what was just put at least so long, beyond what it was put with. */
export async function lockAsLong(
  { locking }: Storage,
  key: Key,
  lock: Lock | undefined,
  { signal }: CallOptions,
): Promise<void> {
  if (locking === undefined || lock === undefined) return;
  for await (const [latest] of byKey(locking.versions(key, { signal })))
    if (latest !== undefined) await locking.extend(latest.key, latest.version, lock, { signal });
}

function both(one: Lock | undefined, other: Lock): Lock {
  if (one === undefined) return other;
  const mode = one.mode === 'compliance' ? one.mode : other.mode;
  return { mode, until: Math.max(one.until, other.until) };
}
