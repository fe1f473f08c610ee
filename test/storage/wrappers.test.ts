/** What is put around a storage keeps the contract too, and does what it is there for. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { realWorld } from '../../src/app/world.ts';
import { systemClock } from '../../src/base/clock.ts';
import { keyFrom, type Storage } from '../../src/storage/storage.ts';
import {
  limiting,
  openPace,
  openWorkPace,
  type Pace,
  together,
} from '../../src/storage/wrappers/limiting.ts';
import { observing } from '../../src/storage/wrappers/observing.ts';
import { retrying } from '../../src/storage/wrappers/retrying.ts';
import { type Fault, type FaultyStorage, faultyStorage } from '../doubles/faulty-storage.ts';
import { MemoryStorage } from '../doubles/memory-storage.ts';
import { bodyOf, collect, collectBytes, failsWith, never, read, storageContract } from './contract.ts';
import { patternOf } from './pattern.ts';

const options = { signal: never };
const key = keyFrom('folder/object');
const eager = { attempts: 3, pause: 1, random: () => 0.5 };

function contractOf(kind: string, wrap: (storage: Storage) => Storage): void {
  const memory = new MemoryStorage(undefined, { folders: true });
  storageContract({ kind, open: async () => wrap(memory) });
}

contractOf('in memory, retried', (storage) => retrying(storage, eager));
contractOf('in memory, observed', observing);
contractOf('in memory, limited', (storage) =>
  limiting(storage, { upload: openPace(1e9, systemClock), download: openPace(1e9, systemClock) }),
);
contractOf('in memory, with no faults', (storage) => faultyStorage(storage, []));

describe('trying again', () => {
  const open = (faults: readonly Fault[], retry = eager) => {
    const memory = new MemoryStorage();
    const faulty = faultyStorage(memory, faults);
    return { memory, faulty, storage: retrying(faulty, retry) };
  };
  const of = (operation: string) => (call: { operation: string }) => call.operation === operation;
  const made = ({ calls }: FaultyStorage, operation: string) => calls.filter(of(operation)).length;

  test('what was cut off succeeds at a later attempt', async () => {
    for (const operation of ['put', 'read', 'readRange', 'stat', 'remove', 'link', 'sync', 'room'] as const) {
      const cut = [1, 2].map((at) => ({ at, of: of(operation), kind: 'cut' }) as const);
      const { memory, faulty, storage } = open(cut);
      await storage.put(key, bodyOf(Buffer.from('content')), options);
      await storage.link(key, keyFrom('linked'), options);
      assert.equal((await read(storage, keyFrom('linked'))).toString(), 'content');
      assert.equal((await storage.readRange(key, { ...options, offset: 3, length: 4 })).length, 4);
      assert.equal((await storage.stat(key, options))?.size, 7);
      await storage.sync(options);
      await storage.room(options);
      await storage.remove(key, options);
      assert.deepEqual([...memory.objects.keys()], ['linked']);
      assert.equal(made(faulty, operation), 3, operation);
    }
  });

  test('the third failure is passed on, and what will not pass is not tried again', async () => {
    const three = [1, 2, 3].map((at) => ({ at, of: of('put'), kind: 'cut' }) as const);
    const { memory, faulty, storage } = open(three);
    const interrupted = failsWith('STORAGE_INTERRUPTED', { key, operation: 'put' });
    await assert.rejects(storage.put(key, Buffer.from('x'), options), interrupted);
    assert.equal(made(faulty, 'put'), 3);
    assert.equal(memory.objects.size, 0);
    for (const kind of ['fail', 'full'] as const) {
      const once = open([{ at: 1, of: of('put'), kind }]);
      await assert.rejects(once.storage.put(key, Buffer.from('x'), options));
      assert.equal(made(once.faulty, 'put'), 1);
    }
  });

  test('a put whose answer was lost is a success when the object is ours', async () => {
    const lost = [{ at: 1, of: of('put'), kind: 'lose-answer' }] as const;
    const { memory, storage } = open(lost);
    await storage.put(key, bodyOf(patternOf(200_000)), options);
    assert.ok(patternOf(200_000).equals(memory.objects.get(key)?.bytes ?? Buffer.alloc(0)));

    const theirs = open([{ at: 1, of: of('put'), kind: 'cut' }]);
    await theirs.memory.put(key, Buffer.from('another'), options);
    const exists = failsWith('STORAGE_EXISTS', { key });
    await assert.rejects(theirs.storage.put(key, Buffer.from('content'), options), exists);
    await assert.rejects(theirs.storage.put(key, Buffer.from('longer content'), options), exists);

    const plain = open([]);
    await plain.storage.put(key, Buffer.from('same'), options);
    await assert.rejects(plain.storage.put(key, Buffer.from('same'), options), exists);
  });

  test('a link whose answer was lost is a success when it leads to the same', async () => {
    const { storage } = open([{ at: 1, of: of('link'), kind: 'lose-answer' }]);
    await storage.put(key, Buffer.from('content'), options);
    await storage.link(key, keyFrom('linked'), options);
    const theirs = open([{ at: 1, of: of('link'), kind: 'cut' }]);
    await theirs.storage.put(key, Buffer.from('content'), options);
    await theirs.storage.put(keyFrom('linked'), Buffer.from('another'), options);
    await assert.rejects(
      theirs.storage.link(key, keyFrom('linked'), options),
      failsWith('STORAGE_EXISTS', { key: 'linked' }),
    );
  });

  test('a move whose answer was lost is a success when the folder is where it should be', async () => {
    for (const kind of ['lose-answer', 'cut'] as const) {
      const memory = new MemoryStorage(undefined, { folders: true });
      const { tree } = retrying(faultyStorage(memory, [{ at: 1, of: of('move'), kind }]), eager);
      await memory.put(keyFrom('there/a'), Buffer.from('a'), options);
      await tree?.move(keyFrom('there'), keyFrom('moved'), options);
      assert.deepEqual([...memory.objects.keys()], ['moved/a']);
      await memory.put(keyFrom('other/b'), Buffer.from('b'), options);
      const taken = retrying(faultyStorage(memory, [{ at: 1, of: of('move'), kind: 'cut' }]), eager).tree;
      const exists = failsWith('STORAGE_EXISTS', { key: 'moved' });
      await assert.rejects(async () => taken?.move(keyFrom('other'), keyFrom('moved'), options), exists);
    }
  });

  test('a stream goes on where it was cut off, as often as it comes on at all', async () => {
    const bytes = patternOf(2_000_000);
    const cuts = Array.from(
      { length: 15 },
      (_, at) => ({ at: at + 1, of: of('stream'), kind: 'cut' }) as const,
    );
    const { memory, faulty, storage } = open(cuts);
    await memory.put(key, bytes, options);
    const range = { ...options, offset: 777, length: 1_500_000 };
    const streamed = await collectBytes(storage.stream(key, range));
    assert.ok(bytes.subarray(777, 1_500_777).equals(streamed));
    assert.equal(made(faulty, 'stream'), 16);
  });

  test('a list that was cut off has every object once', async () => {
    const { memory, storage } = open([1, 2].map((at) => ({ at, of: of('list'), kind: 'cut' }) as const));
    const keys = Array.from({ length: 450 }, (_, index) => keyFrom(`list/${String(index).padStart(3, '0')}`));
    for (const one of keys) await memory.put(one, Buffer.from('x'), options);
    const listed = await collect(storage.list(keyFrom('list'), options));
    assert.deepEqual(
      listed.map((object) => object.key),
      keys,
    );
  });

  test('pauses double, by chance a little less, and end with the signal', async () => {
    const told: string[] = [];
    const stopping = new AbortController();
    const faults = [1, 2].map((at) => ({ at, of: of('stat'), kind: 'cut' }) as const);
    const { storage } = open(faults, {
      attempts: 9,
      pause: 40,
      random: () => 0.5,
      onRetry: (error: Error, attempt: number) => told.push(`${attempt} ${error.message}`),
    } as typeof eager);
    const began = performance.now();
    await storage.stat(key, options);
    const took = performance.now() - began;
    assert.ok(took >= 85 && took < 1_000, `${took} ms instead of 30 + 60`);
    assert.deepEqual(
      told.map((text) => text.slice(0, 23)),
      ['1 stat of folder/object', '2 stat of folder/object'],
    );
    const endless = open(
      Array.from({ length: 9 }, (_, at) => ({ at: at + 1, kind: 'cut' }) as const),
      { ...eager, attempts: 9, pause: 60_000 },
    );
    setTimeout(() => stopping.abort(new Error('enough')), 20);
    await assert.rejects(endless.storage.stat(key, { signal: stopping.signal }), /enough/);
    assert.equal(endless.faulty.calls.length, 1);
  });

  test("an error of the body's source is not the storage's", async () => {
    const { faulty, storage } = open([]);
    let opened = 0;
    const body = {
      size: 10,
      async *open() {
        opened += 1;
        yield Buffer.from('12345');
        throw Object.assign(new Error('the disk of the source'), { transient: true });
      },
    };
    await assert.rejects(storage.put(key, body, options), /the disk of the source/);
    assert.equal(opened, 1);
    assert.equal(faulty.calls.length, 1);
  });
});

describe('a limit', () => {
  test('holds for what is sent and fetched, together where it is shared', async () => {
    const rate = 2_000_000;
    const memory = new MemoryStorage();
    const storage = limiting(memory, {
      upload: openPace(rate, systemClock),
      download: openPace(rate, systemClock),
    });
    const seconds = async (work: () => Promise<unknown>) => {
      const began = systemClock.elapsed();
      await work();
      return systemClock.elapsed() - began;
    };
    const put = (name: string, size: number) => storage.put(keyFrom(name), patternOf(size), options);
    const upload = await seconds(() => Promise.all([put('a', 300_000), put('b', 500_000)]));
    assert.ok(upload > 0.8 * 0.4 && upload < 1.5, `${upload} s for 800 kB at 2 MB/s`);
    for (const fetch of [
      () => storage.read(keyFrom('b'), { ...options, limit: 500_000 }),
      () => storage.readRange(keyFrom('b'), { ...options, offset: 0, length: 500_000 }),
      () => collectBytes(storage.stream(keyFrom('b'), options)),
    ]) {
      const took = await seconds(fetch);
      assert.ok(took > 0.8 * 0.2 && took < 1.2, `${took} s for 500 kB at 2 MB/s`);
    }
    assert.ok(patternOf(500_000).equals(await read(memory, keyFrom('b'))));
  });

  test('of the machine holds while there is more to do than it allows', async () => {
    const share = 0.05;
    const { processor } = realWorld();
    const memory = new MemoryStorage();
    const storage = limiting(memory, { upload: openWorkPace(share, processor, systemClock) });
    const bytes = patternOf(4_000_000);
    // The first that passes is where the limit begins.
    await storage.put(keyFrom('first'), Buffer.from('x'), options);
    const [used, began] = [processor.used(), systemClock.elapsed()];
    let at = 0;
    const lane = async () => {
      while (processor.used() - used < 0.3) {
        createHash('sha256').update(bytes).digest();
        await storage.put(keyFrom(`at/${at++}`), Buffer.from('x'), options);
      }
    };
    await Promise.all([lane(), lane(), lane()]);
    await storage.put(keyFrom('last'), Buffer.from('x'), options);
    const took = systemClock.elapsed() - began;
    const part = (processor.used() - used) / took / processor.count;
    assert.ok(part <= share * 1.5, `${(part * 100).toFixed(1)} % of the machine in ${took.toFixed(1)} s`);
    assert.ok(took >= (0.3 / share / processor.count) * 0.9, `${took.toFixed(1)} s`);
  });

  test('of both holds where both are wanted, and small bodies stay what they are', async () => {
    const told: string[] = [];
    const pace = (name: string, piece: number): Pace => ({
      piece,
      async take(size) {
        told.push(`${name} ${size}`);
      },
    });
    const bodies: boolean[] = [];
    const memory = new MemoryStorage();
    const noting: Storage = {
      ...faultyStorage(memory, []),
      put(name, body, putOptions) {
        bodies.push(body instanceof Uint8Array);
        return memory.put(name, body, putOptions);
      },
    };
    const storage = limiting(noting, { upload: together(pace('line', 100), pace('work', 1_000)) });
    await storage.put(keyFrom('small'), patternOf(100), options);
    await storage.put(keyFrom('large'), patternOf(101), options);
    assert.deepEqual(told, ['line 100', 'work 100', 'line 100', 'work 100', 'line 1', 'work 1']);
    assert.deepEqual(bodies, [true, false]);
    assert.ok(patternOf(101).equals(await read(memory, keyFrom('large'))));
  });

  test('ends its waiting with the signal', async () => {
    const storage = limiting(new MemoryStorage(), { upload: openPace(10, systemClock) });
    const stopping = new AbortController();
    setTimeout(() => stopping.abort(new Error('enough')), 30);
    const sending = storage.put(key, patternOf(1_000_000), { signal: stopping.signal });
    await assert.rejects(sending, /enough/);
    assert.equal(await storage.stat(key, options), undefined);
  });
});

test('what is observed is counted by operation', async () => {
  const faulty = faultyStorage(new MemoryStorage(), [{ at: 2, kind: 'fail' }]);
  const storage = observing(faulty);
  await storage.put(key, patternOf(1_000), options);
  await assert.rejects(storage.put(keyFrom('other'), patternOf(10), options));
  await storage.put(keyFrom('other'), bodyOf(patternOf(500)), options);
  await read(storage, key);
  await storage.readRange(key, { ...options, offset: 5, length: 20 });
  await collectBytes(storage.stream(key, { ...options, offset: 900 }));
  await collect(storage.list('', options));
  await storage.stat(key, options);
  assert.deepEqual(storage.counts(), {
    put: { calls: 3, failed: 1, bytes: 1_500 },
    read: { calls: 1, failed: 0, bytes: 1_000 },
    readRange: { calls: 1, failed: 0, bytes: 20 },
    stream: { calls: 1, failed: 0, bytes: 100 },
    list: { calls: 1, failed: 0, bytes: 0 },
    stat: { calls: 1, failed: 0, bytes: 0 },
  });
});

describe('the double', () => {
  test('loses after a crash what no sync covered, as chance decides, and nothing else', async () => {
    const later = { ...options, durable: 'at-sync' } as const;
    const memory = new MemoryStorage();
    const [kept, synced, lost] = [keyFrom('kept'), keyFrom('synced'), keyFrom('lost')];
    const [removed, undone] = [keyFrom('removed'), keyFrom('undone')];
    await memory.put(kept, Buffer.from('kept'), options);
    for (const name of [synced, removed, undone]) await memory.put(name, Buffer.from(name), later);
    await memory.sync(options);
    await memory.put(lost, Buffer.from('lost'), later);
    await memory.remove(undone, later);
    await memory.remove(removed, options);
    const nothing = memory.afterCrash(() => false);
    assert.deepEqual([...nothing.objects.keys()].sort(), ['kept', 'synced', 'undone']);
    const everything = memory.afterCrash(() => true);
    assert.deepEqual([...everything.objects.keys()].sort(), ['kept', 'lost', 'synced']);
  });

  test('meets each fault at its call', async () => {
    const memory = new MemoryStorage();
    await memory.put(key, patternOf(1_000), options);
    const storage = faultyStorage(memory, [
      { at: 1, kind: 'truncate' },
      { at: 2, kind: 'delay', milliseconds: 30 },
      { at: 3, kind: 'hang' },
      { at: 4, kind: 'full' },
      { at: 5, kind: 'dead' },
    ]);
    assert.equal((await read(storage, key)).length, 500);
    const began = performance.now();
    assert.equal((await read(storage, key)).length, 1_000);
    assert.ok(performance.now() - began >= 25);
    const signal = AbortSignal.timeout(30);
    await assert.rejects(storage.read(key, { signal, limit: 1_000 }), { name: 'TimeoutError' });
    await assert.rejects(
      storage.put(keyFrom('x'), Buffer.from('x'), options),
      failsWith('STORAGE_FULL', { key: 'x' }),
    );
    for (let call = 0; call < 3; call++)
      await assert.rejects(storage.stat(key, options), failsWith('STORAGE_FAILED', { key }));
    assert.equal(storage.calls.length, 7);
  });
});
