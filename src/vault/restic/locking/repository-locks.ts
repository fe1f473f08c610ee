/**
 * The locks of one repository in a bucket with Object Lock. Whatever is put gets a lock with its first byte; and before a
 * snapshot becomes visible everything that it needs, also what earlier runs have stored, is locked for as long as it is
 * promised to stay: by version, each answer looked at.
 */
import type { Clock } from '../../../base/clock.ts';
import { isHikaeError } from '../../../base/errors.ts';
import { inLanes } from '../../../base/lanes.ts';
import {
  byKey,
  covers,
  isSeen,
  type Key,
  type Lock,
  type Locking,
  type ObjectVersion,
  rightVersion,
  type Storage,
} from '../../../storage/storage.ts';
import { lockErrors } from '../../locking/errors.ts';
import { givenLock, type LockSettings, neededLock } from '../../locking/lock-dates.ts';
import { LockTally } from '../../locking/lock-tally.ts';
import type { LockedPuts, Secured } from '../../locking/locking-puts.ts';
import { ServerTime } from '../../locking/server-time.ts';
import type { LockForecast } from '../../upkeep.ts';
import type { LockAllowance } from '../../writable-vault.ts';
import { CONFIG, idIn } from '../layout.ts';
import type { Signalled } from '../objects.ts';
import type { DateHint, DateHints } from './date-hints.ts';

/** Bytes of a pack, folders that are listed, and versions on a page of a list. */
const PACK = 16 * 1024 * 1024;
const FOLDERS = 4;
const LISTED = 1_000;

/** Hints that are looked into all the same: one in so many, and no fewer than these. */
const SAMPLED = 100;
const FEWEST_SAMPLED = 16;
/** Milliseconds before a lock is too short within which a hint is not trusted. */
const NEAR = 24 * 3_600_000;

export interface LocksOptions {
  readonly settings: LockSettings;
  readonly hints: DateHints;
  readonly clock: Clock;
  readonly random: (size: number) => Uint8Array;
}

export class RepositoryLocks implements LockedPuts {
  readonly settings: LockSettings;
  readonly #storage: Storage;
  readonly #locking: Locking;
  readonly #options: LocksOptions;
  readonly #time: ServerTime;
  readonly #tally = new LockTally();

  constructor(storage: Storage, locking: Locking, options: LocksOptions) {
    this.settings = options.settings;
    this.#storage = storage;
    this.#locking = locking;
    this.#options = options;
    this.#time = new ServerTime(storage.location, locking, options.clock);
  }

  /** The server's time. What would make its locks worthless is told first: VAULT_NOT_LOCKABLE, VAULT_CLOCK_OFF. */
  async now({ signal }: Signalled): Promise<number> {
    return this.#time.now({ signal });
  }

  /** For what is put; undefined for the locks of the format, which are gone in minutes. */
  async lockOfNew(key: Key, { signal }: Signalled): Promise<Lock | undefined> {
    if (key.startsWith('locks/')) return undefined;
    return givenLock(this.settings, await this.now({ signal }));
  }

  /** From now on a run may put so much without being asked. */
  allow(allowance: LockAllowance | undefined): void {
    this.#tally.allow(allowance);
  }

  /** Data is asked for alone: what says where it lies has to follow it. */
  async permit(key: Key, bytes: number): Promise<void> {
    if (key.startsWith('data/')) await this.#tally.permit(bytes);
  }

  remember(key: Key, { until }: Lock, bytes: number): void {
    this.#options.hints.set(key, { until });
    this.#tally.add(bytes);
  }

  /** Locks these packs, and every index, key and the config, for a snapshot that is published now; or until that very time. */
  async secure(
    packs: ReadonlySet<Key>,
    { until, signal }: Signalled & { readonly until?: number | undefined },
  ): Promise<Secured> {
    const now = await this.now({ signal });
    const { mode } = this.settings;
    const needed = until === undefined ? neededLock(this.settings, now) : { mode, until };
    const given = until === undefined ? givenLock(this.settings, now) : needed;
    const found = await this.#find(packs, { signal });
    const total = { objects: found.size, bytes: 0, asked: 0, extended: 0, until: needed.until };
    const { hints } = this.#options;
    const known = this.#sampled([...found.values()].filter((one) => this.#isKnown(one, needed.until)));
    const work = [...found.values()].filter((one) => !known.trusted.has(one));
    const lanes = this.#storage.capabilities.parallel;
    let wrong = false;
    await inLanes(work, { lanes, signal }, async (one, either) => {
      total.asked += 1;
      const { key, version } = one;
      let { lock } = await this.#locking.statVersion(key, version, { signal: either });
      if (known.looked.has(one) && !covers(lock, needed)) wrong = true;
      if (!covers(lock, needed)) {
        ({ lock } = await this.#locking.extend(key, version, given, { signal: either }));
        total.extended += 1;
      }
      if (typeof lock === 'object') hints.set(key, { version, until: lock.until });
    });
    for (const { size } of found.values()) total.bytes += size;
    if (wrong) {
      // Somebody has changed what we remember, or the bucket: nothing of it is believed any more.
      hints.clear();
      return added(total, await this.secure(packs, { until, signal }));
    }
    hints.save((key) => found.has(key) || key.startsWith('snapshots/'));
    const stored = this.#tally.take();
    const { asked, extended } = total;
    return {
      ...total,
      stored,
      requests: requestsFor(stored.objects, { found: found.size, asked, extended }),
    };
  }

  /** What `secure` will come to for a snapshot that also stores new data. */
  async forecast(packs: ReadonlySet<Key>, newBytes: number, { signal }: Signalled): Promise<LockForecast> {
    const now = await this.now({ signal });
    const { until } = neededLock(this.settings, now);
    const found = [...(await this.#find(packs, { signal })).values()];
    const { trusted } = this.#sampled(found.filter((one) => this.#isKnown(one, until)));
    const asked = found.length - trusted.size;
    const isShort = ({ key }: ObjectVersion) => (this.#options.hints.get(key)?.until ?? until) < until;
    const extended = found.filter(isShort).length;
    // Packs of data, one of trees, an index; the snapshot's file.
    const added = Math.ceil(newBytes / PACK) + 3;
    return {
      objects: found.length + added,
      bytes: sizeOf(found) + newBytes,
      newBytes,
      extended,
      requests: requestsFor(added, { found: found.length, asked, extended }),
      until,
      newUntil: givenLock(this.settings, now).until,
    };
  }

  /** What `secure` until that very time will come to; the server is asked about what isn't remembered. */
  async forecastUntil(packs: ReadonlySet<Key>, until: number, { signal }: Signalled) {
    const needed = { mode: this.settings.mode, until };
    const found = [...(await this.#find(packs, { signal })).values()];
    const { trusted } = this.#sampled(found.filter((one) => this.#isKnown(one, until)));
    const short: ObjectVersion[] = [];
    const lanes = this.#storage.capabilities.parallel;
    await inLanes(found, { lanes, signal }, async (one, either) => {
      // A lock never gets shorter, so that a hint can only say too little here.
      const hint = this.#hintFor(one);
      if (hint !== undefined) {
        if (hint.until < until) short.push(one);
        return;
      }
      const { lock } = await this.#locking.statVersion(one.key, one.version, { signal: either });
      if (!covers(lock, needed)) short.push(one);
    });
    const asked = found.length - trusted.size;
    const extended = short.length;
    return {
      objects: found.length,
      bytes: sizeOf(found),
      extended,
      extendedBytes: sizeOf(short),
      requests: requestsFor(0, { found: found.length, asked, extended }),
    };
  }

  /** Until when the files of the snapshots are locked, by their ids. Where we may not ask there is none. */
  async snapshotDates({ signal }: Signalled): Promise<ReadonlyMap<string, number>> {
    const dates = new Map<string, number>();
    const { hints } = this.#options;
    try {
      const found: ObjectVersion[] = [];
      for await (const versions of byKey(this.#locking.versions('snapshots' as Key, { signal }))) {
        const right = await rightVersion(this.#locking, versions, { signal });
        if (right !== undefined) found.push(right);
      }
      const lanes = this.#storage.capabilities.parallel;
      await inLanes(found, { lanes, signal }, async ({ key, version }, either) => {
        // A lock never gets shorter, so that a hint can only say too little here.
        const hint = hints.get(key);
        if (hint?.version === version) return void dates.set(idIn(key) ?? '', hint.until);
        const { lock } = await this.#locking.statVersion(key, version, { signal: either });
        if (typeof lock !== 'object') return;
        hints.set(key, { version, until: lock.until });
        dates.set(idIn(key) ?? '', lock.until);
      });
    } catch (error) {
      if (!isHikaeError(error, 'STORAGE_REFUSED')) throw error;
    }
    return dates;
  }

  /** The right version of each object that is needed, which must be the one that everybody sees. */
  async #find(packs: ReadonlySet<Key>, { signal }: Signalled): Promise<ReadonlyMap<Key, ObjectVersion>> {
    const found = new Map<Key, ObjectVersion>();
    for (const folder of ['data', 'index', 'keys', CONFIG] as Key[]) {
      for await (const versions of byKey(this.#locking.versions(folder, { signal }))) {
        const [latest] = versions;
        if (latest === undefined || (folder === 'data' && !packs.has(latest.key))) continue;
        // An index or a key that was taken away is none that the snapshot needs.
        if (folder !== 'data' && folder !== CONFIG && latest.deleted) continue;
        const right = await rightVersion(this.#locking, versions, { signal });
        const path = this.#storage.location;
        if (right === undefined)
          throw lockErrors.VAULT_OBJECT_LOST({ object: latest.key, path, reason: 'no version has its hash' });
        if (!(await isSeen(this.#locking, versions, right, { signal })))
          throw lockErrors.VAULT_OBJECT_HIDDEN({ object: latest.key, path });
        found.set(right.key, right);
      }
    }
    for (const object of [...packs, CONFIG]) {
      if (!found.has(object))
        throw lockErrors.VAULT_OBJECT_LOST({
          object,
          path: this.#storage.location,
          reason: 'it has no version',
        });
    }
    return found;
  }

  #isKnown(one: ObjectVersion, until: number): boolean {
    return (this.#hintFor(one)?.until ?? 0) >= until + NEAR;
  }

  #hintFor({ key, version }: ObjectVersion): DateHint | undefined {
    const hint = this.#options.hints.get(key);
    return hint === undefined || (hint.version ?? version) !== version ? undefined : hint;
  }

  /** Parts what hints vouch for into what is trusted and what is looked at all the same. */
  #sampled(known: readonly ObjectVersion[]) {
    const count = Math.max(FEWEST_SAMPLED, Math.ceil(known.length / SAMPLED));
    const looked = new Set<ObjectVersion>();
    const draws = Buffer.from(this.#options.random(4 * count));
    if (known.length > 0)
      for (let at = 0; at < count; at++)
        looked.add(known[draws.readUInt32LE(4 * at) % known.length] as ObjectVersion);
    return { looked, trusted: new Set(known.filter((one) => !looked.has(one))) };
  }
}

function sizeOf(objects: readonly ObjectVersion[]): number {
  return objects.reduce((sum, { size }) => sum + size, 0);
}

/** Of a lock that is made longer the server is asked before and after; of what is put, after. */
function requestsFor(
  stored: number,
  { found, asked, extended }: { readonly found: number; readonly asked: number; readonly extended: number },
) {
  const lists = FOLDERS + Math.ceil(found / LISTED);
  return { puts: stored + extended + lists, gets: asked + 2 * extended + stored };
}

/** What a first look has cost comes on top of the second, which found out the rest. */
function added(first: Pick<Secured, 'asked' | 'extended'>, second: Secured): Secured {
  const { puts, gets } = second.requests ?? { puts: 0, gets: 0 };
  return {
    ...second,
    asked: second.asked + first.asked,
    extended: second.extended + first.extended,
    requests: { puts: puts + first.extended, gets: gets + first.asked + 2 * first.extended },
  };
}
