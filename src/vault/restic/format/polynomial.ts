/** Polynomials over GF(2) as big integers: the one that a repository cuts chunks by must be irreducible. */
import type { RandomBytes } from './sealing.ts';

export const DEGREE = 53;

/** A random irreducible polynomial of degree 53. */
export function randomPolynomial(random: RandomBytes): bigint {
  // About one in 27 of those with an odd constant is irreducible.
  for (;;) {
    const bytes = Buffer.from(random(8));
    const candidate = BigInt.asUintN(DEGREE + 1, bytes.readBigUInt64LE()) | (1n << BigInt(DEGREE)) | 1n;
    if (isIrreducible(candidate)) return candidate;
  }
}

/** Ben-Or: no factor of degree i divides x^(2^i) - x, for every i up to half the degree. */
export function isIrreducible(polynomial: bigint): boolean {
  const half = Math.floor(degreeOf(polynomial) / 2);
  let power = 2n;
  for (let i = 1; i <= half; i++) {
    power = reduce(square(power), polynomial);
    if (degreeOf(greatestCommonDivisor(polynomial, power ^ 2n)) !== 0) return false;
  }
  return true;
}

export function degreeOf(polynomial: bigint): number {
  return polynomial === 0n ? -1 : polynomial.toString(2).length - 1;
}

function reduce(value: bigint, by: bigint): bigint {
  const degree = degreeOf(by);
  let left = value;
  for (let own = degreeOf(left); own >= degree; own = degreeOf(left)) left ^= by << BigInt(own - degree);
  return left;
}

/** Over GF(2) squaring puts a zero between every two digits. */
function square(value: bigint): bigint {
  return BigInt(`0b${[...value.toString(2)].join('0')}`);
}

function greatestCommonDivisor(left: bigint, right: bigint): bigint {
  let [a, b] = [left, right];
  while (b !== 0n) [a, b] = [b, reduce(a, b)];
  return a;
}
