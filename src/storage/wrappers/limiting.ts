/** Keeps what is sent and fetched within a number of bytes a second, and sending within a share of the machine. */
import { delay } from '../../base/abort.ts';
import type { Clock } from '../../base/clock.ts';
import type { Processor } from '../../base/processor.ts';
import { piecesOf, sizeOf } from '../body.ts';
import { storageErrors } from '../errors.ts';
import type { Key } from '../key.ts';
import type { Body, CallOptions, Locking, ReopenableBody, Storage } from '../storage.ts';

/** A bound that all who share it keep together. */
export interface Pace {
  /** Resolves when so many bytes may pass. */
  take(bytes: number, signal: AbortSignal): Promise<void>;
  /** the largest piece that should pass at once */
  readonly piece: number;
}

/** Ten pieces a second are smooth enough for a line, and larger ones than this are no faster. */
const PIECES_A_SECOND = 10;
const LARGEST_PIECE = 262_144;

export function openPace(bytesPerSecond: number, clock: Clock): Pace {
  let free = clock.elapsed();
  return {
    piece: Math.max(1, Math.min(LARGEST_PIECE, Math.floor(bytesPerSecond / PIECES_A_SECOND))),
    async take(bytes, signal) {
      const now = clock.elapsed();
      const start = Math.max(free, now);
      free = start + bytes / bytesPerSecond;
      if (start > now) await delay((start - now) * 1_000, signal);
      else signal.throwIfAborted();
    },
  };
}

/**
 * Lets pass what keeps this process within a share of the machine, more than 0 and at most 1, from the first that passes to
 * the last. Time in which it had nothing to do is not saved up.
 */
export function openWorkPace(share: number, processor: Processor, clock: Clock): Pace {
  let last: { readonly used: number; readonly at: number } | undefined;
  let free = Number.NEGATIVE_INFINITY;
  return {
    piece: Number.POSITIVE_INFINITY,
    async take(_, signal) {
      const [used, now] = [processor.used(), clock.elapsed()];
      if (last !== undefined) free = Math.max(free, last.at) + (used - last.used) / (share * processor.count);
      last = { used, at: now };
      if (free > now) await delay((free - now) * 1_000, signal);
      else signal.throwIfAborted();
    },
  };
}

/** What both let pass. */
export function together(one: Pace, other: Pace): Pace {
  return {
    piece: Math.min(one.piece, other.piece),
    async take(bytes, signal) {
      await one.take(bytes, signal);
      await other.take(bytes, signal);
    },
  };
}

export interface Paces {
  readonly upload?: Pace;
  readonly download?: Pace;
}

export function limiting(storage: Storage, { upload, download }: Paces): Storage {
  return {
    ...passing(storage),
    ...(upload && {
      async put(key, body, options) {
        if (!(body instanceof Uint8Array) || body.length > upload.piece)
          return storage.put(key, pacedBody(body, storage, key, upload), options);
        await upload.take(body.length, options.signal);
        return storage.put(key, body, options);
      },
    }),
    ...(download && {
      locking: storage.locking && limitingLocking(storage.locking, download),
      stream: (key, options) => pacedStream(storage.stream(key, options), options, download),
      async readRange(key, options) {
        return Buffer.concat(await collect(pacedStream(storage.stream(key, options), options, download)));
      },
      async read(key, { limit, signal }) {
        const pieces = pacedStream(storage.stream(key, { signal }), { signal }, download);
        const bytes = Buffer.concat(await collect(upTo(limit, pieces)));
        if (bytes.length > limit)
          throw storageErrors.STORAGE_TOO_LARGE({ key, storage: storage.location, limit });
        return bytes;
      },
    }),
  };
}

function passing(storage: Storage): Storage {
  return {
    location: storage.location,
    capabilities: storage.capabilities,
    locking: storage.locking,
    put: (key, body, options) => storage.put(key, body, options),
    read: (key, options) => storage.read(key, options),
    readRange: (key, options) => storage.readRange(key, options),
    stream: (key, options) => storage.stream(key, options),
    stat: (key, options) => storage.stat(key, options),
    list: (folder, options) => storage.list(folder, options),
    remove: (key, options) => storage.remove(key, options),
    link: (from, to, options) => storage.link(from, to, options),
    folders: (folder, options) => storage.folders(folder, options),
    ...(storage.tree && { tree: storage.tree }),
    sync: (options) => storage.sync(options),
    room: (options) => storage.room(options),
    close: () => storage.close(),
  };
}

function limitingLocking(locking: Locking, pace: Pace): Locking {
  return {
    state: (options) => locking.state(options),
    versions: (folder, options) => locking.versions(folder, options),
    statVersion: (key, version, options) => locking.statVersion(key, version, options),
    streamVersion: (key, version, options) =>
      pacedStream(locking.streamVersion(key, version, options), options, pace),
    extend: (key, version, lock, options) => locking.extend(key, version, lock, options),
    layOnTop: (key, version, options) => locking.layOnTop(key, version, options),
  };
}

function pacedBody(body: Body, storage: Storage, key: Key, pace: Pace): ReopenableBody {
  return {
    size: sizeOf(body),
    async *open({ signal }) {
      for await (const piece of piecesOf(body, { storage: storage.location, key }, { signal })) {
        for (let at = 0; at < piece.length; at += pace.piece) {
          const part = piece.subarray(at, at + pace.piece);
          await pace.take(part.length, signal);
          yield part;
        }
      }
    },
  };
}

/** What has arrived waits for its turn, and meanwhile no more is taken off the line. */
async function* pacedStream(
  pieces: AsyncIterable<Uint8Array>,
  { signal }: CallOptions,
  pace: Pace,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    await pace.take(piece.length, signal);
    yield piece;
  }
}

/** Pieces until together they are more than `limit`. */
async function* upTo(limit: number, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const piece of pieces) {
    yield piece;
    size += piece.length;
    if (size > limit) return;
  }
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}
