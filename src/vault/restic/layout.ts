/** Where things lie in a repository: the folders of restic's format. */
import { type Key, keyFrom } from '../../storage/storage.ts';

export type Folder = 'keys' | 'snapshots' | 'index' | 'locks';

export const CONFIG = keyFrom('config');

export function keyOf(folder: Folder, id: string): Key {
  return keyFrom(`${folder}/${id}`);
}

export function packKey(id: string): Key {
  return keyFrom(`data/${id.slice(0, 2)}/${id}`);
}

/** The id at the end of a key; undefined for what is no object of the format. */
export function idIn(key: Key): string | undefined {
  const name = key.slice(key.lastIndexOf('/') + 1);
  return /^[0-9a-f]{64}$/.test(name) ? name : undefined;
}
