/**
 * A storage as it was at an earlier time, to be read only: through whatever was deleted, and past whatever was laid on top,
 * since then. Of an object with several versions by that time it shows the right one, see right-version.ts.
 */
import { storageErrors } from '../errors.ts';
import { compareTexts, type Key } from '../key.ts';
import { byKey, rightVersion } from '../right-version.ts';
import type { CallOptions, Locking, ObjectStatus, ObjectVersion, Range, Storage } from '../storage.ts';

const BATCH = 1_000;

/** Of several versions of one key, the latest first, the right one: see right-version.ts. */
export type ChooseVersion = (
  versions: readonly ObjectVersion[],
  options: CallOptions,
) => Promise<ObjectVersion | undefined>;

/** `time` in milliseconds since 1970 UTC, by the medium's clock, which counts whole seconds. */
export function asOf(
  storage: Storage,
  locking: Locking,
  time: number,
  choose: ChooseVersion = (versions, options) => rightVersion(locking, versions, options),
): Storage {
  const { location } = storage;
  const folders = new Map<Key, Promise<ReadonlyMap<Key, readonly ObjectVersion[]>>>();
  const chosen = new Map<Key, ObjectVersion | undefined>();

  /** What there was below the first segment of a key; that which has been doesn't change. */
  function versionsBelow(key: Key, options: CallOptions) {
    const top = key.split('/', 1)[0] as Key;
    let found = folders.get(top);
    if (found === undefined) {
      found = readVersions(locking, top, time, options);
      folders.set(top, found);
      // Who asks again after a failure may succeed.
      found.catch(() => folders.delete(top));
    }
    return found;
  }

  async function versionAt(key: Key, options: CallOptions): Promise<ObjectVersion | undefined> {
    if (chosen.has(key)) return chosen.get(key);
    const [latest, ...earlier] = (await versionsBelow(key, options)).get(key) ?? [];
    const version =
      latest === undefined || latest.deleted ? undefined : await choose([latest, ...earlier], options);
    chosen.set(key, version);
    return version;
  }

  async function require(key: Key, options: CallOptions): Promise<ObjectVersion> {
    const version = await versionAt(key, options);
    if (version === undefined) throw storageErrors.STORAGE_NOT_FOUND({ key, storage: location });
    return version;
  }

  async function* stream(key: Key, options: CallOptions & Partial<Range>): AsyncGenerator<Uint8Array> {
    const { version } = await require(key, options);
    yield* locking.streamVersion(key, version, options);
  }

  async function* list(folder: Key | '', options: CallOptions): AsyncGenerator<readonly ObjectStatus[]> {
    const all =
      folder === '' ? await readVersions(locking, '', time, options) : await versionsBelow(folder, options);
    let batch: ObjectStatus[] = [];
    for (const key of all.keys()) {
      if (folder !== '' && !key.startsWith(`${folder}/`)) continue;
      const version = await versionAt(key, options);
      if (version === undefined) continue;
      batch.push({ key, size: version.size, modified: version.modified });
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  async function refuse(operation: string, key: Key | ''): Promise<never> {
    const reason = 'it is looked at as it was before';
    throw storageErrors.STORAGE_REFUSED({ storage: location, operation, key, reason });
  }

  return {
    location,
    capabilities: storage.capabilities,
    locking,
    stream,
    list,
    async read(key, { limit, signal }) {
      const { size } = await require(key, { signal });
      if (size > limit) throw storageErrors.STORAGE_TOO_LARGE({ key, storage: location, limit });
      return collect(stream(key, { signal }));
    },
    readRange: (key, options) => collect(stream(key, options)),
    async stat(key, options) {
      const found = await versionAt(key, options);
      if (found === undefined) return undefined;
      const { size, modified, sha256 } = await locking.statVersion(key, found.version, options);
      return { key, size, modified, ...(sha256 === undefined ? {} : { sha256 }) };
    },
    async folders(folder, options) {
      const start = folder === '' ? 0 : folder.length + 1;
      const names = new Set<string>();
      for await (const batch of list(folder, options)) {
        for (const { key } of batch) {
          const [name = '', ...rest] = key.slice(start).split('/');
          if (rest.length > 0) names.add(name);
        }
      }
      return [...names].sort(compareTexts);
    },
    put: (key) => refuse('put', key),
    remove: (key) => refuse('remove', key),
    link: (from) => refuse('link', from),
    sync: (options) => storage.sync(options),
    room: (options) => storage.room(options),
    close: () => storage.close(),
  };
}

/** The versions that there were by then, by key. */
async function readVersions(
  locking: Locking,
  folder: Key | '',
  time: number,
  options: CallOptions,
): Promise<ReadonlyMap<Key, readonly ObjectVersion[]>> {
  const found = new Map<Key, readonly ObjectVersion[]>();
  for await (const versions of byKey(locking.versions(folder, options))) {
    const [latest] = versions;
    if (latest !== undefined)
      found.set(
        latest.key,
        versions.filter(({ modified }) => modified <= time),
      );
  }
  return found;
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}
