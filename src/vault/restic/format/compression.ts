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
  try {
    return zstd.unpack(bytes, most);
  } catch (error) {
    if (!(error instanceof NoZstdFrame)) throw error;
    throw new SyntaxError(error.message, { cause: error });
  }
}
