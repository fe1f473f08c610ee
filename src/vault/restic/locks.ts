/**
 * The locks of the format: files that say who works with the repository. Whoever only reads or adds needs that nobody is
 * alone with it; whoever removes must be alone. On one machine, besides, only one hikae writes at a time.
 */
import { delay } from '../../base/abort.ts';
import type { Clock } from '../../base/clock.ts';
import { isHikaeError } from '../../base/errors.ts';
import { isRunning } from '../../base/process-identity.ts';
import type { Emit } from '../../model/events.ts';
import { vaultErrors } from '../errors.ts';
import { repositoryErrors } from './errors.ts';
import { encodeLockFile, type LockFile, type OwnLock, parseLockFile } from './format/lock-file.ts';
import { keyOf } from './layout.ts';
import { listIds, readUnpacked, type Signalled, writeUnpacked } from './objects.ts';
import type { Repository } from './repository.ts';

/** Who we are, as locks tell it. */
export interface LockOwner extends Omit<OwnLock, 'writes'> {
  readonly hostname: string;
  readonly username: string;
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

export interface LockParts {
  readonly repository: Repository;
  readonly owner: LockOwner;
  readonly clock: Clock;
}

export interface LockRequest extends Signalled {
  readonly exclusive: boolean;
  readonly writes: boolean;
  /** milliseconds */
  readonly wait: number;
  readonly emit: Emit;
  /** nothing is waited for with keys that may put no lock anyway: STORAGE_REFUSED */
  readonly asReader?: boolean;
  /** locks of ours that don't stand in the way */
  readonly besides?: readonly HeldLock[];
}

/** How a lock is taken by who reads: not at all, or after waiting for others so many milliseconds. */
export interface ReadingLock {
  readonly lock: boolean;
  readonly wait: number;
  readonly emit: Emit;
}

export interface HeldLock {
  /** the file that stands for it now */
  readonly id: string;
  /** aborts, with the error that says so, when the lock can't be kept */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/** Others who take a lock at the same moment need this long to see ours, in milliseconds. */
const SETTLING = 200;
const POLL = 1000;
/** Two that begin at the same moment must not both give up because of each other: one comes through within a few tries. */
const MEETING = 15_000;
const REFRESH = 5 * 60_000;
/** Others call a lock stale after 30 minutes; by then we must have stopped. */
const LOST_AFTER = 22.5 * 60_000;

export async function takeLock(parts: LockParts, request: LockRequest): Promise<HeldLock> {
  const { wait, emit, signal, asReader = false, besides = [] } = request;
  const { elapsed } = parts.clock;
  const own = () => new Set(besides.map(({ id }) => id));
  let mayPut = !asReader;
  for (const start = elapsed(); ; ) {
    const waited = () => (elapsed() - start) * 1000;
    const conflict = await findConflict(parts, request, own(), signal);
    if (conflict !== undefined && !mayPut) await removeLock(parts, await putLock(parts, request, signal));
    mayPut = true;
    let pause = POLL;
    if (conflict === undefined) {
      const id = await putLock(parts, request, signal);
      let met: Conflict | undefined;
      try {
        await delay(SETTLING, signal);
        met = await findConflict(parts, request, own().add(id), signal);
        if (met === undefined) return keep(parts, request, id);
      } catch (error) {
        await removeLock(parts, id);
        throw error;
      }
      await removeLock(parts, id);
      if (waited() >= Math.max(wait, MEETING)) throw refusal(parts, met);
      // Two that have met each other must not go on meeting. The name of a lock is as good as chance.
      pause += Number.parseInt(id.slice(0, 8), 16) % POLL;
    } else if (waited() >= wait) {
      throw refusal(parts, conflict);
    } else {
      emit({ type: 'phase', phase: 'waiting' });
    }
    await delay(pause, signal);
  }
}

/**
 * A copy on a read-only medium can be read all the same: nobody removes anything from it. Nor does whoever may only read wait
 * for others: a lock that somebody has left there to keep him out is one that he couldn't remove.
 */
export async function lockForReading(
  parts: LockParts,
  { lock: wanted, wait, emit }: ReadingLock,
  signal: AbortSignal,
): Promise<() => Promise<void>> {
  if (!wanted) return async () => {};
  const request = { exclusive: false, writes: false, wait, emit, signal };
  try {
    const lock = await takeLock(parts, { ...request, asReader: true });
    return () => lock.release();
  } catch (error) {
    if (!isHikaeError(error, 'STORAGE_REFUSED')) throw error;
    return async () => {};
  }
}

/** Whoever changes what is there is alone with it; who only plans that locks as a reader. `ends` tells of a lock that is lost. */
export async function lockForUpkeep(
  parts: LockParts,
  {
    dryRun,
    wait,
    emit,
    signal,
  }: { readonly dryRun: boolean } & Pick<LockRequest, 'wait' | 'emit' | 'signal'>,
): Promise<{ readonly ends: readonly AbortSignal[]; release(): Promise<void> }> {
  if (dryRun) return { ends: [], release: await lockForReading(parts, { lock: true, wait, emit }, signal) };
  const lock = await takeLock(parts, { exclusive: true, writes: false, wait, emit, signal });
  return { ends: [lock.lost], release: () => lock.release() };
}

/** A lock that stands in the way. */
interface Conflict {
  readonly id: string;
  /** when it was put, by the medium */
  readonly modified: number;
  /** undefined where it can't be read: somebody has put it there, whoever that was */
  readonly lock: LockFile | undefined;
}

function refusal({ repository, owner }: LockParts, { id, modified, lock }: Conflict): Error {
  const { location: path } = repository.storage;
  if (lock === undefined) {
    const since = new Date(modified).toISOString();
    return vaultErrors.VAULT_LOCK_UNREADABLE({ path, object: keyOf('locks', id), since });
  }
  if (lock.hikae?.writes === true && lock.hikae.machine === owner.machine) {
    return vaultErrors.VAULT_LOCKED({ path });
  }
  const since = new Date(lock.time).toISOString();
  return repositoryErrors.VAULT_REPOSITORY_LOCKED({ path, pid: lock.pid, host: lock.hostname, since });
}

/** The first lock that stands in the way. Those of hikae processes of this machine that are gone are removed, whatever they were. */
async function findConflict(
  parts: LockParts,
  request: Pick<LockRequest, 'exclusive' | 'writes'>,
  own: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Conflict | undefined> {
  const { repository, owner } = parts;
  for (const { id, size, modified } of await listIds(repository.storage, 'locks', { signal })) {
    // restic leaves an empty file where it ran out of room.
    if (size === 0 || own.has(id)) continue;
    const lock = await readLock(repository, id, signal);
    if (lock === undefined) continue;
    if (lock === 'unreadable') return { id, modified, lock: undefined };
    if (await isAbandoned(lock, owner, signal)) {
      await repository.storage.remove(keyOf('locks', id), { signal });
      continue;
    }
    const samePlace = lock.hikae?.writes === true && lock.hikae.machine === owner.machine;
    if (request.exclusive || lock.exclusive || (request.writes && samePlace)) return { id, modified, lock };
  }
  return undefined;
}

async function readLock(
  repository: Repository,
  id: string,
  signal: AbortSignal,
): Promise<LockFile | 'unreadable' | undefined> {
  try {
    return await readUnpacked(repository, keyOf('locks', id), parseLockFile, { signal });
  } catch (error) {
    // It was released, or refreshed under another name, since it was listed.
    if (isHikaeError(error, 'STORAGE_NOT_FOUND')) return undefined;
    if (!isHikaeError(error, 'VAULT_OBJECT_DAMAGED')) throw error;
    return 'unreadable';
  }
}

/** Only what can be proved: the machine was started anew since, or that very process has ended. */
export async function isAbandoned(
  { pid, hikae }: LockFile,
  owner: LockOwner,
  signal: AbortSignal,
): Promise<boolean> {
  if (hikae === undefined || hikae.machine !== owner.machine) return false;
  return !(await isRunning({ pid, started: hikae.started, boot: hikae.boot }, { signal }));
}

function putLock(
  { repository, owner, clock }: LockParts,
  { exclusive, writes }: Pick<LockRequest, 'exclusive' | 'writes'>,
  signal: AbortSignal,
): Promise<string> {
  const { hostname, username, pid, uid, gid, machine, boot, started } = owner;
  const hikae = { machine, boot, started, writes };
  const json = encodeLockFile({ time: clock.now(), exclusive, hostname, username, pid, uid, gid, hikae });
  return writeUnpacked({ ...repository, version: repository.config.version }, 'locks', json, { signal });
}

/** Also when everything was cancelled: what we have put there we take away. */
async function removeLock({ repository }: LockParts, id: string): Promise<void> {
  await repository.storage.remove(keyOf('locks', id), { signal: new AbortController().signal });
}

function keep(parts: LockParts, request: LockRequest, first: string): HeldLock {
  const lost = new AbortController();
  const ended = new AbortController();
  let id = first;
  let refreshed = parts.clock.elapsed();
  let refreshing: Promise<void> = Promise.resolve();

  function lose(reason: string): void {
    clearInterval(timer);
    const { location: path } = parts.repository.storage;
    lost.abort(repositoryErrors.VAULT_LOCK_LOST({ path, reason }));
  }

  async function refresh(): Promise<void> {
    try {
      const present = await parts.repository.storage.stat(keyOf('locks', id), { signal: ended.signal });
      if (present === undefined) return lose('somebody has removed it');
      const next = await putLock(parts, request, ended.signal);
      const old = id;
      id = next;
      refreshed = parts.clock.elapsed();
      await removeLock(parts, old);
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
    get id() {
      return id;
    },
    lost: lost.signal,
    async release() {
      clearInterval(timer);
      ended.abort();
      await refreshing;
      await removeLock(parts, id);
    },
  };
}
