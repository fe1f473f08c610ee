/**
 * Where restic's chunker cuts: the rolling Rabin digest of the last 64 bytes has its low 20 bits clear.
 *
 * The digest depends on those 64 bytes and nothing before them, so it can be begun anywhere; four positions are rolled
 * at once, because one alone waits for its own table look-ups.
 */

const WINDOW: usize = 64;
const MASK: u64 = (1 << 20) - 1;
const DEGREE: u64 = 53;
/** Positions that one lane looks at before the lanes are compared. */
const STRIDE: usize = 8192;

const OUT: usize = memory.data(256 * 8, 16);
const MOD: usize = memory.data(256 * 8, 16);

function reduce(value: u64, polynomial: u64): u64 {
  while (value >> DEGREE != 0) value ^= polynomial << (63 - clz(value) - DEGREE);
  return value;
}

function appendSlowly(digest: u64, byte: u64, polynomial: u64): u64 {
  for (let bit = 7; bit >= 0; bit--) digest = reduce((digest << 1) | ((byte >> bit) & 1), polynomial);
  return digest;
}

/** Makes the tables for a polynomial of degree 53. */
export function usePolynomial(polynomial: u64): void {
  for (let byte: u64 = 0; byte < 256; byte++) {
    let digest = appendSlowly(0, byte, polynomial);
    for (let zero: usize = 1; zero < WINDOW; zero++) digest = appendSlowly(digest, 0, polynomial);
    store<u64>(OUT + (<usize>byte << 3), digest);
    const high = byte << DEGREE;
    store<u64>(MOD + (<usize>byte << 3), reduce(high, polynomial) ^ high);
  }
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function append(digest: u64, byte: u64): u64 {
  return ((digest << 8) | byte) ^ load<u64>(MOD + (<usize>(digest >> 45) << 3));
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function slide(digest: u64, at: usize): u64 {
  return append(digest ^ load<u64>(OUT + (<usize>load<u8>(at - WINDOW) << 3)), load<u8>(at));
}

function digestBefore(at: usize): u64 {
  let digest: u64 = 0;
  for (let byte = at - WINDOW; byte < at; byte++) digest = append(digest, load<u8>(byte));
  return digest;
}

/** The first position in (start, end] after which a cut may be made, rolling one byte at a time; 0 if there is none. */
function cutInOneLane(start: usize, end: usize): usize {
  let digest = digestBefore(start);
  for (let at = start; at < end; at++) {
    digest = slide(digest, at);
    if ((digest & MASK) == 0) return at + 1;
  }
  return 0;
}

/**
 * The address just behind the first byte in [start, end) after which the digest says to cut, or 0. The 64 bytes before
 * `start` must be readable.
 */
export function findCut(start: usize, end: usize): usize {
  let from = start;
  for (; from + 4 * STRIDE <= end; from += 4 * STRIDE) {
    let d0 = digestBefore(from);
    let d1 = digestBefore(from + STRIDE);
    let d2 = digestBefore(from + 2 * STRIDE);
    let d3 = digestBefore(from + 3 * STRIDE);
    let hit = false;
    for (let at = from; at < from + STRIDE; at++) {
      d0 = slide(d0, at);
      d1 = slide(d1, at + STRIDE);
      d2 = slide(d2, at + 2 * STRIDE);
      d3 = slide(d3, at + 3 * STRIDE);
      if ((d0 & MASK) == 0) return at + 1;
      if (((d1 & MASK) == 0) | ((d2 & MASK) == 0) | ((d3 & MASK) == 0)) {
        hit = true;
        break;
      }
    }
    // A later lane was first to find one; an earlier one may still have its own.
    if (hit) return cutInOneLane(from, from + 4 * STRIDE);
  }
  return from < end ? cutInOneLane(from, end) : 0;
}
