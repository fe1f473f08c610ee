import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compiledKernels, modulePath } from '../../script/compile-kernels.ts';
import { Kernels, MAX_CHUNK, MIN_CHUNK } from './kernels.ts';

const POLYNOMIAL = 0x25b468838dcb75n;

describe('Poly1305', () => {
  const kernels = new Kernels(100_000);

  it('gives the tag of the RFC', () => {
    const key = Buffer.from('85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b', 'hex');
    const tag = kernels.poly1305(key, Buffer.from('Cryptographic Forum Research Group'));
    assert.equal(tag.toString('hex'), 'a8061dc1305136c6c22b8baf0c0127a9');
  });

  it('agrees with the definition, in its own memory and elsewhere', () => {
    // Limbs full of ones are where carrying goes wrong.
    const bytes = (length: number) =>
      fc.oneof(
        fc.uint8Array({ minLength: length, maxLength: length }),
        fc.constantFrom(new Uint8Array(length), new Uint8Array(length).fill(0xff)),
      );
    const message = fc.integer({ min: 0, max: 300 }).chain(bytes);
    fc.assert(
      fc.property(bytes(32), message, (key, data) => {
        const expected = definition(key, data).toString('hex');
        assert.equal(kernels.poly1305(key, data).toString('hex'), expected);
        kernels.buffer.set(data, 7);
        assert.equal(
          kernels.poly1305(key, kernels.buffer.subarray(7, 7 + data.length)).toString('hex'),
          expected,
        );
      }),
    );
  });

  it('takes in what is larger than its scratch', () => {
    const data = pseudorandom(1_000_003);
    const key = pseudorandom(32);
    assert.deepEqual(kernels.poly1305(key, data), definition(key, data));
  });
});

describe('the chunker', () => {
  const kernels = new Kernels(24 * 1024 * 1024);
  kernels.usePolynomial(POLYNOMIAL);

  function chunks(data: Buffer, step: number): number[] {
    data.copy(kernels.buffer);
    const lengths: number[] = [];
    let start = 0;
    let looked = 0;
    for (let end = 0; ; ) {
      const length = kernels.cut(start, end, looked);
      if (length !== undefined) {
        lengths.push(length);
        start += length;
        looked = start;
      } else if (end < data.length) {
        looked = Math.max(start, end);
        end = Math.min(end + step, data.length);
      } else {
        if (end > start) lengths.push(end - start);
        return lengths;
      }
    }
  }

  it('cuts as a byte-by-byte window does, however the data comes', () => {
    const data = pseudorandom(20 * 1024 * 1024);
    // Few of the bytes differ here: the digest hits seldom, and a chunk may grow to the most.
    data.fill(7, 6_000_000, 15_500_000);
    const expected = byWindow(data);
    assert.ok(expected.length > 4 && expected.includes(MAX_CHUNK), String(expected));
    assert.deepEqual(chunks(data, data.length), expected);
    assert.deepEqual(chunks(data, 100_003), expected);
  });

  it('cuts zeros at the least, and takes the end as it comes', () => {
    assert.deepEqual(chunks(Buffer.alloc(2 * MIN_CHUNK + 5), 70_000), [MIN_CHUNK, MIN_CHUNK, 5]);
    assert.deepEqual(chunks(Buffer.alloc(MIN_CHUNK), 70_000), [MIN_CHUNK]);
    assert.deepEqual(chunks(Buffer.alloc(0), 1), []);
  });
});

it('the module that is committed is what the compiler makes of the sources', async () => {
  assert.equal(readFileSync(modulePath, 'utf8'), await compiledKernels());
});

/** RFC 8439, 2.5.1, with big integers. */
function definition(key: Uint8Array, data: Uint8Array): Buffer {
  const number = (bytes: Uint8Array) => BigInt(`0x0${Buffer.from(bytes).reverse().toString('hex')}`);
  const r = number(key.subarray(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  let sum = 0n;
  for (let at = 0; at < data.length; at += 16) {
    const block = data.subarray(at, at + 16);
    sum = ((sum + number(block) + (1n << BigInt(8 * block.length))) * r) % ((1n << 130n) - 5n);
  }
  const tag = (sum + number(key.subarray(16))) & ((1n << 128n) - 1n);
  return Buffer.from(tag.toString(16).padStart(32, '0'), 'hex').reverse();
}

/** The algorithm as it is described: a window of 64 bytes, and tables made by long division. */
function byWindow(data: Buffer): number[] {
  const reduce = (value: bigint) => {
    let left = value;
    for (let degree = left.toString(2).length - 1; degree >= 53; degree = left.toString(2).length - 1)
      left ^= POLYNOMIAL << BigInt(degree - 53);
    return left;
  };
  const out = Array.from({ length: 256 }, (_, byte) => reduce(BigInt(byte) << (8n * 63n)));
  const mod = Array.from({ length: 256 }, (_, byte) => reduce(BigInt(byte) << 53n) ^ (BigInt(byte) << 53n));
  const halves = (table: bigint[]) => ({
    high: Int32Array.from(table, (value) => Number(BigInt.asIntN(32, value >> 32n))),
    low: Int32Array.from(table, (value) => Number(BigInt.asIntN(32, value))),
  });
  const outs = halves(out);
  const mods = halves(mod);
  const lengths: number[] = [];
  const window = new Uint8Array(64);
  for (let start = 0; start < data.length; ) {
    let [high, low, place] = [0, 0, 0];
    const slide = (byte: number) => {
      const old = window[place] as number;
      window[place] = byte;
      place = (place + 1) % 64;
      high ^= outs.high[old] as number;
      low ^= outs.low[old] as number;
      const index = (high >>> 13) & 255;
      high = ((high << 8) | (low >>> 24)) ^ (mods.high[index] as number);
      low = ((low << 8) | byte) ^ (mods.low[index] as number);
    };
    window.fill(0);
    slide(1);
    let length = Math.min(MIN_CHUNK - 64, data.length - start);
    while (start + length < data.length && length < MAX_CHUNK) {
      slide(data[start + length] as number);
      length += 1;
      if (length >= MIN_CHUNK && (low & 0xfffff) === 0) break;
    }
    lengths.push(length);
    start += length;
  }
  return lengths;
}

/** The same bytes every time, and none that a cipher would repeat. */
function pseudorandom(length: number): Buffer {
  return createHash('shake256', { outputLength: length }).update('hikae').digest();
}
