/** The key files of a repository: reading them, and opening one with a password. */
import { type HikaeError, isHikaeError } from '../../base/errors.ts';
import { inLanes } from '../../base/lanes.ts';
import type { Secret } from '../../base/secret.ts';
import type { Storage } from '../../storage/storage.ts';
import { repositoryErrors } from './errors.ts';
import { type KeyFile, parseKeyFile, type ScryptCost, unlockKeyFile, usualCost } from './format/key-file.ts';
import type { MasterKey } from './format/sealing.ts';
import { keyOf } from './layout.ts';
import { listIds, parsing, readHashed, type Signalled } from './objects.ts';

/** More keys than this are not tried, nor any that make the work longer than so many usual ones: each takes half a second. */
export const MOST_KEYS = 64;
const MOST_WORK = MOST_KEYS * workOf(usualCost);

export interface StoredKey {
  readonly id: string;
  readonly file: KeyFile;
}

export interface KeyFiles {
  readonly keys: readonly StoredKey[];
  readonly unreadable: readonly { readonly id: string; readonly reason: HikaeError }[];
}

/**
 * Those that have been there the longest, by the medium's clock, and no more than so many: whoever has got in can add others,
 * and date them as he likes, but not before those that were there. One that is damaged is no reason not to read the others.
 */
export async function readKeyFiles(
  storage: Storage,
  { most = Number.POSITIVE_INFINITY, signal }: Signalled & { readonly most?: number },
): Promise<KeyFiles> {
  const read = new Map<string, KeyFile | HikaeError>();
  const listed = await listIds(storage, 'keys', { signal });
  const oldestFirst = listed.sort((one, other) => one.modified - other.modified);
  const ids = oldestFirst.slice(0, most).map(({ id }) => id);
  await inLanes(ids, { lanes: storage.capabilities.parallel, signal }, async (id, either) => {
    try {
      read.set(id, await readKeyFile(storage, id, { signal: either }));
    } catch (error) {
      if (isHikaeError(error, 'STORAGE_NOT_FOUND')) return;
      if (!isHikaeError(error, 'VAULT_OBJECT_DAMAGED')) throw error;
      read.set(id, error);
    }
  });
  const keys: StoredKey[] = [];
  const unreadable: { id: string; reason: HikaeError }[] = [];
  for (const id of ids) {
    const file = read.get(id);
    if (isHikaeError(file)) unreadable.push({ id, reason: file });
    else if (file !== undefined) keys.push({ id, file });
  }
  return { keys, unreadable };
}

/** The master key that a password opens, and by which of the key files. */
export async function unlock(
  storage: Storage,
  { keys, unreadable }: KeyFiles,
  { password, signal }: Signalled & { readonly password: Secret },
): Promise<{ readonly key: MasterKey; readonly id: string }> {
  let reason = unreadable.at(-1)?.reason;
  let usable = 0;
  let work = 0;
  for (const { id, file } of inTurns(keys)) {
    work += workOf(file.cost);
    if (work > MOST_WORK && usable > 0) break;
    try {
      const key = await openKeyFile(storage, id, file, password);
      signal.throwIfAborted();
      if (key !== undefined) return { key, id };
      usable += 1;
    } catch (error) {
      if (!isHikaeError(error, 'VAULT_OBJECT_DAMAGED')) throw error;
      reason = error;
    }
  }
  const path = storage.location;
  if (usable > 0) throw repositoryErrors.VAULT_WRONG_PASSWORD({ path });
  throw repositoryErrors.VAULT_NO_KEY({ path, reason: reason?.message ?? 'there is none' });
}

/**
 * Those of every day and those for recovery in turns, the oldest first: nobody waits for the recovery key every night, nor for
 * all that somebody has added in an attack when he has nothing but the recovery key.
 */
function inTurns(keys: readonly StoredKey[]): readonly StoredKey[] {
  const [usual, recovery] = [false, true].map((is) => keys.filter(({ file }) => file.recovery === is));
  return keys.flatMap((_, at) => [usual?.[at] ?? [], recovery?.[at] ?? []].flat());
}

function workOf({ N, r, p }: ScryptCost): number {
  return N * r * p;
}

export async function readKeyFile(storage: Storage, id: string, options: Signalled): Promise<KeyFile> {
  const bytes = await readHashed(storage, keyOf('keys', id), options);
  return parsing(storage, keyOf('keys', id), () => parseKeyFile(bytes));
}

/** Undefined when the password is another. */
export async function openKeyFile(
  storage: Storage,
  id: string,
  file: KeyFile,
  password: Secret,
): Promise<MasterKey | undefined> {
  try {
    return await unlockKeyFile(file, password.reveal());
  } catch (error) {
    return parsing(storage, keyOf('keys', id), () => {
      throw error;
    });
  }
}
