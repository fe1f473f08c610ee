/** The manifest and the checksums: every name and number survives, and nothing that was altered is believed. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { isHikaeError } from '../../src/base/errors.ts';
import { goQuote, goUnquote } from '../../src/base/go-quoting.ts';
import { compareRawPaths, type RawPath } from '../../src/base/raw-path.ts';
import type { Hole, Node, StoredForm } from '../../src/model/node.ts';
import type { SnapshotHeader } from '../../src/model/snapshot.ts';
import { checksumLine, parseChecksumLine } from '../../src/vault/plain/checksums.ts';
import { encodeTrailer } from '../../src/vault/plain/header-line.ts';
import { Manifest } from '../../src/vault/plain/manifest.ts';
import { isWholeManifest, writeManifest } from '../../src/vault/plain/manifest-file.ts';
import {
  encodeMetadata,
  encodeNode,
  hasPath,
  metadataEnd,
  parseNode,
  pathOfLine,
} from '../../src/vault/plain/node-line.ts';
import { packedNameOf } from '../../src/vault/plain/stored-form.ts';
import { nodeOf } from '../doubles/memory-snapshot.ts';

const long = process.env.HIKAE_LONG === '1';
const runs = { numRuns: long ? 20_000 : 1_000 };
const fewer = { numRuns: long ? 2_000 : 150 };

/** Bytes of a name: any but NUL and the slash, with those dense that quoting has to do with. */
const byte = fc.oneof(
  fc.integer({ min: 1, max: 255 }).filter((code) => code !== 0x2f),
  fc.constantFrom(0x22, 0x5c, 0x0a, 0x0d, 0x78, 0x75, 0xe6, 0x8e, 0xa7, 0xc2, 0x80, 0xff, 0xed, 0xa0),
);
const name = fc
  .array(byte, { minLength: 1, maxLength: 40 })
  .map((bytes) => String.fromCharCode(...bytes) as RawPath)
  .filter((text) => text !== '.' && text !== '..');
const path = fc.array(name, { minLength: 1, maxLength: 6 }).map((names) => names.join('/') as RawPath);
const target = fc
  .array(fc.oneof(byte, fc.constant(0x2f)), { maxLength: 60 })
  .map((bytes) => String.fromCharCode(...bytes) as RawPath);
const id = fc.integer({ min: 0, max: 0xffff_ffff });
const time = fc.bigInt({ min: -(10n ** 19n), max: 10n ** 19n });
const large = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const sha256 = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('hex'));
const xattrs = fc.array(
  fc.record(
    {
      name: fc.stringMatching(/^[a-z]+\.[ -~]{1,20}$/),
      value: fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
    },
    { noNullPrototype: true },
  ),
  { maxLength: 4 },
);
const common = {
  path,
  mode: fc.nat(0o7777),
  uid: id,
  gid: id,
  user: fc.string(),
  group: fc.string(),
  mtime: time,
  ctime: time,
};
const more = { inode: large, device: large, links: fc.integer({ min: 0, max: 0xffff_ffff }), xattrs };

const file = fc
  .record({
    ...common,
    ...more,
    size: fc.maxSafeNat(),
    sha256,
    hardlink: fc.option(path, { nil: undefined }),
    packed: fc.option(fc.record({ size: fc.maxSafeNat(), sha256 }, { noNullPrototype: true }), {
      nil: undefined,
    }),
    cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 }),
  })
  .map(({ cuts, hardlink, packed, ...node }): Node => {
    const form = { name: packedNameOf(node.path), encoding: 'gzip', ...packed } as StoredForm;
    const shared = hardlink === undefined ? {} : { hardlink };
    const stored = packed === undefined || hardlink !== undefined ? {} : { stored: form };
    return { ...node, ...shared, ...stored, type: 'file', rdev: 0n, holes: holesAt(cuts, node.size) };
  });
const symlink = fc
  .record({ ...common, ...more, target })
  .map((node): Node => ({ ...node, type: 'symlink', size: 0, rdev: 0n, holes: [] }));
const other = fc
  .record({ ...common, ...more, type: fc.constantFrom('dir' as const, 'fifo' as const, 'socket' as const) })
  .map((node): Node => ({ ...node, size: 0, rdev: 0n, holes: [] }));
const device = fc
  .record({ ...common, ...more, type: fc.constantFrom('dev' as const, 'chardev' as const), rdev: large })
  .map((node): Node => ({ ...node, size: 0, holes: [] }));
const node = fc.oneof(file, symlink, other, device);

/** Holes between every other pair of cuts. */
function holesAt(cuts: readonly number[], size: number): Hole[] {
  const places = [...new Set(cuts.map((cut) => Math.floor(cut * size)))].sort((a, b) => a - b);
  const holes: Hole[] = [];
  for (let at = 0; at + 1 < places.length; at += 2) {
    const [offset = 0, end = 0] = places.slice(at, at + 2);
    holes.push({ offset, length: end - offset });
  }
  return holes;
}

describe('a line', () => {
  test('gives back every node, and its path alone', () => {
    fc.assert(
      fc.property(node, (one) => {
        const line = encodeNode(one);
        assert.ok(!line.includes('\n'));
        assert.deepEqual(parseNode(line), one);
        assert.equal(pathOfLine(line), one.path);
        // As it is read from a file: bytes that are UTF-8.
        assert.equal(Buffer.from(line, 'utf8').toString('utf8'), line);
      }),
      runs,
    );
  });

  test('begins with what an lstat tells, and with nothing else', () => {
    fc.assert(
      fc.property(node, node, (one, two) => {
        const line = encodeNode(one);
        assert.equal(line.slice(0, metadataEnd(line, one)), encodeMetadata(one));
        const same = encodeMetadata(one) === encodeMetadata(two);
        assert.equal(metadataEnd(line, two) !== undefined, same);
        for (const key of Object.keys(one) as (keyof typeof one)[]) {
          const other = { ...one, [key]: two[key] ?? one[key] };
          const isAlike = encodeMetadata(one) === encodeMetadata(other);
          assert.equal(metadataEnd(line, other) !== undefined, isAlike, key);
        }
        assert.equal(metadataEnd(line, { ...one, size: one.size + 1 }), undefined);
        assert.equal(metadataEnd(line, { ...one, ctime: one.ctime + 1n }), undefined);
        assert.equal(hasPath(line, one.path), true);
        assert.equal(hasPath(line, two.path), one.path === two.path);
      }),
      runs,
    );
  });

  test('is refused with a field too much, too little or of the wrong kind', () => {
    const wrong = fc.constantFrom<unknown>(null, -1, 1.5, 2 ** 53, '', 'x', '-', [], {}, true);
    fc.assert(
      fc.property(node, fc.nat(), wrong, (one, at, value) => {
        const fields = JSON.parse(encodeNode(one)) as Record<string, unknown>;
        const keys = Object.keys(fields);
        const key = keys[at % keys.length] ?? 'path';
        refused(JSON.stringify({ ...fields, surplus: 1 }));
        if (!['rdev', 'stored', 'hardlink', 'xattrs', 'holes'].includes(key)) {
          const { [key]: _, ...without } = fields;
          refused(JSON.stringify(without));
        }
        // An empty text is a name, and an empty list is one too.
        const fits =
          (['user', 'group', 'path', 'target', 'hardlink'].includes(key) && typeof value === 'string') ||
          (key === 'xattrs' || key === 'holes' ? Array.isArray(value) : false);
        if (!fits) refused(JSON.stringify({ ...fields, [key]: value }));
      }),
      runs,
    );
  });

  const packed = { name: 'file.gz', encoding: 'gzip', size: 10, sha256: '0'.repeat(64) };
  const example = nodeOf('c/file', { sha256: '0'.repeat(64), size: 100, inode: 1n, device: 1n });
  for (const [what, change] of Object.entries({
    'a NUL in its path': { path: 'c/\\x00' },
    'a NUL in a target': { type: 'symlink', size: 0, target: '\\x00', sha256: undefined },
    'a size of 2^53': { size: 2 ** 53 },
    'a negative size': { size: -1 },
    'a hash that is too short': { sha256: '00' },
    'a hash in capitals': { sha256: 'A'.repeat(64) },
    'a folder with content': { type: 'dir' },
    'a symlink without a target': { type: 'symlink', size: 0, sha256: undefined },
    'a folder that is a hard link': { type: 'dir', size: 0, sha256: undefined, hardlink: 'c/a' },
    'a file that is a device': { rdev: '259' },
    'five digits of mode': { mode: '10644' },
    'a hole behind the end': { holes: [[90, 11]] },
    'a hole of nothing': { holes: [[90, 0]] },
    'holes that overlap': {
      holes: [
        [0, 20],
        [10, 20],
      ],
    },
    'a hole before the start': { holes: [[-5, 10]] },
    'an attribute that is not base64': { xattrs: [['user.a', '*']] },
    'an attribute with a NUL': { xattrs: [['user.\0a', '']] },
    'a number with too many digits': { inode: '1'.repeat(21) },
    'a name that is badly quoted': { path: 'c/\\q' },
    'another type': { type: 'whiteout' },
    'a packed folder': { type: 'dir', size: 0, sha256: undefined, stored: packed },
    'a further name of a packed file': { hardlink: 'c/a', stored: packed },
    'a packed file elsewhere': { stored: { ...packed, name: '../file.gz' } },
    'a packed file under its own name': { stored: { ...packed, name: 'file' } },
    'another encoding': { stored: { ...packed, encoding: 'zstd' } },
    'a packed file without a size': { stored: { ...packed, size: undefined } },
    'a packed file without a hash': { stored: { ...packed, sha256: undefined } },
    'a packed file with a field too much': { stored: { ...packed, level: 1 } },
  })) {
    test(`is refused with ${what}`, () => {
      const fields = JSON.parse(encodeNode(example)) as Record<string, unknown>;
      refused(JSON.stringify({ ...fields, ...change }));
    });
  }
});

function refused(line: string): void {
  assert.throws(() => parseNode(line), SyntaxError, line);
}

test('quoting as Go does it is undone', () => {
  const any = fc
    .uint8Array({ maxLength: 80 })
    .map((bytes) => Buffer.from(bytes).toString('latin1') as RawPath);
  const text = fc
    .string({ unit: 'binary', maxLength: 40 })
    .map((one) => Buffer.from(one, 'utf8').toString('latin1') as RawPath);
  fc.assert(
    fc.property(fc.oneof(any, text), (one) => {
      const quoted = goQuote(one);
      assert.equal(goUnquote(quoted), one);
      assert.ok(![...quoted].some((character) => character < ' ' || character === '\x7f'));
    }),
    runs,
  );
});

test('undoing accepts nothing that would be quoted otherwise, bar other spellings of a character', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('\\', 'x', 'u', 'U', 'n', '"', '0', 'f', '8', 'é', '\n') }),
      (quoted) => {
        let undone: RawPath;
        try {
          undone = goUnquote(quoted);
        } catch (error) {
          assert.ok(error instanceof SyntaxError);
          return;
        }
        assert.equal(goUnquote(goQuote(undone)), undone);
        assert.ok(!quoted.includes('\n'));
      },
    ),
    runs,
  );
});

test('a line of checksums gives back every path', () => {
  fc.assert(
    fc.property(sha256, path, (hash, one) => {
      const line = checksumLine(hash, one);
      assert.ok(line.endsWith('\n'));
      assert.ok(!/[\n\r]/.test(line.slice(0, -1)));
      assert.deepEqual(parseChecksumLine(line.slice(0, -1)), { sha256: hash, path: one });
    }),
    runs,
  );
});

describe('a whole manifest', () => {
  let folder = '';
  let place = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'hikae-manifest-'));
    place = join(folder, 'manifest');
  });
  after(() => rmSync(folder, { recursive: true }));

  const header: SnapshotHeader = {
    id: 'a'.repeat(32),
    target: 'files',
    host: 'test',
    time: 0,
    zone: 'UTC',
    schedule: 'daily',
    trigger: 'manual',
    hikae: '0.0.0',
    components: ['c', 'd'].map((component) => ({
      name: component,
      origin: { kind: 'command', argv: ['true'], file: 'out' },
      complete: true,
      nodes: 0,
      files: 0,
      bytes: 0,
    })),
    notes: 0,
    problems: 0,
    troubles: [],
  };

  function write(nodes: readonly Node[]): void {
    rmSync(place, { force: true });
    const lines = join(folder, 'nodes');
    writeFileSync(lines, nodes.map((one) => `${encodeNode(one)}\n`).join(''));
    writeManifest(place, { header, nodes: lines, count: nodes.length });
  }

  /** Lines with a trailer that is right: what somebody with a text editor and time would write. */
  function forge(lines: readonly string[], counted = lines.length): void {
    const body = [readFileSync(place, 'utf8').split('\n')[0], ...lines].map((line) => `${line}\n`).join('');
    const hash = createHash('sha256').update(body).digest('hex');
    writeFileSync(place, `${body}${encodeTrailer({ nodes: counted, sha256: hash })}\n`);
  }

  async function read(): Promise<Node[]> {
    const manifest = Manifest.open(place, 'daily/files/2026-11-22');
    const nodes: Node[] = [];
    try {
      for await (const batch of manifest.nodes(new AbortController().signal)) nodes.push(...batch);
      return nodes;
    } finally {
      manifest.close();
    }
  }

  async function assertRefused(code: string, what: string): Promise<void> {
    await assert.rejects(read(), (error) => isHikaeError(error, code), what);
  }

  /** A component's folder and up to thirty entries below it, in order. */
  const tree = fc
    .uniqueArray(fc.tuple(fc.constantFrom('c' as RawPath, 'd' as RawPath), name), {
      maxLength: 30,
      selector: ([component, one]) => `${component}/${one}`,
    })
    .chain((places) => {
      const paths = places.map(([component, one]) => `${component}/${one}` as RawPath).sort(compareRawPaths);
      return fc.tuple(...paths.map((one) => node.map((any): Node => moved(any, one))));
    })
    .map((entries): Node[] => [
      nodeOf('c', { type: 'dir' }),
      ...entries.filter((one) => one.path.startsWith('c/')),
      nodeOf('d', { type: 'dir' }),
      ...entries.filter((one) => one.path.startsWith('d/')),
    ]);

  test('is read as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(tree, async (nodes) => {
        write(nodes);
        assert.ok(isWholeManifest(place));
        assert.deepEqual(await read(), nodes);
      }),
      fewer,
    );
  });

  test('is refused with any byte altered, dropped or added', async () => {
    await fc.assert(
      fc.asyncProperty(tree, fc.nat(), fc.integer({ min: 1, max: 255 }), async (nodes, at, mask) => {
        write(nodes);
        const bytes = readFileSync(place);
        const where = at % bytes.length;
        const flipped = Buffer.from(bytes);
        flipped[where] = (flipped[where] ?? 0) ^ mask;
        const altered = {
          flipped,
          dropped: Buffer.concat([bytes.subarray(0, where), bytes.subarray(where + 1)]),
          doubled: Buffer.concat([bytes.subarray(0, where + 1), bytes.subarray(where)]),
          'cut short': bytes.subarray(0, where),
          'with more behind': Buffer.concat([bytes, Buffer.of(mask, 0x0a)]),
        };
        for (const [what, content] of Object.entries(altered)) {
          if (content.equals(bytes)) continue;
          writeFileSync(place, content);
          assert.ok(!isWholeManifest(place), what);
          await assert.rejects(
            read(),
            (error) => isHikaeError(error, 'SNAPSHOT_DAMAGED', 'SNAPSHOT_UNSAFE', 'VAULT_NEWER'),
            what,
          );
        }
      }),
      fewer,
    );
  });

  test('is refused with its lines in another order, though its hash be right', async () => {
    await fc.assert(
      fc.asyncProperty(tree, fc.nat(), fc.nat(), async (nodes, first, second) => {
        const lines = nodes.map(encodeNode);
        const [from, to] = [first % lines.length, second % lines.length];
        write(nodes);
        forge(lines);
        assert.deepEqual(await read(), nodes);
        if (from !== to) {
          forge(lines.with(from, lines[to] ?? '').with(to, lines[from] ?? ''));
          await assertRefused('SNAPSHOT_DAMAGED', 'swapped');
        }
        forge([...lines.slice(0, from + 1), ...lines.slice(from)]);
        await assertRefused('SNAPSHOT_DAMAGED', 'doubled');
        forge(lines, lines.length + 1);
        await assertRefused('SNAPSHOT_DAMAGED', 'miscounted');
        forge(lines.toSpliced(from, 1), lines.length);
        await assertRefused('SNAPSHOT_DAMAGED', 'one is missing');
      }),
      fewer,
    );
  });

  const root = encodeNode(nodeOf('c', { type: 'dir' }));
  const at = (one: string, fields: Partial<Node> = {}) =>
    encodeNode(nodeOf(one, { sha256: '0'.repeat(64), ...fields }));
  const group = (one: string, first: string) => at(one, { hardlink: first as RawPath, links: 2 });
  for (const [what, code, lines] of [
    ['a path that climbs', 'SNAPSHOT_UNSAFE', [root, at('c/../../etc/passwd')]],
    ['a path that climbs at its end', 'SNAPSHOT_UNSAFE', [root, at('c/..')]],
    ['a path that climbs at once', 'SNAPSHOT_UNSAFE', [at('../c')]],
    ['an absolute path', 'SNAPSHOT_UNSAFE', [root, at('/etc/passwd')]],
    ['an empty path', 'SNAPSHOT_UNSAFE', [at('')]],
    ['an empty part', 'SNAPSHOT_UNSAFE', [root, at('c//file')]],
    ['a path that ends in a slash', 'SNAPSHOT_UNSAFE', [root, at('c/')]],
    ['a part that is a dot', 'SNAPSHOT_UNSAFE', [root, at('c/./file')]],
    ['a hard link that climbs', 'SNAPSHOT_UNSAFE', [root, group('c/file', '../../etc/passwd')]],
    ['an absolute hard link', 'SNAPSHOT_UNSAFE', [root, group('c/file', '/etc/passwd')]],
    ['a hard link to a later path', 'SNAPSHOT_DAMAGED', [root, group('c/a', 'c/b'), at('c/b')]],
    ['a hard link to itself', 'SNAPSHOT_DAMAGED', [root, group('c/a', 'c/a')]],
    [
      'a hard link to another component',
      'SNAPSHOT_DAMAGED',
      [root, at('c/a'), encodeNode(nodeOf('d', { type: 'dir' })), group('d/b', 'c/a')],
    ],
    ['a path without its folder', 'SNAPSHOT_DAMAGED', [root, at('c/folder/file')]],
    ['a path below a file', 'SNAPSHOT_DAMAGED', [root, at('c/a'), at('c/a/b')]],
    [
      'a path below a symlink',
      'SNAPSHOT_DAMAGED',
      [root, encodeNode(nodeOf('c/a', { type: 'symlink', target: '/etc' as RawPath })), at('c/a/passwd')],
    ],
    [
      'a path outside its components',
      'SNAPSHOT_DAMAGED',
      [encodeNode(nodeOf('e', { type: 'dir' })), at('e/file')],
    ],
    [
      'a path in hikae\u2019s own folder',
      'SNAPSHOT_DAMAGED',
      [encodeNode(nodeOf('.hikae', { type: 'dir' }))],
    ],
    ['a size that no file has', 'SNAPSHOT_DAMAGED', [root, at('c/a').replace('"size":0', '"size":1e300')]],
    ['a line that is no object', 'SNAPSHOT_DAMAGED', [root, '[]']],
    ['an empty line', 'SNAPSHOT_DAMAGED', [root, '']],
  ] as const) {
    test(`is refused with ${what}, though its hash be right`, async () => {
      write([]);
      forge(lines);
      await assertRefused(code, what);
    });
  }

  test('costs bounded memory, whatever it claims', async () => {
    const start = process.memoryUsage().rss;
    const claims = {
      'a trailer that counts too much': () => forge([root], Number.MAX_SAFE_INTEGER),
      'a line without an end': () => writeFileSync(place, Buffer.alloc(100_000_000, 'x')),
      'a line of nothing but brackets': () =>
        writeFileSync(place, Buffer.concat([Buffer.alloc(30_000_000, '['), Buffer.from('\n')])),
      'folders without end': () =>
        forge(
          Array.from({ length: 6_000 }, (_, depth) =>
            encodeNode(nodeOf(['c', ...Array<string>(depth).fill('d')].join('/'), { type: 'dir' })),
          ),
        ),
    };
    for (const [what, make] of Object.entries(claims)) {
      write([]);
      make();
      await assertRefused('SNAPSHOT_DAMAGED', what);
    }
    const grown = process.memoryUsage().rss - start;
    assert.ok(grown < 600 * 1024 * 1024, `grew by ${Math.round(grown / 1024 / 1024)} MiB`);
  });
});

function moved({ hardlink: _, stored, ...rest }: Node, path: RawPath): Node {
  if (stored === undefined) return { ...rest, path };
  return { ...rest, path, stored: { ...stored, name: packedNameOf(path) } };
}
