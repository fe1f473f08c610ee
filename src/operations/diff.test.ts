import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compareRawPaths, type RawPath } from '../base/raw-path.ts';
import type { Node } from '../model/node.ts';
import { differencesOf, mergeNodes } from './diff.ts';

function node(path: string, more: Partial<Node> = {}): Node {
  return {
    path: path as RawPath,
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    user: 'root',
    group: 'root',
    mtime: 1n,
    ctime: 1n,
    inode: 1n,
    device: 1n,
    links: 1,
    size: 1,
    rdev: 0n,
    sha256: 'a'.repeat(64),
    xattrs: [],
    holes: [],
    ...more,
  };
}

/** In batches of the given sizes, empty ones among them. */
async function* batches(nodes: readonly Node[], sizes: readonly number[]): AsyncGenerator<readonly Node[]> {
  let at = 0;
  for (const size of sizes) {
    yield nodes.slice(at, at + size);
    at += size;
  }
  yield nodes.slice(at);
}

type Pair = [before: string | undefined, after: string | undefined];

async function merged(left: AsyncIterable<readonly Node[]>, right: AsyncIterable<readonly Node[]>) {
  const pairs: Pair[] = [];
  for await (const batch of mergeNodes(left, right)) {
    pairs.push(...batch.map(({ before, after }): Pair => [before?.path, after?.path]));
  }
  return pairs;
}

describe('mergeNodes', () => {
  it('pairs what has the same path, and gives every node once and in order', async () => {
    // Bytes around the slash, which sorts before all others.
    const name = fc.string({
      unit: fc.constantFrom('a', 'b', '!', '-', '.', '0', 'ÿ'),
      minLength: 1,
      maxLength: 3,
    });
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    const side = fc.tuple(fc.uniqueArray(path, { maxLength: 700 }), fc.array(fc.nat(300), { maxLength: 5 }));
    const property = fc.asyncProperty(side, side, async ([left, leftSizes], [right, rightSizes]) => {
      const sorted = (paths: readonly string[]) =>
        [...paths].sort((a, b) => compareRawPaths(a as RawPath, b as RawPath));
      const nodes = (paths: readonly string[]) => sorted(paths).map((one) => node(one));
      const pairs = await merged(batches(nodes(left), leftSizes), batches(nodes(right), rightSizes));
      const has = { left: new Set(left), right: new Set(right) };
      const expected = sorted([...new Set([...left, ...right])]).map((one) => [
        has.left.has(one) ? one : undefined,
        has.right.has(one) ? one : undefined,
      ]);
      assert.deepEqual(pairs, expected);
    });
    await fc.assert(property, { numRuns: 300 });
  });

  it('reads no further than it is read, and closes both sides when it is left', async () => {
    const read = { left: 0, right: 0 };
    const closed: string[] = [];
    async function* endless(side: 'left' | 'right'): AsyncGenerator<readonly Node[]> {
      try {
        for (let number = 0; ; number++) {
          read[side] += 1;
          yield [node(`a/${String(number).padStart(6, '0')}`)];
        }
      } finally {
        closed.push(side);
      }
    }
    for await (const batch of mergeNodes(endless('left'), endless('right'))) {
      assert.ok(batch.length > 0);
      break;
    }
    assert.ok(read.left < 300 && read.right < 300, JSON.stringify(read));
    assert.deepEqual(closed.sort(), ['left', 'right']);
  });

  it('passes on what one side fails with, and closes the other', async () => {
    let closed = false;
    async function* failing(): AsyncGenerator<readonly Node[]> {
      yield [node('a')];
      throw new RangeError('the manifest ends');
    }
    async function* sound(): AsyncGenerator<readonly Node[]> {
      try {
        yield [node('a')];
        yield [node('b')];
      } finally {
        closed = true;
      }
    }
    await assert.rejects(merged(failing(), sound()), RangeError);
    assert.ok(closed);
  });
});

describe('differencesOf', () => {
  const plain = node('a');
  const xattrs = [
    { name: 'user.a', value: Buffer.from('1') },
    { name: 'user.b', value: Buffer.from('2') },
  ];
  for (const [change, differences] of [
    [{}, []],
    [{ size: 2 }, ['content']],
    [{ sha256: 'b'.repeat(64) }, ['content']],
    [{ mode: 0o600 }, ['mode']],
    [{ uid: 1 }, ['owner']],
    [{ gid: 1 }, ['owner']],
    [{ mtime: 2n, mode: 0o600 }, ['mode', 'mtime']],
    [{ target: 'b' as RawPath }, ['target']],
    [{ xattrs }, ['xattrs']],
    [{ hardlink: 'b' as RawPath }, ['hardlink']],
    [{ type: 'dir', size: 0, mode: 0o755 }, ['type']],
    [{ rdev: 259n }, ['type']],
    // What no restore brings back is no difference.
    [{ inode: 2n, ctime: 2n, device: 2n, links: 2 }, []],
  ] as const) {
    it(`calls ${JSON.stringify(change, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value))} ${differences.join(', ') || 'the same'}`, () => {
      assert.deepEqual(differencesOf(plain, node('a', change)), differences);
      assert.deepEqual(differencesOf(node('a', change), plain), differences);
    });
  }

  it('does not mind the order of extended attributes, but each of their values', () => {
    const before = node('a', { xattrs });
    assert.deepEqual(differencesOf(before, node('a', { xattrs: [...xattrs].reverse() })), []);
    const other = [...xattrs.slice(0, 1), { name: 'user.b', value: Buffer.from('3') }];
    assert.deepEqual(differencesOf(before, node('a', { xattrs: other })), ['xattrs']);
  });
});
