/** zstd as the format uses it, with bounds on what an unknown frame may become. */
import { NoZstdFrame, zstdBound, zstdFrom } from '../../../base/zstd.ts';

const zstd = zstdFrom([null, 'libzstd.so.1']);

/** Room for what so many bytes become. */
export const packedBound = zstdBound;

/** Packs into the beginning of `target`, which has that room, and returns how many bytes it took. */
export function compressInto(target: Uint8Array, bytes: Uint8Array): number {
  return zstd.packInto(target, bytes);
}

export function compress(bytes: Uint8Array): Buffer {
  const packed = Buffer.allocUnsafeSlow(packedBound(bytes.length));
  return packed.subarray(0, compressInto(packed, bytes));
}

/** Throws a SyntaxError for what is no frame, or becomes more than `most` bytes. */
export function decompress(bytes: Uint8Array, most: number): Buffer {
  return unpacking(() => zstd.unpack(bytes, most));
}

/** Unpacks into the beginning of `target`, which bounds what it may become, and returns how many bytes it became. */
export function decompressInto(target: Uint8Array, bytes: Uint8Array): number {
  return unpacking(() => zstd.unpackInto(target, bytes));
}

function unpacking<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof NoZstdFrame)) throw error;
    throw new SyntaxError(error.message, { cause: error });
  }
}
