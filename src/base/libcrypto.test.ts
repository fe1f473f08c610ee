import assert from 'node:assert/strict';
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { type Libcrypto, libcryptoFrom } from './libcrypto.ts';

const kinds: Readonly<Record<string, Libcrypto>> = {
  'the running binary': libcryptoFrom([null]),
  'no library at all': libcryptoFrom(['libof-nobody.so.0']),
  'a library that lacks the functions': libcryptoFrom(['libc.so.6']),
};
const samples = [0, 1, 16, 1500, 100_003].map((size) => randomBytes(size));

for (const [name, libcrypto] of Object.entries(kinds)) {
  describe(`libcrypto of ${name}`, () => {
    it('hashes', () => {
      const target = Buffer.alloc(40);
      for (const bytes of samples) {
        libcrypto.sha256Into(target, bytes);
        assert.deepEqual(target.subarray(0, 32), createHash('sha256').update(bytes).digest());
      }
      assert.deepEqual(target.subarray(32), Buffer.alloc(8));
    });

    it('encrypts each in counter mode from its own beginning, and decrypts where it lies', () => {
      const key = randomBytes(32);
      const apply = libcrypto.counterMode(key);
      for (const plain of samples) {
        const iv = randomBytes(16);
        const target = Buffer.alloc(plain.length + 4);
        apply(iv, plain, target);
        const expected = createCipheriv('aes-256-ctr', key, iv).update(plain);
        assert.deepEqual(target, Buffer.concat([expected, Buffer.alloc(4)]));
        apply(iv, expected, expected);
        assert.deepEqual(expected, plain);
      }
    });

    it('encrypts blocks', () => {
      const key = randomBytes(16);
      const apply = libcrypto.blockCipher(key);
      for (let turn = 0; turn < 3; turn++) {
        const block = randomBytes(16);
        const target = Buffer.alloc(20);
        apply(block, target);
        const expected = createCipheriv('aes-128-ecb', key, null).update(block);
        assert.deepEqual(target, Buffer.concat([expected, Buffer.alloc(4)]));
      }
    });

    it('authenticates as RFC 8439, 2.5.2 has it, or leaves that to others', () => {
      const key = Buffer.from('85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b', 'hex');
      const target = Buffer.alloc(20);
      for (let turn = 0; turn < 2; turn++) {
        libcrypto.poly1305?.(key, Buffer.from('Cryptographic Forum Research Group'), target);
        const tag = libcrypto.poly1305 === undefined ? '' : 'a8061dc1305136c6c22b8baf0c0127a9';
        assert.equal(target.toString('hex'), tag.padEnd(40, '0'));
      }
    });

    it('writes nowhere else when there is no room', () => {
      const [short, long] = [Buffer.alloc(15), randomBytes(16)];
      assert.throws(() => libcrypto.sha256Into(short, long), RangeError);
      assert.throws(() => libcrypto.counterMode(randomBytes(32))(long, long, short), RangeError);
      assert.throws(() => libcrypto.blockCipher(long)(long, short), RangeError);
      if (libcrypto.poly1305 === undefined) return;
      assert.throws(() => libcrypto.poly1305?.(randomBytes(32), long, short), RangeError);
      assert.throws(() => libcrypto.poly1305?.(long, long, long), RangeError);
    });
  });
}

it('is native on this machine', () => {
  assert.notEqual(kinds['the running binary'], kinds['no library at all']);
});

it('has the tags of the running binary', () => {
  assert.notEqual(kinds['the running binary']?.poly1305, undefined);
});
