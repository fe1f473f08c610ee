/** AES and SHA-256 for the format, of this thread. */
import { libcryptoFrom } from '../../../base/libcrypto.ts';

export const libcrypto = libcryptoFrom([null, 'libcrypto.so.3']);
