/** The passwords of a repository: each has a key file of its own, which holds the one master key. */
import type { Secret } from '../../base/secret.ts';
import type { ChangeKeysOptions, KeyList, VaultKey, VaultKeys } from '../vault.ts';
import { repositoryErrors } from './errors.ts';
import { idOf } from './format/blob.ts';
import { encodeKeyFile, type ScryptCost } from './format/key-file.ts';
import type { MasterKey, RandomBytes } from './format/sealing.ts';
import { openKeyFile, readKeyFile, readKeyFiles, type StoredKey } from './key-files.ts';
import { keyOf } from './layout.ts';
import { type LockParts, takeLock } from './locks.ts';

export interface KeysParts extends LockParts {
  readonly random: RandomBytes;
  /** of new keys */
  readonly cost: ScryptCost;
}

/** Whose key it is, in the words of restic's `key list`. */
const RECOVERY = 'recovery';

export function openKeys(parts: KeysParts): VaultKeys {
  const { repository } = parts;
  const { storage } = repository;
  let known = repository.keyFiles;

  async function list({ signal }: { signal: AbortSignal }): Promise<KeyList> {
    const { keys, unreadable } = await readKeyFiles(storage, { signal });
    const byAge = [...keys].sort((one, other) => one.file.created - other.file.created);
    return { keys: byAge.map((key) => viewOf(key, repository.keyId)), unreadable };
  }

  return {
    list,
    known: () => known.map((key) => viewOf(key, repository.keyId)),
    add: (password, { recovery, ...options }) =>
      locked(parts, options, false, async (signal) => {
        const key = await putKey(parts, password, recovery, signal);
        known = [...known, key];
        return viewOf(key, repository.keyId);
      }),
    replace: (password, options) =>
      locked(parts, options, true, async (signal) => {
        const key = await putKey(parts, password, false, signal);
        const old = repository.keyId;
        repository.keyId = key.id;
        await storage.remove(keyOf('keys', old), { signal });
        known = [...known.filter(({ id }) => id !== old), key];
        return viewOf(key, repository.keyId);
      }),
    remove: (wanted, options) =>
      locked(parts, options, true, async (signal) => {
        const id = chosen(await list({ signal }), wanted, parts);
        await storage.remove(keyOf('keys', id), { signal });
        known = known.filter((key) => key.id !== id);
        return { id };
      }),
  };
}

/** As restic does: nobody else may be at work while a key goes away. */
async function locked<Result>(
  parts: KeysParts,
  options: ChangeKeysOptions,
  exclusive: boolean,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const lock = await takeLock(parts, { ...options, exclusive, writes: false });
  try {
    return await work(AbortSignal.any([options.signal, lock.lost]));
  } finally {
    await lock.release();
  }
}

/** A password that is believed to open the repository and doesn't is noticed on the worst of days: so it is tried at once. */
async function putKey(
  { repository, owner, clock, random, cost }: KeysParts,
  password: Secret,
  recovery: boolean,
  signal: AbortSignal,
): Promise<StoredKey> {
  const { storage, key } = repository;
  const { hostname, username } = owner;
  const whose = { username: recovery ? RECOVERY : username, hostname, recovery };
  const created = new Date(clock.now()).toISOString();
  const bytes = await encodeKeyFile(key, { password: password.reveal(), cost, created, ...whose }, random);
  const id = idOf(bytes);
  await storage.put(keyOf('keys', id), bytes, { signal });
  const file = await readKeyFile(storage, id, { signal });
  const opened = await openKeyFile(storage, id, file, password);
  if (opened !== undefined && isSame(opened, key)) return { id, file };
  await storage.remove(keyOf('keys', id), { signal });
  const reason = opened === undefined ? 'the password does not fit' : 'it holds another key';
  throw repositoryErrors.VAULT_KEY_NOT_PROVEN({ key: short(id), path: storage.location, reason });
}

/** What may be removed. The list is of this moment: meanwhile somebody may have removed even the key that we came in by. */
function chosen({ keys, unreadable }: KeyList, wanted: string, { repository }: KeysParts): string {
  const { storage, keyId } = repository;
  const path = storage.location;
  const ids = [...keys, ...unreadable].map(({ id }) => id).filter((id) => id.startsWith(wanted));
  const [id] = ids;
  if (id === undefined || wanted === '') throw repositoryErrors.VAULT_KEY_UNKNOWN({ path, key: wanted });
  if (ids.length > 1) throw repositoryErrors.VAULT_KEY_AMBIGUOUS({ path, key: wanted, keys: ids.map(short) });
  if (keys.every((key) => key.id === id)) throw repositoryErrors.VAULT_KEY_LAST({ path, key: short(id) });
  if (id === keyId) throw repositoryErrors.VAULT_KEY_IN_USE({ path, key: short(id) });
  return id;
}

function viewOf({ id, file }: StoredKey, inUse: string): VaultKey {
  const { created, username, hostname, recovery } = file;
  return { id, created, user: username, host: hostname, inUse: id === inUse, recovery };
}

/** As restic shows it. */
function short(id: string): string {
  return id.slice(0, 8);
}

function isSame(one: MasterKey, other: MasterKey): boolean {
  return one.encrypt.equals(other.encrypt) && one.k.equals(other.k) && one.r.equals(other.r);
}
