/** Plain vaults of objects, in memory: the contract of all vaults, on media with and without folders. */
import { keyFrom } from '../../src/storage/storage.ts';
import { MemoryStorage } from '../doubles/memory-storage.ts';
import { vaultContract } from './contract.ts';
import { openTestObjects } from './object-taking.ts';

for (const folders of [false, true]) {
  const media = new Map<string, MemoryStorage>();
  const mediumOf = (folder: string) => {
    const medium = media.get(folder) ?? new MemoryStorage(undefined, { folders });
    media.set(folder, medium);
    return medium;
  };
  vaultContract({
    kind: folders ? 'plain, of objects in folders' : 'plain, of objects',
    deduplicates: false,
    open: (folder) => openTestObjects(mediumOf(folder)),
    ruin(folder, { place }) {
      const { objects } = mediumOf(folder);
      const key = keyFrom(`${place}/.hikae/manifest`);
      const { bytes = Buffer.alloc(0), modified = 0 } = objects.get(key) ?? {};
      objects.set(key, { bytes: bytes.subarray(0, 10), modified });
    },
  });
}
