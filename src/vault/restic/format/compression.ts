/** zstd as the format uses it, with bounds on what an unknown frame may become. */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { systemCode } from '../../../base/errors.ts';

/** Where zstd spends little and gains most; restic's own default is near it. */
const options = { params: { [constants.ZSTD_c_compressionLevel]: 3 } } as const;

export function compress(bytes: Uint8Array): Buffer {
  return zstdCompressSync(bytes, options);
}

/** Throws a SyntaxError for what is no frame, or becomes more than `most` bytes. */
export function decompress(bytes: Uint8Array, most: number): Buffer {
  try {
    // Node.js takes no bound of zero, and an empty frame is legal.
    return zstdDecompressSync(bytes, { maxOutputLength: Math.max(most, 1) });
  } catch (error) {
    if (systemCode(error) === 'ERR_BUFFER_TOO_LARGE') {
      throw new SyntaxError(`it unpacks to more than ${most} bytes`, { cause: error });
    }
    throw new SyntaxError(`zstd can not unpack it (${systemCode(error) ?? 'unknown'})`, { cause: error });
  }
}
