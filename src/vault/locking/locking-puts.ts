/** A vault's storage, where whatever is put gets its lock with the very request that puts it. */
import type { Body, CallOptions, Key, Lock, Storage } from '../../storage/storage.ts';

export interface LockedPuts {
  /** For what is put; undefined for what is gone again in minutes. */
  lockOfNew(key: Key, options: CallOptions): Promise<Lock | undefined>;
  /** Resolves when so many bytes may be put under lock. */
  permit?(key: Key, bytes: number): Promise<void>;
  /** Called when it is there, and its lock was looked at; `bytes` of what was sent or copied. */
  remember(key: Key, lock: Lock, bytes: number): void;
}

/** What making everything that a snapshot needs safe has come to. */
export interface Secured {
  readonly objects: number;
  readonly bytes: number;
  /** objects that the server was asked about */
  readonly asked: number;
  readonly extended: number;
  /** what was put under lock since the last snapshot, and requests that all this took */
  readonly stored?: { readonly objects: number; readonly bytes: number };
  readonly requests?: { readonly puts: number; readonly gets: number };
  /** until when everything is locked at least */
  readonly until: number;
}

export function lockingPuts(storage: Storage, locks: LockedPuts): Storage {
  const giving = async <Options extends CallOptions & { readonly lock?: Lock | undefined }>(
    key: Key,
    bytes: number,
    options: Options,
    work: (options: Options) => Promise<void>,
  ) => {
    const lock = options.lock ?? (await locks.lockOfNew(key, options));
    if (lock !== undefined) await locks.permit?.(key, bytes);
    await work({ ...options, lock });
    if (lock !== undefined) locks.remember(key, lock, bytes);
  };
  return {
    location: storage.location,
    capabilities: storage.capabilities,
    locking: storage.locking,
    put: (key, body, options) =>
      giving(key, sizeOf(body), options, (locked) => storage.put(key, body, locked)),
    // A copy takes room of its own where there are locks.
    link: (from, to, options) =>
      giving(to, options.expect?.size ?? 0, options, (locked) => storage.link(from, to, locked)),
    read: (key, options) => storage.read(key, options),
    readRange: (key, options) => storage.readRange(key, options),
    stream: (key, options) => storage.stream(key, options),
    stat: (key, options) => storage.stat(key, options),
    list: (folder, options) => storage.list(folder, options),
    remove: (key, options) => storage.remove(key, options),
    folders: (folder, options) => storage.folders(folder, options),
    sync: (options) => storage.sync(options),
    room: (options) => storage.room(options),
    close: () => storage.close(),
  };
}

function sizeOf(body: Body): number {
  return body instanceof Uint8Array ? body.length : body.size;
}
