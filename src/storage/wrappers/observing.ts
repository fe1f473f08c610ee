/** Counts what a storage is asked for: calls and bytes by operation, for progress, forecasts and prices. */
import { sizeOf } from '../body.ts';
import type { Locking, ObjectStatus, ObjectVersion, Storage, Tree } from '../storage.ts';

export type Operation =
  | Exclude<keyof Storage, 'location' | 'capabilities' | 'locking' | 'tree' | 'close'>
  | keyof Locking
  | keyof Tree;

export interface OperationCount {
  /** calls that were made, whatever became of them */
  readonly calls: number;
  readonly failed: number;
  /** bytes of the bodies that were put or read; of a put that failed, none */
  readonly bytes: number;
}

export interface ObservedStorage extends Storage {
  /** Only operations that were asked for. */
  counts(): Readonly<Partial<Record<Operation, OperationCount>>>;
}

export function observing(storage: Storage): ObservedStorage {
  const counts: Partial<Record<Operation, { -readonly [Name in keyof OperationCount]: number }>> = {};

  const start = (operation: Operation) => {
    counts[operation] ??= { calls: 0, failed: 0, bytes: 0 };
    const count = counts[operation];
    count.calls += 1;
    return count;
  };
  async function call<Result>(
    operation: Operation,
    work: () => Promise<Result>,
    bytesOf: (result: Result) => number = () => 0,
  ): Promise<Result> {
    const count = start(operation);
    try {
      const result = await work();
      count.bytes += bytesOf(result);
      return result;
    } catch (error) {
      count.failed += 1;
      throw error;
    }
  }
  async function* pieces<Piece extends Uint8Array | readonly (ObjectStatus | ObjectVersion)[]>(
    operation: Operation,
    work: () => AsyncIterable<Piece>,
  ): AsyncGenerator<Piece> {
    const count = start(operation);
    try {
      for await (const piece of work()) {
        if (piece instanceof Uint8Array) count.bytes += piece.length;
        yield piece;
      }
    } catch (error) {
      count.failed += 1;
      throw error;
    }
  }

  const observedLocking = (locking: Locking): Locking => ({
    state: (options) => call('state', () => locking.state(options)),
    versions: (folder, options) => pieces('versions', () => locking.versions(folder, options)),
    statVersion: (key, version, options) =>
      call('statVersion', () => locking.statVersion(key, version, options)),
    streamVersion: (key, version, options) =>
      pieces('streamVersion', () => locking.streamVersion(key, version, options)),
    extend: (key, version, lock, options) =>
      call('extend', () => locking.extend(key, version, lock, options)),
    layOnTop: (key, version, options) => call('layOnTop', () => locking.layOnTop(key, version, options)),
  });

  return {
    location: storage.location,
    capabilities: storage.capabilities,
    locking: storage.locking && observedLocking(storage.locking),
    counts: () => structuredClone(counts),
    put: (key, body, options) =>
      call(
        'put',
        () => storage.put(key, body, options),
        () => sizeOf(body),
      ),
    read: (key, options) =>
      call(
        'read',
        () => storage.read(key, options),
        (bytes) => bytes.length,
      ),
    readRange: (key, options) =>
      call(
        'readRange',
        () => storage.readRange(key, options),
        (bytes) => bytes.length,
      ),
    stream: (key, options) => pieces('stream', () => storage.stream(key, options)),
    stat: (key, options) => call('stat', () => storage.stat(key, options)),
    list: (folder, options) => pieces('list', () => storage.list(folder, options)),
    remove: (key, options) => call('remove', () => storage.remove(key, options)),
    link: (from, to, options) => call('link', () => storage.link(from, to, options)),
    folders: (folder, options) => call('folders', () => storage.folders(folder, options)),
    ...(storage.tree && { tree: observedTree(storage.tree, call) }),
    sync: (options) => call('sync', () => storage.sync(options)),
    room: (options) => call('room', () => storage.room(options)),
    close: () => storage.close(),
  };
}

function observedTree(
  tree: Tree,
  call: (operation: Operation, work: () => Promise<void>) => Promise<void>,
): Tree {
  return {
    move: (from, to, options) => call('move', () => tree.move(from, to, options)),
    remove: (folder, options) => call('remove', () => tree.remove(folder, options)),
    point: (name, to, options) => call('point', () => tree.point(name, to, options)),
  };
}
