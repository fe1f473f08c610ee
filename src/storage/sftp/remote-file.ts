/** Whole reads and writes of remote files, with several requests on the way at a time: one at a time would wait for the line. */
import type { Channel, Handle } from './channel.ts';

/** Servers of OpenSSH take this in one request; for others ssh2 divides it. */
const PIECE = 131_072;
/** Requests under way for one file: a megabyte, which is a tenth of a second at 10 MB/s. */
const AHEAD = 8;

/** Writes what comes, and tells how much it was. */
export async function writeAll(
  channel: Channel,
  handle: Handle,
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<number> {
  const underWay = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  let position = 0;
  try {
    for await (const piece of pieces) {
      const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
      for (let at = 0; at < bytes.length; at += PIECE) {
        if (underWay.size >= AHEAD) await Promise.race(underWay);
        if (failure !== undefined) throw failure.error;
        const part = bytes.subarray(at, at + PIECE);
        const request = channel
          .write(handle, part, position, signal)
          .catch((error: unknown) => {
            failure ??= { error };
          })
          .finally(() => underWay.delete(request));
        underWay.add(request);
        position += part.length;
      }
    }
  } finally {
    await Promise.all(underWay);
  }
  if (failure !== undefined) throw failure.error;
  return position;
}

/** The bytes of a range in pieces; ends early where the file does. */
export async function* readPieces(
  channel: Channel,
  handle: Handle,
  { offset, length }: { offset: number; length: number },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const ahead: Promise<Uint8Array>[] = [];
  const end = offset + length;
  let next = offset;
  try {
    while (next < end || ahead.length > 0) {
      while (next < end && ahead.length < AHEAD) {
        const request = readPiece(channel, handle, next, Math.min(PIECE, end - next), signal);
        // Whoever stops in the middle waits for none of the rest.
        request.catch(() => undefined);
        ahead.push(request);
        next += PIECE;
      }
      const piece = await (ahead.shift() as Promise<Uint8Array>);
      if (piece.length > 0) yield piece;
    }
  } finally {
    await Promise.allSettled(ahead);
  }
}

async function readPiece(
  channel: Channel,
  handle: Handle,
  position: number,
  length: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(length);
  return bytes.subarray(0, await channel.read(handle, bytes, position, signal));
}
