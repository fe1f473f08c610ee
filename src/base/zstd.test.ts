import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { NoZstdFrame, type Zstd, zstdBound, zstdFrom } from './zstd.ts';

const MOST = 1024 * 1024 * 1024;
const text = Buffer.from('the same words again and again, '.repeat(40_000));
const samples = [0, 1, 100, 16_384, 131_073, 1_000_000].flatMap((size) => [
  text.subarray(0, size),
  randomBytes(size),
]);

const kinds: Readonly<Record<string, Zstd>> = {
  'the running binary': zstdFrom([null]),
  'no library at all': zstdFrom(['libof-nobody.so.0']),
  'a library that lacks the functions': zstdFrom(['libc.so.6']),
};

for (const [name, zstd] of Object.entries(kinds)) {
  describe(`zstd of ${name}`, () => {
    const pack = (plain: Uint8Array) => {
      const target = Buffer.alloc(zstdBound(plain.length));
      return target.subarray(0, zstd.packInto(target, plain));
    };

    it('packs into frames that everybody unpacks, within the bound', () => {
      for (const plain of samples) {
        const packed = pack(plain);
        assert.deepEqual(zstdDecompressSync(packed), plain);
        assert.deepEqual(zstd.unpack(packed, plain.length), plain);
        const target = Buffer.alloc(plain.length + 3);
        assert.equal(zstd.unpackInto(target, packed), plain.length);
        assert.deepEqual(target, Buffer.concat([plain, Buffer.alloc(3)]));
      }
      assert.ok(pack(text).length < text.length / 20);
    });

    it('unpacks frames that do not tell their size, and several behind each other', () => {
      const parts = [zstdCompressSync(text), zstdCompressSync(Buffer.from('more'))];
      assert.deepEqual(zstd.unpack(zstdCompressSync(text), MOST), text);
      const both = Buffer.concat([text, Buffer.from('more')]);
      assert.deepEqual(zstd.unpack(Buffer.concat(parts), MOST), both);
      const target = Buffer.alloc(both.length);
      assert.equal(zstd.unpackInto(target, Buffer.concat(parts)), both.length);
      assert.deepEqual(target, both);
    });

    it('says what it can not unpack, and goes on', () => {
      const packed = pack(text);
      const broken = Buffer.from(packed);
      broken.fill(0xff, 20, 60);
      const reason = /it unpacks to more than 1000 bytes/;
      const isToldSo = (error: unknown) => error instanceof NoZstdFrame && reason.test(error.message);
      assert.throws(() => zstd.unpack(packed, 1000), isToldSo);
      assert.throws(() => zstd.unpackInto(Buffer.alloc(1000), packed), isToldSo);
      for (const wrong of [Buffer.from('no frame at all'), broken, packed.subarray(0, packed.length - 5)]) {
        assert.throws(() => zstd.unpack(wrong, MOST), NoZstdFrame);
        assert.throws(() => zstd.unpackInto(Buffer.alloc(text.length), wrong), NoZstdFrame);
      }
      assert.deepEqual(zstd.unpack(packed, text.length), text);
    });
  });
}

it('is native on this machine', () => {
  assert.notEqual(kinds['the running binary'], kinds['no library at all']);
});
