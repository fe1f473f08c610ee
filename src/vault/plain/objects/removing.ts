/** Removing many objects, several at a time. */
import type { CallOptions, Key, Storage } from '../../../storage/storage.ts';
import { inLanes } from './lanes.ts';

/** Everything below a folder; the folder itself where the medium keeps such. */
export async function removeObjects(storage: Storage, folder: Key, options: CallOptions): Promise<void> {
  if (storage.tree !== undefined) return storage.tree.remove(folder, options);
  for await (const batch of storage.list(folder, options)) {
    const keys = batch.map(({ key }) => key);
    await inLanes(keys, storage.capabilities.parallel, (key) => storage.remove(key, options));
  }
}
