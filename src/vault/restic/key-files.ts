/** The key files of a repository: reading them, and opening one with a password. */
import { type HikaeError, isHikaeError } from '../../base/errors.ts';
import type { Secret } from '../../base/secret.ts';
import type { Storage } from '../../storage/storage.ts';
import { repositoryErrors } from './errors.ts';
import { type KeyFile, parseKeyFile, unlockKeyFile } from './format/key-file.ts';
import type { MasterKey } from './format/sealing.ts';
import { keyOf } from './layout.ts';
import { listIds, parsing, readHashed, type Signalled } from './objects.ts';

/** More keys than this are not tried: each takes half a second. */
const MOST_KEYS = 64;

export interface StoredKey {
  readonly id: string;
  readonly file: KeyFile;
}

export interface KeyFiles {
  readonly keys: readonly StoredKey[];
  readonly unreadable: readonly { readonly id: string; readonly reason: HikaeError }[];
}

/** All that there are. One that is damaged is no reason not to read the others. */
export async function readKeyFiles(storage: Storage, { signal }: Signalled): Promise<KeyFiles> {
  const keys: StoredKey[] = [];
  const unreadable: { id: string; reason: HikaeError }[] = [];
  for (const { id } of await listIds(storage, 'keys', { signal })) {
    try {
      keys.push({ id, file: await readKeyFile(storage, id, { signal }) });
    } catch (error) {
      if (isHikaeError(error, 'STORAGE_NOT_FOUND')) continue;
      if (!isHikaeError(error, 'VAULT_OBJECT_DAMAGED')) throw error;
      unreadable.push({ id, reason: error });
    }
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
  // Nobody waits for the recovery key every night, only because its name comes first.
  const ordered = [...keys].sort((one, other) => Number(one.file.recovery) - Number(other.file.recovery));
  let usable = 0;
  for (const { id, file } of ordered.slice(0, MOST_KEYS)) {
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
