/** What the format allows, what it refuses, and that what is written is read back as it was. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import type { RawName, RawPath } from '../../../base/raw-path.ts';
import { Kernels } from '../../../kernels/kernels.ts';
import type { NodeType } from '../../../model/node.ts';
import { seededRandom } from '../../seeded-random.ts';
import { idOf, type PackedBlob } from './blob.ts';
import { compress, decompress } from './compression.ts';
import { encodeConfig, NewerVersion, parseConfig } from './config.ts';
import { fromGoMode, goMode } from './file-mode.ts';
import { encodeIndexFile, parseIndexFile } from './index-file.ts';
import { encodeKeyFile, newMasterKey, parseKeyFile, unlockKeyFile } from './key-file.ts';
import { encodePackEnd, encodePackList, headerLength, parsePackHeader, TAIL } from './pack.ts';
import { DEGREE, degreeOf, isIrreducible, randomPolynomial } from './polynomial.ts';
import { expandingRandom, SEAL, Sealer } from './sealing.ts';
import { encodeSnapshotFile, parseSnapshotFile } from './snapshot-file.ts';
import { parseTime, TimeWriter } from './times.ts';
import { encodeTree, nodesInTree, parseTree } from './tree.ts';
import { encodeMetadata, encodeRest, parseTreeNode, type TreeNode } from './tree-node.ts';
import { decodeUnpacked, encodeUnpacked } from './unpacked.ts';

const sealer = new Sealer(newMasterKey(randomBytes), { kernels: new Kernels(0), random: randomBytes });
const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));

describe('sealing', () => {
  it('opens where it lies, and changes nothing of what nobody with the key has written', () => {
    const plain = randomBytes(1500);
    const sealed = sealer.seal(plain);
    const wrong = Buffer.from(sealed);
    wrong[700] = (wrong[700] as number) ^ 1;
    const before = Buffer.from(wrong);
    assert.throws(() => sealer.openInPlace(wrong), SyntaxError);
    assert.deepEqual(wrong, before);
    const opened = sealer.openInPlace(sealed);
    assert.deepEqual(Buffer.from(opened), plain);
    assert.equal(opened.buffer, sealed.buffer);
  });

  it('opens what it sealed, and nothing that was changed in any bit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.nat(), (plain, at) => {
        const sealed = sealer.seal(plain);
        assert.equal(sealed.length, plain.length + SEAL);
        assert.deepEqual(sealer.open(sealed), Buffer.from(plain));
        const bit = at % (sealed.length * 8);
        sealed[bit >> 3] = (sealed[bit >> 3] as number) ^ (1 << (bit & 7));
        assert.throws(() => sealer.open(sealed), SyntaxError);
      }),
    );
    assert.throws(() => sealer.open(Buffer.alloc(SEAL - 1)), /too short/);
  });

  it('expands a seed to bytes that do not repeat', () => {
    const random = expandingRandom(Buffer.alloc(32, 1));
    const taken = Array.from({ length: 10_000 }, () => Buffer.from(random(16)).toString('hex'));
    assert.equal(new Set(taken).size, taken.length);
  });
});

describe('a key file', () => {
  const cost = { N: 16, r: 8, p: 1 };
  const made = { password: 'p', cost, created: '2026-11-22T00:00:00Z', username: 'u', hostname: 'h' };

  it('is unlocked by its password alone', async () => {
    const key = newMasterKey(randomBytes);
    const file = parseKeyFile(await encodeKeyFile(key, made, randomBytes));
    assert.deepEqual(await unlockKeyFile(file, 'p'), key);
    assert.equal(await unlockKeyFile(file, 'q'), undefined);
  });

  const asked: readonly (readonly [string, object])[] = [
    ['more memory than any machine has', { N: 2 ** 30 }],
    ['more work than anybody waits for', { p: 2 ** 20 }],
    ['no power of two', { N: 1000 }],
    ['nothing', { N: 0 }],
    ['a short salt', { salt: 'AAAA' }],
    ['another function', { kdf: 'argon2' }],
    ['no time', { created: 'yesterday' }],
  ];
  for (const [what, change] of asked) {
    it(`that asks for ${what} is refused unread`, async () => {
      const bytes = await encodeKeyFile(newMasterKey(randomBytes), made, randomBytes);
      const changed = { ...JSON.parse(bytes.toString('utf8')), ...change };
      assert.throws(() => parseKeyFile(Buffer.from(JSON.stringify(changed))), SyntaxError);
    });
  }
});

describe('the config', () => {
  it('is read back, with fields that others have added', () => {
    const config = { version: 2, id: 'ab'.repeat(32), polynomial: randomPolynomial(randomBytes) } as const;
    assert.deepEqual(parseConfig(encodeConfig(config)), config);
    const more = Buffer.from(
      JSON.stringify({ ...JSON.parse(encodeConfig(config).toString()), is_hot: true }),
    );
    assert.deepEqual(parseConfig(more), config);
  });

  it('of a later version, or with a polynomial that cuts nothing, is refused', () => {
    const config = { version: 2, id: 'ab'.repeat(32), chunker_polynomial: '25b468838dcb75' };
    const parse = (change: object) => () =>
      parseConfig(Buffer.from(JSON.stringify({ ...config, ...change })));
    assert.equal(parse({})().polynomial, 0x25b468838dcb75n);
    assert.throws(parse({ version: 3 }), NewerVersion);
    assert.throws(parse({ version: 0 }), SyntaxError);
    // x^53 + 1 = (x + 1)(…)
    assert.throws(parse({ chunker_polynomial: '20000000000001' }), SyntaxError);
    assert.throws(parse({ chunker_polynomial: '3' }), SyntaxError);
  });

  it('has a polynomial that is irreducible and of the right degree', () => {
    const polynomial = randomPolynomial(randomBytes);
    assert.equal(degreeOf(polynomial), DEGREE);
    assert.ok(isIrreducible(polynomial));
    // Small ones, by trial division.
    for (let value = 2n; value < 128n; value++)
      assert.equal(isIrreducible(value), byDivision(value), String(value));
  });
});

function byDivision(polynomial: bigint): boolean {
  const degree = degreeOf(polynomial);
  for (let by = 2n; degreeOf(by) * 2 <= degree; by++) {
    let left = polynomial;
    while (degreeOf(left) >= degreeOf(by)) left ^= by << BigInt(degreeOf(left) - degreeOf(by));
    if (left === 0n) return false;
  }
  return true;
}

describe('packs and indexes', () => {
  const blob = fc.record({ id, compressed: fc.boolean(), size: fc.integer({ min: 1, max: 9_000_000 }) });

  it('name their blobs so that they are found again', () => {
    fc.assert(
      fc.property(fc.array(blob, { minLength: 1, maxLength: 20 }), fc.boolean(), (wanted, trees) => {
        let offset = 0;
        const blobs: PackedBlob[] = wanted.map((one) => {
          const length = SEAL + one.size;
          offset += length;
          const plainLength = one.compressed ? one.size * 2 : undefined;
          return { type: trees ? 'tree' : 'data', id: one.id, offset: offset - length, length, plainLength };
        });
        const end = encodePackEnd(encodePackList(blobs), sealer);
        const size = offset + end.length;
        const length = headerLength(end.subarray(-TAIL), size);
        assert.equal(length, end.length - TAIL);
        assert.deepEqual(parsePackHeader(end.subarray(0, length), size, sealer), blobs);
        assert.throws(() => parsePackHeader(end.subarray(0, length), size + 1, sealer), /do not agree/);
        const pack = 'cd'.repeat(32);
        const { packs } = parseIndexFile(encodeIndexFile([{ id: pack, blobs }]));
        assert.deepEqual(packs, [{ id: pack, blobs }]);
      }),
    );
  });

  it('with absurd lengths are refused', () => {
    const tail = (length: number) => {
      const bytes = Buffer.alloc(TAIL);
      bytes.writeUInt32LE(length);
      return bytes;
    };
    for (const length of [0, SEAL, 17 * 1024 * 1024, 0xffff_ffff]) {
      assert.throws(() => headerLength(tail(length), 2 ** 32), SyntaxError);
    }
    assert.throws(() => headerLength(tail(1000), 1000), SyntaxError);
    const header = Buffer.alloc(41);
    header.writeUInt8(2);
    header.writeUInt32LE(100, 1);
    header.writeUInt32LE(0xffff_ffff, 5);
    const sealed = sealer.seal(header);
    assert.throws(() => parsePackHeader(sealed, 100 + sealed.length + TAIL, sealer), /absurd/);
    header.writeUInt8(7);
    assert.throws(() => parsePackHeader(sealer.seal(header), 1000, sealer), /type 7/);
    assert.throws(() => parsePackHeader(sealer.seal(header.subarray(0, 40)), 1000, sealer), SyntaxError);
  });

  it('that name blobs nowhere are refused', () => {
    const pack = 'cd'.repeat(32);
    const good = { id: pack, type: 'data', offset: 0, length: 100, uncompressed_length: 5 };
    const parse = (change: object) => () =>
      parseIndexFile(JSON.stringify({ packs: [{ id: pack, blobs: [{ ...good, ...change }] }] }));
    assert.equal(parse({})().packs[0]?.blobs[0]?.plainLength, 5);
    for (const change of [
      { id: '../../etc/passwd' },
      { type: 'other' },
      { offset: -1 },
      { offset: 1.5 },
      { offset: 2 ** 33 },
      { length: 3 },
      { length: 2 ** 40 },
      { uncompressed_length: 2 ** 40 },
    ]) {
      assert.throws(parse(change), SyntaxError, JSON.stringify(change));
    }
    assert.throws(() => parseIndexFile(JSON.stringify({ packs: [{ id: '../x', blobs: [] }] })), SyntaxError);
    assert.throws(() => parseIndexFile('{"packs":5}'), SyntaxError);
  });

  it('know the packs that another program has marked for removal', () => {
    const json = JSON.stringify({
      packs: [],
      packs_to_delete: [{ id: 'cd'.repeat(32), time: '2026-11-22T00:00:00Z', size: 5, blobs: [] }],
    });
    assert.deepEqual(parseIndexFile(json), {
      packs: [],
      packsToDelete: [{ id: 'cd'.repeat(32), blobs: [], time: '2026-11-22T00:00:00Z', size: 5 }],
    });
    const { packs, packsToDelete } = parseIndexFile(json);
    assert.equal(encodeIndexFile(packs, packsToDelete).includes('"size":5'), true);
    assert.deepEqual(parseIndexFile(encodeIndexFile(packs, packsToDelete)), { packs, packsToDelete });
  });
});

describe('compression', () => {
  it('never unpacks to more than was said', () => {
    const bomb = zstdCompressSync(Buffer.alloc(200_000_000));
    assert.ok(bomb.length < 100_000);
    assert.throws(() => decompress(bomb, 1_000_000), /unpacks to more/);
    assert.throws(() => decompress(Buffer.from('no frame'), 100), SyntaxError);
    assert.deepEqual(decompress(compress(Buffer.from('text')), 4), Buffer.from('text'));
    assert.deepEqual(decompress(compress(Buffer.alloc(0)), 0), Buffer.alloc(0));
  });

  it('of unpacked files is known by their first byte', () => {
    for (const version of [1, 2] as const)
      assert.equal(decodeUnpacked(encodeUnpacked('{"a":1}', version)), '{"a":1}');
    assert.equal(encodeUnpacked('{}', 1).toString(), '{}');
    assert.throws(() => decodeUnpacked(Buffer.from('\x03{}')), SyntaxError);
    assert.throws(() => decodeUnpacked(Buffer.alloc(0)), SyntaxError);
  });
});

describe('times', () => {
  const times: readonly (readonly [string, bigint, string])[] = [
    ['UTC', 0n, '1970-01-01T00:00:00Z'],
    ['UTC', 1_795_310_049_990_549_474n, '2026-11-22T01:14:09.990549474Z'],
    ['Asia/Tokyo', 1_795_310_049_500_000_000n, '2026-11-22T10:14:09.5+09:00'],
    ['UTC', -1_500_000_001n, '1969-12-31T23:59:58.499999999Z'],
    ['America/St_Johns', 1_795_310_049_000_000_000n, '2026-11-21T21:44:09-03:30'],
    // On this day the clocks were put back at 01:00 UTC.
    ['Europe/Berlin', 1_792_889_999_000_000_000n, '2026-10-25T02:59:59+02:00'],
    ['Europe/Berlin', 1_792_890_000_000_000_000n, '2026-10-25T02:00:00+01:00'],
  ];
  for (const [zone, time, text] of times) {
    it(`${text} is written and read`, () => {
      assert.equal(new TimeWriter(zone).write(time), text);
      assert.equal(parseTime(text), time);
    });
  }

  it('are those of the calendar, on however many days', () => {
    const [utc, ahead] = [new TimeWriter('UTC'), new TimeWriter('Asia/Tokyo')];
    const random = seededRandom(7);
    for (let time = 0; time < 30_000; time++) {
      const seconds = Math.floor((random() - 0.3) * 1e11);
      const clock = (at: number) => new Date(at * 1000).toISOString().slice(0, 19);
      assert.equal(utc.write(BigInt(seconds) * 1_000_000_000n), `${clock(seconds)}Z`);
      assert.equal(parseTime(`${clock(seconds)}.000000012Z`), BigInt(seconds) * 1_000_000_000n + 12n);
      // Before it had a zone of today Tokyo went by its own sun.
      if (seconds > 0)
        assert.equal(
          ahead.write(BigInt(seconds) * 1_000_000_000n + 10n).slice(0, 19),
          clock(seconds + 32_400),
        );
    }
  });

  it('that RFC 3339 can not write stay within it', () => {
    assert.match(new TimeWriter('Asia/Tokyo').write(10n ** 21n), /^9999-/);
    assert.match(new TimeWriter('Asia/Tokyo').write(-(10n ** 21n)), /^0000-/);
  });

  it('refuses what is none', () => {
    const day = '2026-11-22T00:00:00';
    const dates = ['2026-13-22', '2026-00-22', '2026-02-29', '2026-11-00', '20x6-11-22', '2026/11/22'];
    const clocks = ['24:00:00', '00:60:00', '00:00:60', '00:00', '00.00.00'];
    const ends = [
      '',
      '.Z',
      '.1',
      '.1234567890Z',
      'z',
      'ZZ',
      '+09',
      '+0900',
      '+24:00',
      '+09:60',
      '=09:00',
      '+09:00Z',
    ];
    for (const text of [
      ...['', '2026-11-22', '1'.repeat(100)],
      ...dates.map((date) => `${date}T00:00:00Z`),
      ...clocks.map((clock) => `2026-11-22T${clock}Z`),
      ...ends.map((end) => day + end),
    ])
      assert.throws(() => parseTime(text), SyntaxError, text);
    assert.equal(parseTime('2024-02-29T00:00:00Z'), 1_709_164_800_000_000_000n);
  });
});

describe('the mode of Go', () => {
  const known: readonly (readonly [number, NodeType, number])[] = [
    [0o755, 'dir', 2_147_484_141],
    [0o1777, 'dir', 2_148_532_735],
    [0o777, 'symlink', 134_218_239],
    [0o644, 'fifo', 33_554_852],
    [0o4755, 'file', 8_389_101],
  ];
  for (const [mode, type, go] of known) {
    it(`of a ${type} with ${mode.toString(8)} is ${go}`, () => {
      assert.equal(goMode(mode, type), go);
      assert.equal(fromGoMode(go), mode);
    });
  }
});

describe('tree nodes', () => {
  const times = new TimeWriter('Asia/Tokyo');
  const raw = (minLength: number) =>
    fc
      .uint8Array({ minLength, maxLength: 30 })
      .map((bytes) => Buffer.from(bytes).toString('latin1').replace(/[/\0]/g, '_'));
  const large = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  const time = fc.bigInt({ min: -(10n ** 18n), max: 10n ** 19n });
  const common = fc.record({
    name: raw(1).filter((name) => name !== '.' && name !== '..') as fc.Arbitrary<RawName>,
    mode: fc.nat(0o7777),
    uid: fc.nat(0xffff_ffff),
    gid: fc.nat(0xffff_ffff),
    user: fc.string(),
    group: fc.string(),
    mtime: time,
    ctime: time,
    inode: large,
    device: large,
    xattrs: fc.array(
      fc.record({
        name: fc.stringMatching(/^user\.[a-z]+$/),
        value: fc.uint8Array().map((b) => Buffer.from(b)),
      }),
      { maxLength: 3 },
    ),
  });
  const links = fc.nat(0xffff_ffff);
  const special = fc.oneof(
    fc.record({
      type: fc.constant('file' as const),
      links,
      size: fc.nat(),
      rdev: fc.constant(0n),
      content: fc.array(id),
    }),
    fc.record({
      type: fc.constant('dir' as const),
      links: fc.constant(0),
      size: fc.constant(0),
      rdev: fc.constant(0n),
      subtree: id,
    }),
    fc.record({
      type: fc.constant('symlink' as const),
      links,
      size: fc.constant(0),
      rdev: fc.constant(0n),
      target: raw(1) as fc.Arbitrary<RawPath>,
    }),
    fc.record({
      type: fc.constantFrom('dev' as const, 'chardev' as const),
      links,
      size: fc.constant(0),
      rdev: large,
    }),
    fc.record({
      type: fc.constantFrom('fifo' as const, 'socket' as const),
      links: fc.constant(0),
      size: fc.constant(0),
      rdev: fc.constant(0n),
    }),
  );
  const node = fc.tuple(common, special).map(([one, other]) => ({ ...one, ...other }) as TreeNode);
  const encode = (one: TreeNode) => encodeMetadata(one, times) + encodeRest(one);

  it('are read back as they were, whatever is in them', () => {
    fc.assert(
      fc.property(node, (one) => {
        const text = encode(one);
        assert.deepEqual(parseTreeNode(text), { ...one, xattrs: one.xattrs.map((xattr) => ({ ...xattr })) });
        assert.equal(encode(parseTreeNode(text)), text);
      }),
    );
  });

  it('are found in a tree, however it is spaced', () => {
    fc.assert(
      fc.property(fc.array(node, { maxLength: 8 }), (nodes) => {
        const texts = nodes.map(encode);
        const tree = encodeTree(texts);
        assert.deepEqual([...nodesInTree(tree)], texts);
        const others = JSON.stringify({ other: [1, { a: '}]' }], last: null }, undefined, 2).slice(0, -1);
        const spaced = Buffer.from(`${others}, "nodes": [ ${texts.join(' ,\n')} ] }`);
        assert.deepEqual([...nodesInTree(spaced)], texts);
        for (const one of [tree, spaced]) assert.deepEqual([...parseTree(one)], texts.map(parseTreeNode));
      }),
    );
  });

  it('are told apart where something in them looks like the end of one', () => {
    const texts = [
      '{"name":"},{\\"name\\":\\"","type":"file"}',
      '{"name":"a","extended_attributes":[{"name":"b","value":""},{"name":"c","value":""}],"content":null}',
      '{"name":"{}","content":[]}',
      '{"type":"file","later":[{"name":"d"},{"name":"e"}],"name":"f"}',
      '{"name":"g"}',
    ];
    for (const some of [texts, texts.toReversed(), [...texts, ...texts]])
      assert.deepEqual([...nodesInTree(encodeTree(some))], some);
  });

  it('are written as restic writes them', () => {
    const text = encode({
      name: 'q"<\xe6\x8e\xa7\xff' as RawName,
      type: 'file',
      mode: 0o4755,
      uid: 0,
      gid: 5,
      user: 'root',
      group: '',
      mtime: 500_000_000n,
      ctime: 0n,
      inode: 2n ** 63n,
      device: 66n,
      links: 2,
      size: 0,
      rdev: 0n,
      xattrs: [{ name: 'user.x', value: Buffer.from('v') }],
      content: [],
    });
    assert.equal(
      text,
      '{"name":"q\\\\\\"\\u003c控\\\\xff","type":"file","mode":8389101,' +
        '"mtime":"1970-01-01T09:00:00.5+09:00","atime":"1970-01-01T09:00:00.5+09:00","ctime":"1970-01-01T09:00:00+09:00",' +
        '"uid":0,"gid":5,"user":"root","inode":9223372036854775808,"device_id":66,"links":2,' +
        '"extended_attributes":[{"name":"user.x","value":"dg=="}],"content":[]}',
    );
  });

  const times2 = '"mtime":"1970-01-01T00:00:00Z"';
  for (const [what, text] of [
    ['a slash in its name', `{"name":"a/b","type":"file",${times2}}`],
    ['the name of its parent', `{"name":"..","type":"dir",${times2},"subtree":"${'0'.repeat(64)}"}`],
    ['a NUL in its name', `{"name":"a\\\\x00","type":"file",${times2}}`],
    ['no name', `{"name":"","type":"file",${times2}}`],
    ['an unknown type', `{"name":"a","type":"door",${times2}}`],
    ['no tree, being a folder', `{"name":"a","type":"dir",${times2}}`],
    ['a path for an id', `{"name":"a","type":"file",${times2},"content":["../../x"]}`],
    ['a negative size', `{"name":"a","type":"file",${times2},"size":-1}`],
    ['a size beyond all files', `{"name":"a","type":"file",${times2},"size":99999999999999999999}`],
    ['no time', '{"name":"a","type":"file"}'],
  ] as const) {
    it(`with ${what} are refused`, () => {
      assert.throws(() => parseTreeNode(text), SyntaxError);
    });
  }

  it('in what is no tree are not looked for', () => {
    for (const text of ['', '[]', '{"nodes":[', '{"nodes":[{]}', '{"nodes":[{}]}}', '{"nodes":["a}]}', 'x']) {
      assert.throws(() => [...nodesInTree(Buffer.from(text))], SyntaxError, text);
      if (text !== '[]') assert.throws(() => [...parseTree(Buffer.from(text))], SyntaxError, text);
    }
    assert.throws(() => [...nodesInTree(Buffer.from(`{"nodes":[${'['.repeat(100_000)}`))], /too deep/);
  });
});

describe('a snapshot file', () => {
  it('is read back, and in the order of restic', () => {
    const file = {
      time: '2026-11-22T00:00:00+09:00',
      tree: idOf(Buffer.from('tree')),
      paths: ['/<mail>'],
      hostname: 'h',
      uid: 1,
      tags: ['a', 'b'],
      program_version: 'hikae',
    };
    const json = encodeSnapshotFile(file);
    assert.deepEqual(JSON.parse(JSON.stringify(parseSnapshotFile(json))), file);
    assert.deepEqual(Object.keys(JSON.parse(json)), [
      'time',
      'tree',
      'paths',
      'hostname',
      'uid',
      'tags',
      'program_version',
    ]);
    assert.ok(json.includes('/\\u003cmail\\u003e'));
    assert.throws(() => parseSnapshotFile(json.replace(file.tree, '../../x')), SyntaxError);
    assert.throws(() => parseSnapshotFile(json.replace('2026-11-22T', 'x')), SyntaxError);
  });
});
