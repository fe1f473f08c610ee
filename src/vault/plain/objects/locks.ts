/**
 * Locks as objects: one writer at a time, and nobody removes what is being read. Whoever wants one puts his object first
 * and looks then, so that of two at least one sees the other. Ages are told by the medium's own clock, from two times that
 * it gave itself.
 */
import { z } from 'zod';
import { delay } from '../../../base/abort.ts';
import type { Clock } from '../../../base/clock.ts';
import { isHikaeError } from '../../../base/errors.ts';
import { isRunning, type ProcessIdentity } from '../../../base/process-identity.ts';
import type { Emit } from '../../../model/events.ts';
import { type Key, keyFrom, type Storage } from '../../../storage/storage.ts';
import { vaultErrors } from '../../errors.ts';
import type { VaultLock, VaultLocks } from '../../vault.ts';
import { OWN } from '../layout.ts';
import { elsewhereErrors } from './errors.ts';

/** Who we are. */
export interface LockHolder extends ProcessIdentity {
  /** this machine, whatever its name */
  readonly machine: string;
  readonly hostname: string;
}

export interface LockParts {
  readonly storage: Storage;
  readonly holder: LockHolder;
  readonly clock: Clock;
  readonly random: (size: number) => Uint8Array;
}

export interface HeldLock {
  /** aborts, with the error that says so, when the lock can't be kept */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

const LOCKS = keyFrom(`${OWN}/locks`);
const LARGEST = 65_536;
const POLL = 1_000;
const REFRESH = 5 * 60_000;
/** Older ones count for nothing; by then their holders have stopped. */
const STALE = 30 * 60_000;
const LOST_AFTER = 20 * 60_000;

const schema = z.object({
  version: z.literal(1),
  hostname: z.string(),
  machine: z.string(),
  pid: z.int(),
  started: z.int(),
  boot: z.string(),
  /** what is read; absent for who writes */
  place: z.string().exactOptional(),
});
type Lock = z.infer<typeof schema>;

/** A lock of somebody else; undefined where it can't be read. */
interface OtherLock {
  readonly lock: Lock | undefined;
  readonly seen: SeenLock;
}

interface SeenLock {
  readonly key: Key;
  /** by the medium's clock */
  readonly modified: number;
}

/** Takes the vault for writing; VAULT_LOCKED or VAULT_LOCKED_ELSEWHERE when another has it after `wait` milliseconds. */
export async function lockForWriting(
  parts: LockParts,
  { wait, emit, signal }: { readonly wait: number; readonly emit: Emit; readonly signal: AbortSignal },
): Promise<HeldLock> {
  const start = parts.clock.elapsed();
  for (;;) {
    const own = await putLock(parts, 'write', undefined, signal);
    let other: OtherLock | undefined;
    try {
      other = await findOther(parts, own, signal);
    } catch (error) {
      await removeLock(parts, own);
      throw error;
    }
    if (other === undefined) return keep(parts, 'write', undefined, own);
    await removeLock(parts, own);
    if ((parts.clock.elapsed() - start) * 1000 >= wait) throw refusal(parts, other);
    emit({ type: 'phase', phase: 'waiting' });
    // Two that have met each other must not go on meeting.
    await delay(POLL + Buffer.from(parts.random(2)).readUInt16LE() / 128, signal);
  }
}

/** Says that a snapshot is being read. Where nothing may be put nothing is removed either. */
export async function lockForReading(
  parts: LockParts,
  place: string,
  signal: AbortSignal,
): Promise<HeldLock> {
  try {
    return keep(parts, 'read', place, await putLock(parts, 'read', place, signal));
  } catch (error) {
    if (!isHikaeError(error, 'STORAGE_REFUSED')) throw error;
    return { lost: new AbortController().signal, release: async () => undefined };
  }
}

/** The locks of others, and which of them nobody holds any more. */
export function openLocks(parts: LockParts): VaultLocks {
  return {
    async list({ signal }) {
      // Ages are told by the time that the medium gives ours.
      const own = await putLock(parts, 'read', undefined, signal);
      try {
        const { now, others } = await locksBeside(parts, '', own, signal);
        const locks: VaultLock[] = [];
        for (const seen of others) {
          const lock = await readLock(parts, seen.key, signal);
          if (lock === 'gone') continue;
          const holder = lock && { host: lock.hostname, pid: lock.pid };
          locks.push({
            id: seen.key.slice(LOCKS.length + 1),
            ...(holder && { holder }),
            time: seen.modified,
            exclusive: false,
            stale: await isAbandoned(parts, lock, seen, now, signal),
          });
        }
        return locks;
      } finally {
        await removeLock(parts, own);
      }
    },
    remove: ({ id }, { signal }) => parts.storage.remove(keyFrom(`${LOCKS}/${id}`), { signal }),
  };
}

/** Whether somebody reads the snapshot at a place. */
export async function isRead(parts: LockParts, place: string, signal: AbortSignal): Promise<boolean> {
  const own = await putLock(parts, 'read', undefined, signal);
  try {
    const { now, others } = await locksBeside(parts, 'read-', own, signal);
    for (const seen of others) {
      const lock = await readLock(parts, seen.key, signal);
      if (lock === 'gone' || (lock !== undefined && lock.place !== place)) continue;
      // One that can't be read may be of a reader of this place.
      if (!(await isAbandoned(parts, lock, seen, now, signal))) return true;
    }
    return false;
  } finally {
    await removeLock(parts, own);
  }
}

async function findOther(parts: LockParts, own: Key, signal: AbortSignal): Promise<OtherLock | undefined> {
  const { now, others } = await locksBeside(parts, 'write-', own, signal);
  for (const seen of others) {
    const lock = await readLock(parts, seen.key, signal);
    if (lock === 'gone') continue;
    if (!(await isAbandoned(parts, lock, seen, now, signal))) return { lock, seen };
    await parts.storage.remove(seen.key, { signal });
  }
  return undefined;
}

/** The locks of a kind, or of all, and the time that the medium gave ours. */
async function locksBeside(
  { storage }: LockParts,
  kind: 'write-' | 'read-' | '',
  own: Key,
  signal: AbortSignal,
) {
  const others: SeenLock[] = [];
  let now = 0;
  for await (const batch of storage.list(LOCKS, { signal })) {
    for (const { key, modified } of batch) {
      if (key === own) now = modified;
      else if (key.startsWith(`${LOCKS}/${kind}`)) others.push({ key, modified });
    }
  }
  return { now, others };
}

/** Only what can be proved: it was not refreshed for long, or its process on this very machine has ended. */
async function isAbandoned(
  { holder }: LockParts,
  lock: Lock | undefined,
  { modified }: SeenLock,
  now: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (now - modified > STALE) return true;
  return lock?.machine === holder.machine && !(await isRunning(lock, { signal }));
}

/** Undefined where it can't be read. */
async function readLock(
  { storage }: LockParts,
  key: Key,
  signal: AbortSignal,
): Promise<Lock | 'gone' | undefined> {
  try {
    const bytes = await storage.read(key, { limit: LARGEST, signal });
    return schema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (error) {
    // It was released, or refreshed under another name, since it was listed.
    if (isHikaeError(error, 'STORAGE_NOT_FOUND')) return 'gone';
    if (isHikaeError(error, 'STORAGE_TOO_LARGE')) return undefined;
    if (!(error instanceof SyntaxError) && !(error instanceof z.ZodError)) throw error;
    return undefined;
  }
}

async function putLock(
  { storage, holder, random }: LockParts,
  kind: 'write' | 'read',
  place: string | undefined,
  signal: AbortSignal,
): Promise<Key> {
  const key = keyFrom(`${LOCKS}/${kind}-${Buffer.from(random(16)).toString('hex')}`);
  const { hostname, machine, pid, started, boot } = holder;
  const lock: Lock = {
    version: 1,
    hostname,
    machine,
    pid,
    started,
    boot,
    ...(place === undefined ? {} : { place }),
  };
  await storage.put(key, Buffer.from(`${JSON.stringify(lock)}\n`), { signal });
  return key;
}

/** Also when everything was cancelled: what we have put there we take away. */
async function removeLock({ storage }: LockParts, key: Key): Promise<void> {
  await storage.remove(key, { signal: new AbortController().signal });
}

function refusal({ storage, holder }: LockParts, { lock, seen }: OtherLock): Error {
  const path = storage.location;
  if (lock === undefined) {
    const since = new Date(seen.modified).toISOString();
    return vaultErrors.VAULT_LOCK_UNREADABLE({ path, object: seen.key, since });
  }
  if (lock.machine === holder.machine) return vaultErrors.VAULT_LOCKED({ path });
  const since = new Date(seen.modified).toISOString();
  return elsewhereErrors.VAULT_LOCKED_ELSEWHERE({ path, pid: lock.pid, host: lock.hostname, since });
}

/** Refreshes it under new names, of which the last two are kept: who lists meanwhile sees one of them. */
function keep(parts: LockParts, kind: 'write' | 'read', place: string | undefined, first: Key): HeldLock {
  const lost = new AbortController();
  const ended = new AbortController();
  const own: Key[] = [first];
  let refreshed = parts.clock.elapsed();
  let refreshing: Promise<void> = Promise.resolve();

  function lose(reason: string): void {
    clearInterval(timer);
    lost.abort(elsewhereErrors.VAULT_WRITE_LOCK_LOST({ path: parts.storage.location, reason }));
  }

  async function refresh(): Promise<void> {
    try {
      const newest = own.at(-1) as Key;
      if ((await parts.storage.stat(newest, { signal: ended.signal })) === undefined)
        return lose('somebody has removed it');
      own.push(await putLock(parts, kind, place, ended.signal));
      refreshed = parts.clock.elapsed();
      while (own.length > 2) await removeLock(parts, own.shift() as Key);
    } catch (error) {
      if (ended.signal.aborted) return;
      const late = (parts.clock.elapsed() - refreshed) * 1000;
      if (late >= LOST_AFTER) lose(error instanceof Error ? error.message : String(error));
    }
  }

  const timer = setInterval(() => {
    refreshing = refreshing.then(refresh);
  }, REFRESH);
  timer.unref();

  return {
    lost: lost.signal,
    async release() {
      clearInterval(timer);
      ended.abort();
      await refreshing;
      for (const key of own) await removeLock(parts, key);
    },
  };
}
