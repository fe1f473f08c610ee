/** The checks that a user's own medium is put through find what is wrong with one. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { systemClock } from '../../src/base/clock.ts';
import { runStorageChecks } from '../../src/storage/checks/checks.ts';
import { keyFrom, type Storage, storageErrors } from '../../src/storage/storage.ts';
import { MemoryStorage } from '../doubles/memory-storage.ts';
import { collect, collectBytes, never } from './contract.ts';

async function endsOf(storage: Storage, clock = systemClock) {
  const place = { folder: keyFrom('checks'), clock, random: randomBytes, largest: 100_001, signal: never };
  const ends = new Map<string, string>();
  for await (const { name, end } of runStorageChecks({ storage, ...place })) ends.set(name, end);
  return ends;
}

type Change = (sound: MemoryStorage) => Partial<Storage>;

/** What a medium does wrong, and the first check that has to tell. */
const faults: readonly (readonly [string, string, Change])[] = [
  [
    'round-trip',
    'tells one byte too many',
    (sound) => ({
      async stat(key, options) {
        const found = await sound.stat(key, options);
        return found && { ...found, size: found.size + 1 };
      },
    }),
  ],
  [
    'ranges',
    'gives the beginning for any part',
    (sound) => ({ readRange: (key, range) => sound.readRange(key, { ...range, offset: 0 }) }),
  ],
  ['listing', 'lists what was removed', () => ({ remove: async () => undefined })],
  [
    'names',
    'lists no name beyond ASCII',
    (sound) => ({
      async *list(folder, options) {
        for await (const batch of sound.list(folder, options))
          yield batch.filter(({ key }) => /^[ -~]*$/.test(key));
      },
    }),
  ],
  [
    'write-once',
    'overwrites',
    (sound) => ({
      async put(key, body, options) {
        await sound.remove(key, options);
        await sound.put(key, body, options);
      },
    }),
  ],
  [
    'whole-or-not',
    'keeps what was cut off',
    (sound) => ({
      async put(key, body, options) {
        if (body instanceof Uint8Array) return sound.put(key, body, options);
        const bytes = await collectBytes(body.open(options));
        await sound.put(key, bytes, options);
        if (bytes.length === body.size) return;
        const sizes = { size: bytes.length, expected: body.size };
        throw storageErrors.STORAGE_BODY_CHANGED({ key, storage: sound.location, ...sizes });
      },
    }),
  ],
  [
    'copies',
    'loses a copy with its source',
    (sound) => ({
      link: (from, to, options) => sound.put(to, Buffer.from(from), options),
    }),
  ],
  [
    'speed',
    'gives back zeros for what is large',
    (sound) => ({
      async *stream(key, options) {
        for await (const piece of sound.stream(key, options)) yield new Uint8Array(piece.length);
      },
    }),
  ],
];

describe('the checks of media', () => {
  test('a sound one keeps all that it knows of, and nothing is left', async () => {
    const storage = new MemoryStorage(new Map(), { folders: true });
    const ends = await endsOf(storage);
    const skipped = [...ends].filter(([, end]) => end === 'not-asked').map(([name]) => name);
    assert.deepEqual(skipped, ['locks', 'hashes']);
    assert.deepEqual([...new Set(ends.values())], ['kept', 'not-asked']);
    assert.deepEqual(await collect(storage.list('', { signal: never })), []);
  });

  for (const [name, what, change] of faults) {
    test(`${name} tells of one that ${what}`, async () => {
      const sound = new MemoryStorage();
      const { location, capabilities } = sound;
      const bound: Storage = {
        location,
        capabilities,
        put: (key, body, options) => sound.put(key, body, options),
        read: (key, options) => sound.read(key, options),
        readRange: (key, options) => sound.readRange(key, options),
        stream: (key, options) => sound.stream(key, options),
        stat: (key, options) => sound.stat(key, options),
        list: (folder, options) => sound.list(folder, options),
        remove: (key, options) => sound.remove(key, options),
        link: (from, to, options) => sound.link(from, to, options),
        folders: (folder, options) => sound.folders(folder, options),
        sync: (options) => sound.sync(options),
        room: (options) => sound.room(options),
        close: () => sound.close(),
        ...change(sound),
      };
      assert.equal((await endsOf(bound)).get(name), 'broken');
    });
  }

  test('a clock that is off is told, and no right to remove is no fault', async () => {
    const sound = new MemoryStorage();
    const late = { ...systemClock, now: () => Date.now() + 600_000 };
    assert.equal((await endsOf(sound, late)).get('clock'), 'broken');
    const refusing = new MemoryStorage();
    refusing.remove = (key) =>
      Promise.reject(
        storageErrors.STORAGE_REFUSED({ storage: 'memory:', operation: 'remove', key, reason: 'denied' }),
      );
    const ends = await endsOf(refusing);
    assert.equal(ends.get('many'), 'refused');
    assert.equal(ends.get('round-trip'), 'kept');
    assert.ok(![...ends.values()].includes('broken'));
    const blind = new MemoryStorage();
    blind.put = (key) =>
      Promise.reject(
        storageErrors.STORAGE_REFUSED({ storage: 'memory:', operation: 'put', key, reason: 'denied' }),
      );
    assert.equal((await endsOf(blind)).get('round-trip'), 'broken');
  });
});
