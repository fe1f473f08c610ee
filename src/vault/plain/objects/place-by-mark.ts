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
import type { FoundPlace, Placing } from './placing.ts';
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
  return {
    async find(schedule, target, options) {
      const all = keyFrom(`${schedule}/${target}`);
      const [names, unfinished, removing] = await Promise.all([
        storage.folders(all, options),
        marked(storage, keyFrom(`${UNFINISHED}/${all}`), options),
        marked(storage, keyFrom(`${REMOVING}/${all}`), options),
      ]);
      const found = [...new Set([...names, ...unfinished, ...removing])].filter(isSnapshotName).sort();
      return Promise.all(
        found.map(async (name): Promise<FoundPlace> => {
          const place = { schedule, target, name };
          const folder = folderOf(place);
          if (!removing.has(name) && !unfinished.has(name)) return { place, folder, state: 'published' };
          const promised = await isPromised(storage, folder, options);
          if (removing.has(name) && !promised) return { place, folder, state: 'removing' };
          if (!unfinished.has(name)) return { place, folder, state: 'published' };
          const manifest = await storage.stat(manifestIn(folder), options);
          return manifest === undefined && !promised
            ? { place, folder, state: 'partial' }
            : { place, folder, state: 'published', isMarked: true };
        }),
      );
    },
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

async function marked(storage: Storage, folder: Key, options: CallOptions): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for await (const batch of storage.list(folder, options))
    for (const { key } of batch) names.add(key.slice(folder.length + 1));
  return names;
}

function markOf(kind: string, place: Place): Key {
  return keyFrom(`${kind}/${placeText(place)}`);
}

function folderOf(place: Place): Key {
  return keyFrom(placeText(place));
}
