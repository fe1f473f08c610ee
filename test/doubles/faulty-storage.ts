/** Puts programmed faults around a storage: this happens to the n-th call of that kind. */
import { delay } from '../../src/base/abort.ts';
import { storageErrors } from '../../src/storage/errors.ts';
import type { Key } from '../../src/storage/key.ts';
import type {
  Body,
  CallOptions,
  Locking,
  ObjectStatus,
  ObjectVersion,
  PutOptions,
  Storage,
  Tree,
} from '../../src/storage/storage.ts';

export type Operation =
  | Exclude<keyof Storage, 'location' | 'capabilities' | 'locking' | 'tree' | 'close'>
  | keyof Tree
  | keyof Locking;

export interface Call {
  readonly operation: Operation;
  readonly key: Key | '';
}

export interface Fault {
  /** the how manieth of the calls that it is about, from 1 */
  readonly at: number;
  /** which calls it is about; all of them when not said */
  readonly of?: (call: Call) => boolean;
  /**
   * `fail`: STORAGE_FAILED, nothing is done. `full`: STORAGE_FULL, nothing is done. `cut`: STORAGE_INTERRUPTED; nothing
   * is put, half is read or listed. `lose-answer`: it is done, and STORAGE_INTERRUPTED all the same. `truncate`: what is
   * read ends in its middle, as if that were the end. `delay`: it comes a while later. `hang`: until the signal. `dead`:
   * this and every later call fail, as seen by a process whose machine dies.
   */
  readonly kind: 'fail' | 'full' | 'cut' | 'lose-answer' | 'truncate' | 'delay' | 'hang' | 'dead';
  /** of a `delay` */
  readonly milliseconds?: number;
}

export interface FaultyStorage extends Storage {
  /** every call so far; those that met a fault too */
  readonly calls: readonly Call[];
}

export function faultyStorage(storage: Storage, faults: readonly Fault[]): FaultyStorage {
  const calls: Call[] = [];
  const met = new Map<Fault, number>();
  let dead = false;

  /** What is to happen to a call; counts it for every fault that is about it. */
  function next(call: Call): Fault | undefined {
    calls.push(call);
    let found: Fault | undefined;
    for (const fault of faults) {
      if (fault.of !== undefined && !fault.of(call)) continue;
      const count = (met.get(fault) ?? 0) + 1;
      met.set(fault, count);
      if (count === fault.at) found ??= fault;
    }
    dead ||= found?.kind === 'dead';
    return dead ? { at: 0, kind: 'dead' } : found;
  }

  async function before(fault: Fault | undefined, call: Call, signal: AbortSignal): Promise<void> {
    const details = { ...call, storage: storage.location, reason: `a programmed ${fault?.kind}` };
    if (fault?.kind === 'fail' || fault?.kind === 'dead') throw storageErrors.STORAGE_FAILED(details);
    if (fault?.kind === 'full') throw storageErrors.STORAGE_FULL(details);
    if (fault?.kind === 'delay') await delay(fault.milliseconds ?? 0, signal);
    if (fault?.kind === 'hang') await delay(2 ** 31 - 1, signal);
  }

  function cutOff(call: Call): Error {
    return storageErrors.STORAGE_INTERRUPTED({
      ...call,
      storage: storage.location,
      reason: 'a programmed cut',
    });
  }

  async function change(call: Call, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const fault = next(call);
    await before(fault, call, signal);
    if (fault?.kind === 'cut') throw cutOff(call);
    await work();
    if (fault?.kind === 'lose-answer') throw cutOff(call);
  }

  async function ask<Result>(call: Call, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    const fault = next(call);
    await before(fault, call, signal);
    if (fault?.kind === 'cut') throw cutOff(call);
    const result = await work();
    if (fault?.kind === 'lose-answer') throw cutOff(call);
    if (fault?.kind === 'truncate' && result instanceof Uint8Array)
      return result.subarray(0, result.length >> 1) as Result;
    return result;
  }

  async function* pieces<Piece extends Uint8Array | readonly (ObjectStatus | ObjectVersion)[]>(
    call: Call,
    signal: AbortSignal,
    work: () => AsyncIterable<Piece>,
  ): AsyncGenerator<Piece> {
    const fault = next(call);
    await before(fault, call, signal);
    for await (const piece of work()) {
      if (fault?.kind === 'cut' || fault?.kind === 'truncate') {
        yield piece.slice(0, piece.length >> 1) as Piece;
        if (fault.kind === 'cut') throw cutOff(call);
        return;
      }
      yield piece;
    }
    if (fault?.kind === 'lose-answer') throw cutOff(call);
  }

  function faultyTree(tree: Tree): Tree {
    return {
      move: (from, to, options) =>
        change({ operation: 'move', key: to }, options.signal, () => tree.move(from, to, options)),
      remove: (folder, options) =>
        change({ operation: 'remove', key: folder }, options.signal, () => tree.remove(folder, options)),
      point: (name, to, options) =>
        change({ operation: 'point', key: name }, options.signal, () => tree.point(name, to, options)),
    };
  }

  function faultyLocking(locking: Locking): Locking {
    return {
      state: (options) => ask({ operation: 'state', key: '' }, options.signal, () => locking.state(options)),
      versions: (folder, options) =>
        pieces({ operation: 'versions', key: folder }, options.signal, () =>
          locking.versions(folder, options),
        ),
      statVersion: (key, version, options) =>
        ask({ operation: 'statVersion', key }, options.signal, () =>
          locking.statVersion(key, version, options),
        ),
      streamVersion: (key, version, options) =>
        pieces({ operation: 'streamVersion', key }, options.signal, () =>
          locking.streamVersion(key, version, options),
        ),
      extend: (key, version, lock, options) =>
        ask({ operation: 'extend', key }, options.signal, () => locking.extend(key, version, lock, options)),
      layOnTop: (key, version, options) =>
        change({ operation: 'layOnTop', key }, options.signal, () => locking.layOnTop(key, version, options)),
    };
  }

  return {
    calls,
    location: storage.location,
    capabilities: storage.capabilities,
    locking: storage.locking && faultyLocking(storage.locking),
    put: (key, body: Body, options: PutOptions) =>
      change({ operation: 'put', key }, options.signal, () => storage.put(key, body, options)),
    remove: (key, options) =>
      change({ operation: 'remove', key }, options.signal, () => storage.remove(key, options)),
    link: (from, to, options) =>
      change({ operation: 'link', key: to }, options.signal, () => storage.link(from, to, options)),
    sync: (options) => change({ operation: 'sync', key: '' }, options.signal, () => storage.sync(options)),
    read: (key, options) => ask({ operation: 'read', key }, options.signal, () => storage.read(key, options)),
    readRange: (key, options) =>
      ask({ operation: 'readRange', key }, options.signal, () => storage.readRange(key, options)),
    stat: (key, options) => ask({ operation: 'stat', key }, options.signal, () => storage.stat(key, options)),
    room: (options: CallOptions) =>
      ask({ operation: 'room', key: '' }, options.signal, () => storage.room(options)),
    stream: (key, options) =>
      pieces({ operation: 'stream', key }, options.signal, () => storage.stream(key, options)),
    list: (folder, options) =>
      pieces({ operation: 'list', key: folder }, options.signal, () => storage.list(folder, options)),
    folders: (folder, options) =>
      ask({ operation: 'folders', key: folder }, options.signal, () => storage.folders(folder, options)),
    ...(storage.tree && { tree: faultyTree(storage.tree) }),
    close: () => storage.close(),
  };
}
