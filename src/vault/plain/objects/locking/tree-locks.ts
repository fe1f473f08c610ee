/**
 * The locks of dated trees in a bucket with Object Lock. A snapshot shares no object with another, so that each is locked
 * once, with the request that puts or copies it, for as long as the snapshot is promised to stay; nothing has to be made
 * longer later, but for the vault's identity. What hikae notes beside the snapshots comes and goes.
 */
import type { Clock } from '../../../../base/clock.ts';
import { inLanes } from '../../../../base/lanes.ts';
import {
  byKey,
  type CallOptions,
  covers,
  isSeen,
  type Key,
  type Lock,
  type Locking,
  type ObjectVersion,
  rightVersion,
  type Storage,
} from '../../../../storage/storage.ts';
import { lockErrors } from '../../../locking/errors.ts';
import { givenLock, type LockSettings, neededLock } from '../../../locking/lock-dates.ts';
import { LockTally } from '../../../locking/lock-tally.ts';
import type { LockedPuts, Secured } from '../../../locking/locking-puts.ts';
import { ServerTime } from '../../../locking/server-time.ts';
import type { LockAllowance } from '../../../writable-vault.ts';
import { MANIFEST, OWN } from '../../layout.ts';
import { manifestIn } from '../fetched.ts';
import { VAULT_KEY } from '../vault-object.ts';
import { lockOfOldest, oldestOf } from './oldest.ts';
import { TreeHashes } from './tree-hashes.ts';

/** Milliseconds for which a run may go on before what it stored first has to be locked for longer. */
const AHEAD = 24 * 3_600_000;

/** Versions on a page of a list. */
export const LISTED = 1_000;

/** What is said while hikae is at work, or found later: it is written anew and taken away. */
const notes = ['locks', 'done', 'unfinished', 'removing', 'protected', 'damaged'].map(
  (name) => `${OWN}/${name}/`,
);

/** What is given to objects: enough for all that a run of less than a day publishes. */
export function aheadOf(settings: LockSettings): LockSettings {
  return { ...settings, generation: Math.min(AHEAD, settings.generation) };
}

export interface TreeLocksOptions {
  readonly settings: LockSettings;
  readonly clock: Clock;
  /** a folder of this machine for manifests that are fetched */
  readonly spool: string;
}

export class TreeLocks implements LockedPuts {
  readonly settings: LockSettings;
  readonly #storage: Storage;
  readonly #locking: Locking;
  readonly #spool: string;
  readonly #time: ServerTime;
  readonly #tally = new LockTally();
  /** until when that is locked which was locked for the shortest time, of what was put */
  #least = Number.POSITIVE_INFINITY;
  /** until when manifests are locked; a lock never gets shorter */
  readonly #dates = new Map<Key, number>();

  constructor(storage: Storage, locking: Locking, { settings, clock, spool }: TreeLocksOptions) {
    this.settings = settings;
    this.#storage = storage;
    this.#locking = locking;
    this.#spool = spool;
    this.#time = new ServerTime(storage.location, locking, clock);
  }

  /** The server's time. What would make its locks worthless is told first: VAULT_NOT_LOCKABLE, VAULT_CLOCK_OFF. */
  async now(options: CallOptions): Promise<number> {
    return this.#time.now(options);
  }

  async lockOfNew(key: Key, options: CallOptions): Promise<Lock | undefined> {
    if (notes.some((folder) => key.startsWith(folder))) return undefined;
    return this.#given(await this.now(options));
  }

  /** From now on a run may put so much without being asked. */
  allow(allowance: LockAllowance | undefined): void {
    this.#tally.allow(allowance);
  }

  /** What says what there is has to follow it. */
  async permit(key: Key, bytes: number): Promise<void> {
    if (!isOwn(key)) await this.#tally.permit(bytes);
  }

  /** A manifest has a date of its own, and is put last. */
  remember(key: Key, { until }: Lock, bytes: number): void {
    if (!key.endsWith(`/${OWN}/${MANIFEST}`)) this.#least = Math.min(this.#least, until);
    this.#tally.add(bytes);
  }

  /**
   * Sees to it that all there is of a snapshot is what was stored, and locked for one that is published now; the vault's
   * identity too. VAULT_OBJECT_HIDDEN, VAULT_OBJECT_LOST.
   */
  async secure(folder: Key, hashes: Pick<TreeHashes, 'of'>, { signal }: CallOptions): Promise<Secured> {
    const now = await this.now({ signal });
    const needed = neededLock(this.settings, now);
    const found = await this.#find(folder, hashes, { signal });
    const until = needed.until;
    const total = { objects: found.length + 1, bytes: sizeOf(found), asked: 1, extended: 0, until };
    if (this.#least < needed.until) {
      total.asked += found.length;
      total.extended += await this.#extendAll(found, { needed, given: this.#given(now) }, { signal });
    }
    total.extended += await this.#secureIdentity(needed, { signal });
    const stored = this.#tally.take();
    const { asked, extended } = total;
    const puts = stored.objects + extended + Math.ceil(found.length / LISTED);
    // Of a lock that is made longer the server is asked before and after; of what is stored, after.
    return { ...total, stored, requests: { puts, gets: asked + 2 * extended + stored.objects } };
  }

  /** Locks all of a snapshot at least until then. */
  async protect(folder: Key, until: number, options: CallOptions): Promise<void> {
    const hashes = new TreeHashes(this.#locking, this.#spool);
    const lock = { mode: this.settings.mode, until };
    const found = await this.#find(folder, hashes, options);
    const manifest = manifestIn(folder);
    await this.#extendAll(
      found.filter(({ key }) => key !== manifest),
      { needed: lock, given: lock },
      options,
    );
    await this.#secureIdentity(lock, options);
    // Last: its date is what the snapshot's is told by.
    for (const { key, version } of found.filter(({ key }) => key === manifest)) {
      await this.#locking.extend(key, version, lock, options);
      this.#dates.set(folder, Math.max(until, this.#dates.get(folder) ?? 0));
    }
  }

  /** What `protect` comes to for snapshots in these folders. */
  async forecastUntil(folders: readonly Key[], until: number, options: CallOptions) {
    const lock = { mode: this.settings.mode, until };
    const hashes = new TreeHashes(this.#locking, this.#spool);
    const found: ObjectVersion[] = [];
    for (const folder of folders) found.push(...(await this.#find(folder, hashes, options)));
    const identity = await oldestOf(this.#locking, VAULT_KEY, options);
    if (identity !== undefined) found.push(identity);
    const short = await this.#shorterThan(lock, found, options);
    const objects = found.length;
    const extended = short.length;
    // A note for each place says until when; of a lock that is made longer the server is asked before and after.
    const puts = extended + folders.length + Math.ceil(objects / LISTED);
    const requests = { puts, gets: objects + 2 * extended };
    return { objects, bytes: sizeOf(found), extended, extendedBytes: sizeOf(short), requests };
  }

  /** Until when the manifest of a snapshot is locked; undefined where nobody tells. */
  async dateOf(folder: Key, options: CallOptions): Promise<number | undefined> {
    const known = this.#dates.get(folder);
    if (known !== undefined) return known;
    const lock = await lockOfOldest(this.#locking, manifestIn(folder), options);
    if (lock === 'unknown') return undefined;
    this.#dates.set(folder, lock.until);
    return lock.until;
  }

  /** Whether nothing has ever been under these keys: whoever looks through an attack must find one snapshot there. */
  async isUnused(folder: Key, options: CallOptions): Promise<boolean> {
    for await (const batch of this.#locking.versions(folder, options)) if (batch.length > 0) return false;
    return true;
  }

  #given(now: number): Lock {
    return givenLock(aheadOf(this.settings), now);
  }

  /** The right version of each object, which must be the one that everybody sees. */
  async #find(
    folder: Key,
    hashes: Pick<TreeHashes, 'of'>,
    options: CallOptions,
  ): Promise<readonly ObjectVersion[]> {
    const path = this.#storage.location;
    const found: ObjectVersion[] = [];
    for await (const versions of byKey(this.#locking.versions(folder, options))) {
      const [latest, ...earlier] = versions;
      if (latest === undefined) continue;
      if (earlier.length === 0 && !latest.deleted) {
        found.push(latest);
        continue;
      }
      const sha256 = await hashes.of(latest.key, options);
      // What was taken back before the manifest was made is nothing that the snapshot has.
      if (latest.deleted && sha256 === undefined) continue;
      const known = { ...options, sha256 };
      const right = await rightVersion(this.#locking, versions, known);
      if (right === undefined)
        throw lockErrors.VAULT_OBJECT_LOST({ object: latest.key, path, reason: 'no version has its hash' });
      if (!(await isSeen(this.#locking, versions, right, known)))
        throw lockErrors.VAULT_OBJECT_HIDDEN({ object: latest.key, path });
      found.push(right);
    }
    return found;
  }

  /** Gives the number of those whose lock was shorter. */
  async #extendAll(
    found: readonly ObjectVersion[],
    { needed, given }: { readonly needed: Lock; readonly given: Lock },
    { signal }: CallOptions,
  ): Promise<number> {
    const short = await this.#shorterThan(needed, found, { signal });
    const lanes = this.#storage.capabilities.parallel;
    await inLanes(short, { lanes, signal }, async ({ key, version }, either) => {
      await this.#locking.extend(key, version, given, { signal: either });
    });
    return short.length;
  }

  async #shorterThan(
    needed: Lock,
    found: readonly ObjectVersion[],
    { signal }: CallOptions,
  ): Promise<readonly ObjectVersion[]> {
    const short: ObjectVersion[] = [];
    const lanes = this.#storage.capabilities.parallel;
    await inLanes(found, { lanes, signal }, async (one, either) => {
      const { lock } = await this.#locking.statVersion(one.key, one.version, { signal: either });
      if (!covers(lock, needed)) short.push(one);
    });
    return short;
  }

  /** Every snapshot needs it, so that its lock is made longer once in a generation. */
  async #secureIdentity(needed: Lock, options: CallOptions): Promise<number> {
    const path = this.#storage.location;
    const identity = await oldestOf(this.#locking, VAULT_KEY, options);
    if (identity === undefined)
      throw lockErrors.VAULT_OBJECT_LOST({ object: VAULT_KEY, path, reason: 'it has no version' });
    const { lock } = await this.#locking.statVersion(VAULT_KEY, identity.version, options);
    if (covers(lock, needed)) return 0;
    const longer = { ...needed, until: needed.until + this.settings.generation };
    await this.#locking.extend(VAULT_KEY, identity.version, longer, options);
    return 1;
  }
}

function sizeOf(objects: readonly ObjectVersion[]): number {
  return objects.reduce((sum, { size }) => sum + size, 0);
}

/** What hikae puts for itself: into a snapshot, or beside all of them. */
function isOwn(key: Key): boolean {
  return `/${key}`.includes(`/${OWN}/`);
}
