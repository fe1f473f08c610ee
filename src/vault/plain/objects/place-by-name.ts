/** Snapshots as folders: the name says whether one is being written or removed, and one rename changes that. */
import { type CallOptions, type Key, keyFrom, type Storage, type Tree } from '../../../storage/storage.ts';
import { isSnapshotName, PARTIAL, type Place, placeText, REMOVING } from '../layout.ts';
import type { FoundPlace, PlaceState, Placing } from './placing.ts';

const endings: readonly (readonly [PlaceState, string])[] = [
  ['published', ''],
  ['partial', PARTIAL],
  ['removing', REMOVING],
];

export function placeByName(storage: Storage, tree: Tree): Placing {
  const find: Placing['find'] = async (schedule, target, options) => {
    const names = await storage.folders(keyFrom(`${schedule}/${target}`), options);
    return names.flatMap((folder): FoundPlace[] =>
      endings.flatMap(([state, ending]) => {
        const name = folder.slice(0, folder.length - ending.length);
        if (name + ending !== folder || !isSnapshotName(name)) return [];
        return [
          { place: { schedule, target, name }, state, folder: keyFrom(`${schedule}/${target}/${folder}`) },
        ];
      }),
    );
  };
  return {
    find,
    async findAll(targets, options) {
      const found = targets.map(({ schedule, target }) => find(schedule, target, options));
      return (await Promise.all(found)).flat();
    },
    async start(place) {
      return folderOf(place, PARTIAL);
    },
    async publish(place, complete, options) {
      await complete();
      await storage.sync(options);
      await tree.move(folderOf(place, PARTIAL), folderOf(place), options);
    },
    async withdraw(place, options) {
      const doomed = folderOf(place, REMOVING);
      await tree.move(folderOf(place), doomed, options);
      return doomed;
    },
    putBack: (place, options) => tree.move(folderOf(place, REMOVING), folderOf(place), options),
    // Its name has said it all.
    settle: async () => undefined,
    clear: ({ folder }, options: CallOptions) => tree.remove(folder, options),
  };
}

function folderOf(place: Place, ending = ''): Key {
  return keyFrom(placeText(place) + ending);
}
