/** Removing many objects, several at a time, and one that may have to stay. */
import { isHikaeError } from '../../../base/errors.ts';
import type { CallOptions, ChangeOptions, Key, Storage } from '../../../storage/storage.ts';
import { inLanes } from './lanes.ts';

/** Everything below a folder; the folder itself where the medium keeps such. */
export async function removeObjects(storage: Storage, folder: Key, options: CallOptions): Promise<void> {
  if (storage.tree !== undefined) return storage.tree.remove(folder, options);
  for await (const batch of storage.list(folder, options)) {
    const keys = batch.map(({ key }) => key);
    await inLanes(keys, storage.capabilities.parallel, (key) => storage.remove(key, options));
  }
}

/** False where whoever writes must not be able to delete: then it stays. */
export async function removeIfAllowed(storage: Storage, key: Key, options: ChangeOptions): Promise<boolean> {
  try {
    await storage.remove(key, options);
    return true;
  } catch (error) {
    if (!isHikaeError(error, 'STORAGE_REFUSED')) throw error;
    return false;
  }
}
