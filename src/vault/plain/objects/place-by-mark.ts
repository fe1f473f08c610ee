/**
 * Snapshots where there are no folders to be moved. What is written lies where it will stay, and small objects beside all
 * snapshots mark those that are not finished or are going. A place without a manifest and without a mark is a damaged
 * snapshot: nobody removes what a thief has only taken the manifest of.
 */
import { isHikaeError } from '../../../base/errors.ts';
import { type CallOptions, type Key, keyFrom, type Storage } from '../../../storage/storage.ts';
import { isSnapshotName, OWN, type Place, placeText } from '../layout.ts';
import { manifestIn } from './fetched.ts';
import { lockOfOldest } from './locking/oldest.ts';
import type { FoundPlace, Placing, TargetOfSchedule } from './placing.ts';
import { removeObjects } from './removing.ts';

const UNFINISHED = `${OWN}/unfinished`;
const REMOVING = `${OWN}/removing`;

export function placeByMark(storage: Storage): Placing {
  const put = async (key: Key, options: CallOptions) => {
    try {
      await storage.put(key, new Uint8Array(), options);
    } catch (error) {
      // What an earlier run has left says the same.
      if (!isHikaeError(error, 'STORAGE_EXISTS')) throw error;
    }
  };
  async function judge(
    place: Place,
    { unfinished, removing }: Marks,
    options: CallOptions,
  ): Promise<FoundPlace> {
    const folder = folderOf(place);
    const [isUnfinished, isGoing] = [unfinished, removing].map((marks) => marks.has(placeText(place)));
    if (!isGoing && !isUnfinished) return { place, folder, state: 'published' };
    const promised = await isPromised(storage, folder, options);
    if (isGoing && !promised) return { place, folder, state: 'removing' };
    if (!isUnfinished) return { place, folder, state: 'published' };
    const manifest = await storage.stat(manifestIn(folder), options);
    return manifest === undefined && !promised
      ? { place, folder, state: 'partial' }
      : { place, folder, state: 'published', isMarked: true };
  }

  /** `below`: of all that is marked, what is of interest. */
  async function findIn(
    targets: readonly TargetOfSchedule[],
    below: string,
    options: CallOptions,
  ): Promise<readonly FoundPlace[]> {
    const [unfinished, removing, ...folders] = await Promise.all([
      marked(storage, UNFINISHED, below, options),
      marked(storage, REMOVING, below, options),
      ...targets.map(async (target) => ({
        target,
        names: await storage.folders(folderOfAll(target), options),
      })),
    ]);
    const found = folders.flatMap(({ target, names }) => {
      const start = `${folderOfAll(target)}/`;
      const ofTarget = [...unfinished, ...removing].filter((place) => place.startsWith(start));
      const all = new Set([...names, ...ofTarget.map((place) => place.slice(start.length))]);
      return [...all]
        .filter(isSnapshotName)
        .sort()
        .map((name) => ({ ...target, name }));
    });
    return Promise.all(found.map((place) => judge(place, { unfinished, removing }, options)));
  }

  return {
    find: (schedule, target, options) =>
      findIn([{ schedule, target }], `/${folderOfAll({ schedule, target })}`, options),
    // Marks are few: all of them in one list.
    findAll: (targets, options) => findIn(targets, '', options),
    async start(place, options) {
      await put(markOf(UNFINISHED, place), options);
      return folderOf(place);
    },
    async publish(place, complete, options) {
      await storage.sync(options);
      await complete();
      await storage.remove(markOf(UNFINISHED, place), options);
    },
    async withdraw(place, options) {
      await put(markOf(REMOVING, place), options);
      return folderOf(place);
    },
    putBack: (place, options) => storage.remove(markOf(REMOVING, place), options),
    settle: (place, options) => storage.remove(markOf(UNFINISHED, place), options),
    async clear({ place, folder }, options) {
      // Who may not remove it has not harmed the rest then.
      await storage.remove(manifestIn(folder), options);
      await removeObjects(storage, folder, options);
      await storage.remove(markOf(UNFINISHED, place), options);
      await storage.remove(markOf(REMOVING, place), options);
    },
  };
}

/** Marks are made by whoever may write. They mean nothing as long as the manifest is locked: nobody could remove it. */
async function isPromised({ locking }: Storage, folder: Key, options: CallOptions): Promise<boolean> {
  if (locking === undefined) return false;
  const lock = await lockOfOldest(locking, manifestIn(folder), options);
  return lock !== 'unknown' && lock.until > lock.time;
}

/** Places by what is said of them. */
interface Marks {
  readonly unfinished: ReadonlySet<string>;
  readonly removing: ReadonlySet<string>;
}

async function marked(
  storage: Storage,
  kind: string,
  below: string,
  options: CallOptions,
): Promise<ReadonlySet<string>> {
  const places = new Set<string>();
  for await (const batch of storage.list(keyFrom(kind + below), options))
    for (const { key } of batch) places.add(key.slice(kind.length + 1));
  return places;
}

function folderOfAll({ schedule, target }: TargetOfSchedule): Key {
  return keyFrom(`${schedule}/${target}`);
}

function markOf(kind: string, place: Place): Key {
  return keyFrom(`${kind}/${placeText(place)}`);
}

function folderOf(place: Place): Key {
  return keyFrom(placeText(place));
}
