/** Poly1305 (RFC 8439, section 2.5) with limbs of 26 bits, whose products fit in 64. */

const STATE: usize = memory.data(20 * 8, 16);
const BLOCK: usize = memory.data(16, 16);
const LIMB: u64 = 0x3ffffff;

// STATE holds, eight bytes each: h0..h4, r0..r4, and the four words of the key that is added at the end.

/** Begins a tag under the 32 bytes of a one-time key. */
export function begin(key: usize): void {
  for (let at: usize = 0; at < 5; at++) store<u64>(STATE + (at << 3), 0);
  store<u64>(STATE + 40, load<u32>(key) & 0x3ffffff);
  store<u64>(STATE + 48, (load<u32>(key + 3) >> 2) & 0x3ffff03);
  store<u64>(STATE + 56, (load<u32>(key + 6) >> 4) & 0x3ffc0ff);
  store<u64>(STATE + 64, (load<u32>(key + 9) >> 6) & 0x3f03fff);
  store<u64>(STATE + 72, (load<u32>(key + 12) >> 8) & 0x00fffff);
  for (let at: usize = 0; at < 4; at++) store<u64>(STATE + 80 + (at << 3), load<u32>(key + 16 + (at << 2)));
}

function blocks(from: usize, length: usize, top: u64): void {
  let h0 = load<u64>(STATE);
  let h1 = load<u64>(STATE + 8);
  let h2 = load<u64>(STATE + 16);
  let h3 = load<u64>(STATE + 24);
  let h4 = load<u64>(STATE + 32);
  const r0 = load<u64>(STATE + 40);
  const r1 = load<u64>(STATE + 48);
  const r2 = load<u64>(STATE + 56);
  const r3 = load<u64>(STATE + 64);
  const r4 = load<u64>(STATE + 72);
  const s1 = r1 * 5;
  const s2 = r2 * 5;
  const s3 = r3 * 5;
  const s4 = r4 * 5;
  for (let at = from; at < from + length; at += 16) {
    const low = load<u64>(at);
    const high = load<u64>(at + 8);
    h0 += low & LIMB;
    h1 += (low >> 26) & LIMB;
    h2 += ((low >> 52) | (high << 12)) & LIMB;
    h3 += (high >> 14) & LIMB;
    h4 += (high >> 40) | top;
    const d0 = h0 * r0 + h1 * s4 + h2 * s3 + h3 * s2 + h4 * s1;
    let d1 = h0 * r1 + h1 * r0 + h2 * s4 + h3 * s3 + h4 * s2;
    let d2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * s4 + h4 * s3;
    let d3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + h4 * s4;
    let d4 = h0 * r4 + h1 * r3 + h2 * r2 + h3 * r1 + h4 * r0;
    h0 = d0 & LIMB;
    d1 += d0 >> 26;
    h1 = d1 & LIMB;
    d2 += d1 >> 26;
    h2 = d2 & LIMB;
    d3 += d2 >> 26;
    h3 = d3 & LIMB;
    d4 += d3 >> 26;
    h4 = d4 & LIMB;
    h0 += (d4 >> 26) * 5;
    h1 += h0 >> 26;
    h0 &= LIMB;
  }
  store<u64>(STATE, h0);
  store<u64>(STATE + 8, h1);
  store<u64>(STATE + 16, h2);
  store<u64>(STATE + 24, h3);
  store<u64>(STATE + 32, h4);
}

/** Takes whole blocks: `length` is a multiple of 16. */
export function update(from: usize, length: usize): void {
  blocks(from, length, 1 << 24);
}

/** Takes the last 0 to 15 bytes and writes the tag's 16 bytes. */
export function finish(from: usize, length: usize, tag: usize): void {
  if (length > 0) {
    store<u64>(BLOCK, 0);
    store<u64>(BLOCK + 8, 0);
    memory.copy(BLOCK, from, length);
    store<u8>(BLOCK + length, 1);
    blocks(BLOCK, 16, 0);
  }
  let h0 = load<u64>(STATE);
  let h1 = load<u64>(STATE + 8);
  let h2 = load<u64>(STATE + 16);
  let h3 = load<u64>(STATE + 24);
  let h4 = load<u64>(STATE + 32);
  // Two rounds of carrying leave every limb with 26 bits, whatever came in.
  for (let round = 0; round < 2; round++) {
    h2 += h1 >> 26;
    h1 &= LIMB;
    h3 += h2 >> 26;
    h2 &= LIMB;
    h4 += h3 >> 26;
    h3 &= LIMB;
    h0 += (h4 >> 26) * 5;
    h4 &= LIMB;
    h1 += h0 >> 26;
    h0 &= LIMB;
  }
  // h - (2^130 - 5), which is taken if it isn't negative.
  let g0 = h0 + 5;
  let g1 = h1 + (g0 >> 26);
  g0 &= LIMB;
  let g2 = h2 + (g1 >> 26);
  g1 &= LIMB;
  let g3 = h3 + (g2 >> 26);
  g2 &= LIMB;
  let g4 = h4 + (g3 >> 26);
  g3 &= LIMB;
  if (g4 >> 26 != 0) {
    h0 = g0;
    h1 = g1;
    h2 = g2;
    h3 = g3;
    h4 = g4 & LIMB;
  }
  let sum: u64 = ((h0 | (h1 << 26)) & 0xffffffff) + load<u64>(STATE + 80);
  store<u32>(tag, <u32>sum);
  sum = (((h1 >> 6) | (h2 << 20)) & 0xffffffff) + load<u64>(STATE + 88) + (sum >> 32);
  store<u32>(tag + 4, <u32>sum);
  sum = (((h2 >> 12) | (h3 << 14)) & 0xffffffff) + load<u64>(STATE + 96) + (sum >> 32);
  store<u32>(tag + 8, <u32>sum);
  sum = (((h3 >> 18) | (h4 << 8)) & 0xffffffff) + load<u64>(STATE + 104) + (sum >> 32);
  store<u32>(tag + 12, <u32>sum);
}
