/**
 * What every storage keeps, as a list of checks that can be run on any of them, a user's own too: each works below a
 * folder of its own and leaves nothing behind.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '../../src/base/clock.ts';
import { isHikaeError } from '../../src/base/errors.ts';
import { runStorageChecks, storageChecks } from '../../src/storage/checks/checks.ts';
import {
  type Body,
  type Capabilities,
  type Key,
  keyFrom,
  type ObjectStatus,
  type Storage,
} from '../../src/storage/storage.ts';
import { patternOf } from './pattern.ts';

export const never = new AbortController().signal;
const options = { signal: never };

export interface StorageSubject {
  readonly kind: string;
  /** Opens the same medium each time it is called. */
  open(): Promise<Storage>;
}

interface Context {
  readonly storage: Storage;
  /** opened separately on the same medium, as by another process */
  readonly other: Storage;
  readonly capabilities: Capabilities;
  /** a key below the check's own folder */
  key(name: string): Key;
  /** names below that folder, or one in it, as the storage lists them */
  names(storage?: Storage, below?: string): Promise<string[]>;
}

/** Runs all checks as tests. */
export function storageContract({ kind, open }: StorageSubject): void {
  describe(`the storage ${kind}`, { concurrency: false }, () => {
    let storage: Storage;
    let other: Storage;
    before(async () => {
      storage = await open();
      other = await open();
    });
    after(async () => {
      const left = await collect(storage.list('', options));
      await storage.close();
      await other.close();
      assert.deepEqual(left, [], 'the checks clean up');
    });
    // What a user runs on his own medium holds on this one.
    for (const { name, what } of storageChecks) {
      test(`${name}: ${what.en}`, async () => {
        const place = {
          folder: keyFrom('checks'),
          clock: systemClock,
          random: randomBytes,
          largest: 100_001,
        };
        const only = [name];
        for await (const { end, reason } of runStorageChecks({ storage, ...place, ...options }, only))
          assert.ok(end === 'kept' || end === 'not-asked', reason ?? end);
      });
    }
    for (const [name, check] of Object.entries(checks)) {
      test(name, async () => {
        const folder = keyFrom(`check-${Buffer.from(name).toString('hex').slice(0, 60)}`);
        const key = (inner: string) => keyFrom(`${folder}/${inner}`);
        const names = async (of = storage, below = '') => {
          const objects = await collect(of.list(below === '' ? folder : key(below), options));
          return objects.map((object) => object.key.slice(folder.length + 1));
        };
        try {
          await check({ storage, other, capabilities: storage.capabilities, key, names });
        } finally {
          for (const object of await collect(storage.list(folder, options)))
            await storage.remove(object.key, { ...options, durable: 'at-sync' });
          await storage.sync(options);
        }
      });
    }
  });
}

const checks: Readonly<Record<string, (context: Context) => Promise<void>>> = {
  async 'gives back what was put, and tells its size and time'({ storage, other, key }) {
    const bytes = patternOf(100_000);
    const began = Date.now();
    await storage.put(key('object'), bytes, options);
    for (const reader of [storage, other]) {
      assert.deepEqual(await read(reader, key('object')), bytes);
      const status = await reader.stat(key('object'), options);
      assert.equal(status?.key, key('object'));
      assert.equal(status?.size, 100_000);
      // Media with a clock of their own are some minutes off at worst.
      assert.ok(Math.abs((status?.modified ?? 0) - began) < 900_000, `modified ${status?.modified}`);
    }
  },

  async 'takes objects of no bytes'({ storage, key, names }) {
    await storage.put(key('empty'), new Uint8Array(), options);
    assert.equal((await read(storage, key('empty'))).length, 0);
    assert.equal((await storage.stat(key('empty'), options))?.size, 0);
    assert.equal((await storage.readRange(key('empty'), { ...options, offset: 0, length: 0 })).length, 0);
    assert.deepEqual(await collectBytes(storage.stream(key('empty'), options)), Buffer.alloc(0));
    assert.deepEqual(await names(), ['empty']);
  },

  async 'streams and reads ranges of a large object'({ storage, key }) {
    const bytes = patternOf(9_000_001);
    await storage.put(key('large'), bytes, options);
    assert.ok(bytes.equals(await collectBytes(storage.stream(key('large'), options))));
    const tail = await collectBytes(storage.stream(key('large'), { ...options, offset: 8_400_000 }));
    assert.ok(bytes.subarray(8_400_000).equals(tail));
    for (const [offset, length] of [
      [0, 1],
      [262_143, 2],
      [1_000_003, 5_000_000],
      [8_999_999, 2],
      [9_000_001, 0],
    ] as const) {
      const range = await storage.readRange(key('large'), { ...options, offset, length });
      assert.ok(bytes.subarray(offset, offset + length).equals(range), `${length} from ${offset}`);
      const streamed = await collectBytes(storage.stream(key('large'), { ...options, offset, length }));
      assert.ok(
        bytes.subarray(offset, offset + length).equals(streamed),
        `${length} streamed from ${offset}`,
      );
    }
    assert.deepEqual(
      await collectBytes(storage.stream(key('large'), { ...options, offset: 9_000_001 })),
      Buffer.alloc(0),
    );
  },

  async 'writes an object once'({ storage, other, key }) {
    await storage.put(key('object'), Buffer.from('the first'), options);
    for (const writer of [storage, other]) {
      for (const durable of ['now', 'at-sync'] as const) {
        const again = writer.put(key('object'), Buffer.from('the second'), { ...options, durable });
        await assert.rejects(again, failsWith('STORAGE_EXISTS', { key: key('object') }));
      }
      await writer.sync(options);
    }
    assert.equal((await read(other, key('object'))).toString(), 'the first');
  },

  async 'lets one of two win that put the same key at the same moment'({
    storage,
    other,
    capabilities,
    key,
  }) {
    for (let round = 0; round < 5; round++) {
      const name = key(`round-${round}`);
      const bodies = [Buffer.alloc(300_000, 'a'), Buffer.alloc(300_000, 'b')] as const;
      const ends = await Promise.allSettled([
        storage.put(name, bodies[0], options),
        other.put(name, bodies[1], options),
      ]);
      const lost = ends.filter((end) => end.status === 'rejected');
      for (const { reason } of lost) assert.ok(isHikaeError(reason, 'STORAGE_EXISTS'), String(reason));
      if (capabilities.writeOnce === 'atomic') assert.equal(lost.length, 1);
      const found = await read(storage, name);
      assert.ok(bodies.some((body) => body.equals(found)));
      if (lost.length === 1) assert.ok(bodies[ends[0].status === 'fulfilled' ? 0 : 1].equals(found));
    }
  },

  async 'takes bodies that are opened when they are needed'({ storage, key }) {
    const bytes = patternOf(3_000_000);
    await storage.put(key('streamed'), bodyOf(bytes), options);
    assert.ok(bytes.equals(await read(storage, key('streamed'))));
    await storage.put(key('nothing'), bodyOf(Buffer.alloc(0)), options);
    assert.equal((await read(storage, key('nothing'))).length, 0);
  },

  async 'stores nothing of a body that ends early, late or with an error'({ storage, other, key, names }) {
    const bytes = patternOf(700_000);
    for (const size of [699_999, 700_001, 0]) {
      await assert.rejects(
        storage.put(key('odd'), { ...bodyOf(bytes), size }, options),
        failsWith('STORAGE_BODY_CHANGED', { key: key('odd'), expected: size }),
      );
    }
    const failing: Body = {
      size: 700_000,
      async *open() {
        yield bytes.subarray(0, 300_000);
        throw new Error('the source gave up');
      },
    };
    await assert.rejects(storage.put(key('odd'), failing, options), /the source gave up/);
    assert.deepEqual(await names(), []);
    assert.deepEqual(await names(other), []);
    await storage.put(key('odd'), bytes, options);
    assert.ok(bytes.equals(await read(other, key('odd'))));
  },

  async 'shows nobody an object that is not whole'({ storage, other, key, names }) {
    const bytes = patternOf(2_000_000);
    let looked = 0;
    const body: Body = {
      size: bytes.length,
      async *open() {
        yield bytes.subarray(0, 1_500_000);
        for (const reader of [storage, other]) {
          assert.equal(await reader.stat(key('slow'), options), undefined);
          assert.deepEqual(await names(reader), []);
          looked += 1;
        }
        yield bytes.subarray(1_500_000);
      },
    };
    await storage.put(key('slow'), body, options);
    assert.ok(looked >= 2);
    assert.ok(bytes.equals(await read(other, key('slow'))));
  },

  async 'bounds what is read by what the caller allows'({ storage, key }) {
    await storage.put(key('object'), patternOf(1_000), options);
    await assert.rejects(
      storage.read(key('object'), { ...options, limit: 999 }),
      failsWith('STORAGE_TOO_LARGE', { key: key('object'), limit: 999 }),
    );
    assert.equal((await storage.read(key('object'), { ...options, limit: 1_000 })).length, 1_000);
    for (const [offset, length] of [
      [0, 1_001],
      [1_000, 1],
      [5_000, 10],
      [10, 2 ** 45],
    ] as const) {
      await assert.rejects(
        storage.readRange(key('object'), { ...options, offset, length }),
        failsWith('STORAGE_TOO_SHORT', { key: key('object') }),
      );
      await assert.rejects(
        collectBytes(storage.stream(key('object'), { ...options, offset, length })),
        failsWith('STORAGE_TOO_SHORT', { key: key('object') }),
      );
    }
    await assert.rejects(
      collectBytes(storage.stream(key('object'), { ...options, offset: 1_001 })),
      failsWith('STORAGE_TOO_SHORT', { key: key('object') }),
    );
  },

  async 'says of what is not there that it is not there'({ storage, key, names }) {
    const missing = failsWith('STORAGE_NOT_FOUND', { key: key('a/b') });
    await assert.rejects(read(storage, key('a/b')), missing);
    await assert.rejects(storage.readRange(key('a/b'), { ...options, offset: 0, length: 1 }), missing);
    await assert.rejects(collectBytes(storage.stream(key('a/b'), options)), missing);
    assert.equal(await storage.stat(key('a/b'), options), undefined);
    await storage.remove(key('a/b'), options);
    assert.deepEqual(await names(), []);
  },

  async 'lists by folder, in the order of the bytes'({ storage, other, key, names }) {
    const given = ['b', 'a/z', 'a/b/c', 'a-b', 'a.b', 'a0', 'a/b-c', 'ﾊ', '😀', 'あ', 'a-b.c/d', 'B'];
    for (const name of given) await storage.put(key(name), Buffer.from(name), options);
    const expected = [...given].sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)));
    assert.deepEqual(await names(), expected);
    assert.deepEqual(await names(other), expected);
    assert.deepEqual(await names(storage, 'a'), ['a/b-c', 'a/b/c', 'a/z']);
    assert.deepEqual(await names(storage, 'a/b'), ['a/b/c']);
    assert.deepEqual(await names(storage, 'nothing'), []);
    assert.deepEqual(await names(storage, 'b'), []);
    const [status] = await collect(other.list(key('a-b.c'), options));
    assert.equal(status?.size, 1 * Buffer.byteLength('a-b.c/d'));
  },

  async 'lists more objects than fit into one answer'({ storage, key, names }) {
    const count = 1_003;
    const numbers = Array.from({ length: count }, (_, index) => index);
    const name = (index: number) => `${index % 7}/${String(index).padStart(5, '0')}`;
    await inParallel(storage.capabilities.parallel, numbers, (index) =>
      storage.put(key(name(index)), Buffer.from([index % 256]), { ...options, durable: 'at-sync' }),
    );
    await storage.sync(options);
    assert.deepEqual(await names(), numbers.map(name).sort());
    for await (const batch of storage.list(key('3'), options)) {
      assert.ok(batch.length > 0);
      break;
    }
    await inParallel(storage.capabilities.parallel, numbers, (index) =>
      storage.remove(key(name(index)), { ...options, durable: 'at-sync' }),
    );
    assert.deepEqual(await names(), []);
  },

  async 'keeps every name that a key can have'({ storage, other, key, names }) {
    const long = '長'.repeat(85);
    const given = [
      ' lead and trail ',
      '%41+&?#=;',
      '"quotes" and \'quotes\'',
      'back\\slash',
      '-dash',
      '~tilde',
      '..dots..',
      '*[star]{a,b}',
      'A',
      'a',
      '\u304c',
      '\u304b\u3099',
      `${long}/${long}/${'x'.repeat(200)}`,
    ];
    for (const name of given) await storage.put(key(name), Buffer.from(name), options);
    const expected = [...given].sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)));
    assert.deepEqual(await names(other), expected);
    for (const name of given) assert.equal((await read(other, key(name))).toString(), name);
  },

  async 'removes an object, and that alone'({ storage, other, key, names }) {
    for (const name of ['a', 'a-b', 'b/c', 'b/d']) await storage.put(key(name), Buffer.from(name), options);
    await storage.remove(key('a'), options);
    await storage.remove(key('b/c'), { ...options, durable: 'at-sync' });
    assert.deepEqual(await names(), ['a-b', 'b/d']);
    await storage.sync(options);
    assert.deepEqual(await names(other), ['a-b', 'b/d']);
    await assert.rejects(read(storage, key('b/c')), failsWith('STORAGE_NOT_FOUND', { key: key('b/c') }));
    await storage.put(key('a'), Buffer.from('anew'), options);
    assert.equal((await read(other, key('a'))).toString(), 'anew');
  },

  async 'shows itself at once what others see at the latest after a sync'({ storage, other, key, names }) {
    const later = { ...options, durable: 'at-sync' } as const;
    await storage.put(key('b'), Buffer.from('now'), options);
    await storage.put(key('a/1'), patternOf(400_000), later);
    await storage.put(key('c'), bodyOf(Buffer.from('later')), later);
    await storage.put(key('d'), Buffer.from('never'), later);
    await storage.remove(key('d'), options);
    assert.deepEqual(await names(), ['a/1', 'b', 'c']);
    assert.deepEqual(await names(storage, 'a'), ['a/1']);
    assert.deepEqual(await read(storage, key('a/1')), patternOf(400_000));
    assert.equal((await storage.stat(key('c'), options))?.size, 5);
    await assert.rejects(
      storage.put(key('c'), Buffer.from('again'), options),
      failsWith('STORAGE_EXISTS', { key: key('c') }),
    );
    await storage.sync(options);
    assert.deepEqual(await names(other), ['a/1', 'b', 'c']);
    assert.ok(patternOf(400_000).equals(await collectBytes(other.stream(key('a/1'), options))));
    await storage.sync(options);
    assert.deepEqual(await names(), ['a/1', 'b', 'c']);
  },

  async 'links where it says so'({ storage, other, capabilities, key, names }) {
    await storage.put(key('one'), Buffer.from('shared'), options);
    if (capabilities.links === 'none') {
      await assert.rejects(
        storage.link(key('one'), key('two'), options),
        failsWith('STORAGE_LACKS', { storage: storage.location }),
      );
      assert.deepEqual(await names(), ['one']);
      return;
    }
    await storage.link(key('one'), key('folder/two'), options);
    await storage.put(key('late'), Buffer.from('late'), { ...options, durable: 'at-sync' });
    await storage.link(key('late'), key('later'), { ...options, durable: 'at-sync' });
    await storage.sync(options);
    await storage.remove(key('one'), options);
    assert.equal((await read(other, key('folder/two'))).toString(), 'shared');
    assert.equal((await read(other, key('later'))).toString(), 'late');
    await assert.rejects(
      storage.link(key('late'), key('folder/two'), options),
      failsWith('STORAGE_EXISTS', { key: key('folder/two') }),
    );
    await assert.rejects(
      storage.link(key('one'), key('three'), options),
      failsWith('STORAGE_NOT_FOUND', { key: key('one') }),
    );
    assert.deepEqual(await names(), ['folder/two', 'late', 'later']);
  },

  async 'links only what it is expected to be'({ storage, capabilities, key, names }) {
    if (capabilities.links === 'none') return;
    const bytes = Buffer.from('as it was put');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await storage.put(key('one'), bytes, options);
    const expecting = (expect: { size: number; sha256: string }) => ({ ...options, expect });
    await assert.rejects(
      storage.link(key('one'), key('two'), expecting({ size: 12, sha256 })),
      failsWith('STORAGE_REPLACED', { key: key('one') }),
    );
    if ((await storage.stat(key('one'), options))?.sha256 !== undefined)
      await assert.rejects(
        storage.link(key('one'), key('two'), expecting({ size: 13, sha256: '0'.repeat(64) })),
        failsWith('STORAGE_REPLACED', { key: key('one') }),
      );
    await assert.rejects(
      storage.link(key('none'), key('two'), expecting({ size: 13, sha256 })),
      failsWith('STORAGE_NOT_FOUND', { key: key('none') }),
    );
    assert.deepEqual(await names(), ['one']);
    await storage.link(key('one'), key('two'), expecting({ size: 13, sha256 }));
    assert.deepEqual(await read(storage, key('two')), bytes);
    // What is known of the first is known of the second too.
    const [one, two] = [await storage.stat(key('one'), options), await storage.stat(key('two'), options)];
    assert.equal(two?.sha256, one?.sha256);
  },

  async 'tells the folders in a folder'({ storage, other, key }) {
    const given = ['b/1', 'a/z', 'a/b/c', 'a-b/x', 'a', 'あ/1', '%41 +/1', 'ﾊ/1', '😀/1'];
    for (const name of given.filter((name) => name !== 'a'))
      await storage.put(key(name), Buffer.from(name), options);
    const expected = ['%41 +', 'a', 'a-b', 'b', 'あ', 'ﾊ', '😀'];
    const top = keyFrom(key('x').slice(0, -2));
    assert.deepEqual(await storage.folders(top, options), expected);
    assert.deepEqual(await other.folders(top, options), expected);
    assert.deepEqual(await storage.folders(key('a'), options), ['b']);
    assert.deepEqual(await storage.folders(key('b'), options), []);
    assert.deepEqual(await storage.folders(key('nothing'), options), []);
    await storage.put(key('late/1'), Buffer.from('late'), { ...options, durable: 'at-sync' });
    assert.ok((await storage.folders(top, options)).includes('late'));
    await storage.sync(options);
  },

  async 'moves, removes and points to folders where it keeps such'({ storage, other, key, names }) {
    const { tree } = storage;
    if (tree === undefined) return;
    for (const name of ['one/a', 'one/b/c', 'two/x'])
      await storage.put(key(name), Buffer.from(name), options);
    await assert.rejects(
      tree.move(key('one'), key('two'), options),
      failsWith('STORAGE_EXISTS', { key: key('two') }),
    );
    await assert.rejects(
      tree.move(key('none'), key('three'), options),
      failsWith('STORAGE_NOT_FOUND', { key: key('none') }),
    );
    await tree.move(key('one'), key('three'), options);
    assert.deepEqual(await names(other), ['three/a', 'three/b/c', 'two/x']);
    assert.equal((await read(other, key('three/b/c'))).toString(), 'one/b/c');
    for (const to of ['three', 'two', undefined, undefined]) {
      await tree.point(key('latest'), to, options);
      assert.deepEqual(await names(other), ['three/a', 'three/b/c', 'two/x'], 'a pointer is no object');
    }
    await tree.remove(key('three'), options);
    await tree.remove(key('three'), options);
    assert.deepEqual(await names(other), ['two/x']);
    const reason = new Error('enough');
    const gone = { signal: AbortSignal.abort(reason) };
    for (const attempt of [
      () => tree.move(key('two'), key('four'), gone),
      () => tree.remove(key('two'), gone),
      () => tree.point(key('latest'), 'two', gone),
    ])
      await assert.rejects(attempt(), (error) => error === reason);
    assert.deepEqual(await names(other), ['two/x']);
    await tree.remove(key('two'), options);
  },

  async 'does nothing once the signal is given'({ storage, other, key, names }) {
    await storage.put(key('there'), Buffer.from('there'), options);
    const reason = new Error('enough');
    const gone = { signal: AbortSignal.abort(reason) };
    const attempts: (() => Promise<unknown>)[] = [
      () => storage.put(key('new'), Buffer.from('new'), gone),
      () => storage.put(key('new'), Buffer.from('new'), { ...gone, durable: 'at-sync' }),
      () => storage.read(key('there'), { ...gone, limit: 10 }),
      () => storage.readRange(key('there'), { ...gone, offset: 0, length: 1 }),
      () => collectBytes(storage.stream(key('there'), gone)),
      () => storage.stat(key('there'), gone),
      () => collect(storage.list('', gone)),
      () => storage.remove(key('there'), gone),
      () => storage.link(key('there'), key('linked'), gone),
      () => storage.folders('', gone),
      () => storage.sync(gone),
      () => storage.room(gone),
    ];
    for (const attempt of attempts) {
      await assert.rejects(
        attempt(),
        (error) => error === reason || isHikaeError(error, 'STORAGE_LACKS'),
        String(attempt),
      );
    }
    assert.deepEqual(await names(other), ['there']);
  },

  async 'stops in the middle when the signal is given'({ storage, other, key, names }) {
    const bytes = patternOf(6_000_000);
    const stopping = new AbortController();
    const body: Body = {
      size: bytes.length,
      async *open() {
        yield bytes.subarray(0, 3_000_000);
        stopping.abort(new Error('enough'));
        yield bytes.subarray(3_000_000);
      },
    };
    await assert.rejects(storage.put(key('cut'), body, { signal: stopping.signal }), /enough/);
    assert.deepEqual(await names(other), []);
    await storage.put(key('cut'), bytes, options);
    const reading = new AbortController();
    await assert.rejects(async () => {
      for await (const _ of storage.stream(key('cut'), { signal: reading.signal }))
        reading.abort(new Error('read enough'));
    }, /read enough/);
    assert.deepEqual(await names(other), ['cut']);
  },

  async 'holds nothing open for callers that stop in the middle'({ storage, key }) {
    await storage.put(key('object'), patternOf(400_000), options);
    for (let round = 0; round < 120; round++) {
      for await (const piece of storage.stream(key('object'), options)) {
        assert.ok(piece.length > 0);
        break;
      }
    }
    assert.equal((await read(storage, key('object'))).length, 400_000);
  },

  async 'does many things at a time'({ storage, other, key }) {
    const numbers = Array.from({ length: 48 }, (_, index) => index);
    await Promise.all(
      numbers.map(async (index) => {
        const bytes = patternOf(10_000 + index * 7_919);
        await storage.put(key(`at-once/${index}`), index % 2 === 0 ? bytes : bodyOf(bytes), options);
        assert.ok(bytes.equals(await read(other, key(`at-once/${index}`))));
        await storage.remove(key(`at-once/${index}`), options);
      }),
    );
    assert.deepEqual(await collect(storage.list(key('at-once'), options)), []);
  },

  async 'tells what room there is, as far as it knows'({ storage }) {
    const { bytes = 0, objects = 0 } = await storage.room(options);
    assert.ok(Number.isSafeInteger(bytes) && bytes >= 0);
    assert.ok(Number.isSafeInteger(objects) && objects >= 0);
  },
};

/** Checks an error's code, and that it names what it is about. */
export function failsWith(code: string, details: Readonly<Record<string, unknown>>) {
  return (error: unknown): boolean => {
    assert.ok(isHikaeError(error, code), `${code} expected: ${error}`);
    for (const [name, value] of Object.entries(details)) assert.equal(error.details[name], value, name);
    return true;
  };
}

/** A body in pieces of odd sizes. */
export function bodyOf(bytes: Uint8Array): Exclude<Body, Uint8Array> {
  return {
    size: bytes.length,
    async *open() {
      for (let at = 0, size = 1; at < bytes.length; at += size, size = (size * 7) % 100_003)
        yield bytes.subarray(at, at + size);
    },
  };
}

export async function read(storage: Storage, key: Key): Promise<Buffer> {
  const bytes = await storage.read(key, { ...options, limit: 20_000_000 });
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

export async function collectBytes(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

export async function collect<One = ObjectStatus>(list: AsyncIterable<readonly One[]>): Promise<One[]> {
  const all: One[] = [];
  for await (const batch of list) all.push(...batch);
  return all;
}

async function inParallel<Item>(
  lanes: number,
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const lane = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
