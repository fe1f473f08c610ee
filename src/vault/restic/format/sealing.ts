/**
 * How everything in a repository but the key files is encrypted: AES-256 in counter mode, and a Poly1305-AES tag over
 * the ciphertext. A sealed unit is `IV (16) ‖ ciphertext ‖ tag (16)`.
 */
import { createCipheriv, timingSafeEqual } from 'node:crypto';
import type { BlockCipher, CounterMode, Poly1305 } from '../../../base/libcrypto.ts';
import type { Kernels } from '../../../kernels/kernels.ts';
import { libcrypto } from './libcrypto.ts';

export interface MasterKey {
  /** 32 bytes */
  readonly encrypt: Buffer;
  /** 16 bytes: the key of the AES that makes a tag's one-time part */
  readonly k: Buffer;
  /** 16 bytes: the part of the tag's key that stays */
  readonly r: Buffer;
}

/** Gives so many unpredictable bytes. */
export type RandomBytes = (size: number) => Uint8Array;

const IV = 16;
const TAG = 16;
/** How much longer a sealed unit is than what is in it. */
export const SEAL = IV + TAG;

/** Seals and opens under one key; belongs to one thread, as its kernels do. */
export class Sealer {
  readonly #poly1305: Poly1305;
  readonly #random: RandomBytes;
  readonly #crypt: CounterMode;
  readonly #nonces: BlockCipher;
  readonly #oneTime = Buffer.alloc(32);
  readonly #tagPart = this.#oneTime.subarray(16);
  readonly #found = Buffer.alloc(TAG);

  constructor(key: MasterKey, { kernels, random }: { kernels: Kernels; random: RandomBytes }) {
    // OpenSSL's is made for each kind of processor, and is up to four times as fast.
    this.#poly1305 =
      libcrypto.poly1305 ?? ((oneTime, data, target) => target.set(kernels.poly1305(oneTime, data)));
    this.#random = random;
    this.#crypt = libcrypto.counterMode(key.encrypt);
    this.#nonces = libcrypto.blockCipher(key.k);
    this.#oneTime.set(key.r);
  }

  seal(plain: Uint8Array): Buffer {
    const sealed = Buffer.allocUnsafe(plain.length + SEAL);
    this.sealInto(plain, sealed);
    return sealed;
  }

  /** Seals into the beginning of `target`, which has room for SEAL bytes more than there are in `plain`. */
  sealInto(plain: Uint8Array, target: Buffer): void {
    const iv = this.#random(IV);
    target.set(iv);
    const ciphertext = target.subarray(IV, IV + plain.length);
    this.#crypt(iv, plain, ciphertext);
    this.#tagInto(target.subarray(IV + plain.length, plain.length + SEAL), iv, ciphertext);
  }

  /** What was sealed. Throws a SyntaxError when the tag is wrong: nobody with the key has written this. */
  open(sealed: Uint8Array): Buffer {
    const { iv, ciphertext } = this.#authentic(sealed);
    const plain = Buffer.allocUnsafeSlow(ciphertext.length);
    this.#crypt(iv, ciphertext, plain);
    return plain;
  }

  /** The same, opened where it lies; what was sealed is as it was only when this throws. */
  openInPlace(sealed: Uint8Array): Uint8Array {
    const { iv, ciphertext } = this.#authentic(sealed);
    this.#crypt(iv, ciphertext, ciphertext);
    return ciphertext;
  }

  #authentic(sealed: Uint8Array): { readonly iv: Uint8Array; readonly ciphertext: Uint8Array } {
    if (sealed.length < SEAL) throw new SyntaxError('it is too short to be sealed');
    const iv = sealed.subarray(0, IV);
    const ciphertext = sealed.subarray(IV, sealed.length - TAG);
    this.#tagInto(this.#found, iv, ciphertext);
    if (!timingSafeEqual(this.#found, sealed.subarray(sealed.length - TAG))) {
      throw new SyntaxError('its authentication tag is wrong');
    }
    return { iv, ciphertext };
  }

  #tagInto(target: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): void {
    this.#nonces(iv, this.#tagPart);
    this.#poly1305(this.#oneTime, ciphertext, target);
  }
}

/**
 * Unpredictable bytes from one seed of 32: for threads, which have no source of chance of their own. Two threads never
 * have the same seed.
 */
export function expandingRandom(seed: Uint8Array): RandomBytes {
  const stream = createCipheriv('aes-256-ctr', seed, Buffer.alloc(16));
  const zeros = Buffer.alloc(64 * 1024);
  let bytes = Buffer.alloc(0);
  let at = 0;
  return (size) => {
    if (size > zeros.length) throw new RangeError(`${size} bytes of chance at once`);
    if (bytes.length - at < size) {
      bytes = stream.update(zeros);
      at = 0;
    }
    at += size;
    return bytes.subarray(at - size, at);
  };
}
