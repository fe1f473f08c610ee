/** Files restored out of a repository, straight from its packs: what was captured is there again, and nothing else. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { isHikaeError } from '../../src/base/errors.ts';
import type { SnapshotEntry } from '../../src/model/snapshot.ts';
import type { SnapshotReader } from '../../src/model/snapshot-reader.ts';
import { planFilesRestore, type RestoreHost } from '../../src/source/files/restore/restore.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { describeTree } from '../doubles/live-tree.ts';
import { openQuickDisk } from '../doubles/quick-disk.ts';
import { fillTree } from './every-kind.ts';
import { openTestRepository } from './restic-taking.ts';
import { differences } from './round-trip.ts';
import { dayTime, never, originOf, take } from './taking.ts';

const MiB = 1024 * 1024;
const isRoot = process.geteuid?.() === 0;
const host: RestoreHost = {
  ids: { userId: () => undefined, groupId: () => undefined },
  uid: process.geteuid?.() ?? -1,
  random: (size) => randomBytes(size),
};

let folder = '';
let root = '';
let repository = '';
let vault: Vault;
let entry: SnapshotEntry;

/** A tree with everything that a restore meets; its second half goes into other packs than its first. */
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hikae-unpacking-'));
  root = join(folder, 'tree');
  repository = join(folder, 'repository');
  mkdirSync(root);
  fillTree(root);
  for (let at = 0; at < 700; at++) {
    mkdirSync(join(root, `many/${at % 90}`), { recursive: true });
    writeFileSync(join(root, `many/${at % 90}/${at}`), at % 7 === 0 ? 'the same' : `content ${at}`);
  }
  vault = await openTestRepository(repository);
  await take(vault, { root });
  writeFileSync(join(root, 'empty'), '');
  writeFileSync(join(root, 'large'), noise('large', 9 * MiB));
  writeFileSync(join(root, 'twin'), noise('large', 9 * MiB));
  writeSparse(join(root, 'sparse'), 40 * MiB, [0, 17 * MiB]);
  writeSparse(join(root, 'hollow'), 20 * MiB, []);
  ({ entry } = await take(vault, { root, time: dayTime(1) }));
});
after(async () => {
  await vault.close();
  rmSync(folder, { recursive: true });
});
afterEach(() => rmSync(join(folder, 'to'), { recursive: true, force: true }));

function noise(seed: string, length: number): Buffer {
  return createHash('shake256', { outputLength: length }).update(seed).digest();
}

function writeSparse(path: string, size: number, places: readonly number[]): void {
  const file = openSync(path, 'w');
  for (const place of places) writeSync(file, noise(path, 4096), 0, 4096, place);
  ftruncateSync(file, size);
  closeSync(file);
}

interface Restoring {
  readonly from?: Vault;
  readonly to?: string;
  readonly signal?: AbortSignal;
  /** looks in on every parcel */
  readonly meet?: () => void;
}

/** Restores the last snapshot and returns what was told of single entries. */
async function restore({ from = vault, to = join(folder, 'to'), signal = never, meet }: Restoring = {}) {
  const reader = await from.open(entry, { signal: never });
  const told: string[] = [];
  try {
    const plan = await planFilesRestore(
      {
        reader: meet === undefined ? reader : watched(reader, meet),
        component: 'c',
        origin: originOf({ root }),
        to: { kind: 'folder', path: to },
        delete: false,
      },
      host,
      { signal: never },
    );
    await plan.execute({
      emit: () => undefined,
      troubles: ({ code, path }) => told.push(`${code} ${path}`),
      signal,
    });
    return told.sort();
  } finally {
    await reader.close();
  }
}

/** The same reader, whose deliveries are looked in on. */
function watched(reader: SnapshotReader, meet: () => void): SnapshotReader {
  assert.ok(reader.deliver);
  return {
    header: reader.header,
    nodes: (options) => reader.nodes(options),
    content: (node, options) => reader.content(node, options),
    locate: (node) => reader.locate(node),
    policy: (options) => reader.policy(options),
    close: () => reader.close(),
    deliver: (receiver, options) => {
      const receive: typeof receiver.receive = (parcel) => {
        meet();
        return receiver.receive(parcel);
      };
      const looking = { receive, undeliverable: receiver.undeliverable.bind(receiver) };
      return reader.deliver?.(looking, options) ?? assert.fail();
    },
  };
}

function leftovers(below: string): string[] {
  return readdirSync(below, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.includes('.hikae-restore-'),
  );
}

test('everything comes back, in whatever pack it lies', { skip: isRoot ? false : 'needs root' }, async () => {
  assert.deepEqual(await restore(), []);
  assert.deepEqual(differences(describeTree(root), describeTree(join(folder, 'to/c'))), []);
});

test('each stretch of a pack is read once, however many files want something of it', async () => {
  let parcels = 0;
  await restore({ meet: () => (parcels += 1) });
  // 9 MiB, two kinds of zeros and some hundred small files are but a few stretches of 8 MiB.
  assert.ok(parcels < 30, String(parcels));
});

test('long runs of zeros come back as holes', async () => {
  await restore();
  for (const [name, most] of [
    ['sparse', 256],
    ['hollow', 0],
  ] as const) {
    const { size, blocks } = statSync(join(folder, 'to/c', name));
    assert.equal(size, statSync(join(root, name)).size);
    assert.ok(blocks * 512 <= most * 1024, `${name} takes ${blocks} blocks`);
  }
});

test('a restore that goes on restores only what is missing', async () => {
  await restore();
  const to = join(folder, 'to/c');
  const kept = statSync(join(to, 'twin')).ino;
  rmSync(join(to, 'large'));
  rmSync(join(to, 'many/7'), { recursive: true });
  assert.deepEqual(await restore(), []);
  assert.equal(statSync(join(to, 'twin')).ino, kept);
  assert.ok(readFileSync(join(to, 'large')).equals(noise('large', 9 * MiB)));
  assert.equal(readFileSync(join(to, 'many/7/97'), 'latin1'), 'content 97');
});

describe('a pack that is damaged', () => {
  const flip = (path: string, at: number) => {
    chmodSync(path, 0o600);
    const bytes = readFileSync(path);
    bytes[at] = (bytes[at] as number) ^ 1;
    writeFileSync(path, bytes);
  };
  const damages: readonly (readonly [string, (pack: string) => void])[] = [
    ['flipped', (pack) => flip(pack, 5 * MiB)],
    ['cut off', (pack) => writeFileSync(pack, readFileSync(pack).subarray(0, 100))],
    ['gone', (pack) => rmSync(pack)],
  ];
  for (const [what, damage] of damages) {
    test(`${what} costs the files that need it, by name, and the rest is restored`, async () => {
      const damaged = join(folder, 'damaged');
      rmSync(damaged, { recursive: true, force: true });
      copyTree(repository, damaged);
      const packs = filesBelow(join(damaged, 'data'));
      packs.sort((left, right) => statSync(right).size - statSync(left).size);
      damage(packs[0] as string);
      const other = await openTestRepository(damaged, { create: false });
      try {
        const told = await restore({ from: other });
        const to = join(folder, 'to/c');
        const expected = ['large', 'twin'].map((name) => `stored-damaged ${join(to, name)}`);
        assert.deepEqual(
          told.filter((one) => !/\/(?:sparse|hollow)$/.test(one)),
          expected,
        );
        assert.equal(readFileSync(join(to, 'many/7/97'), 'latin1'), 'content 97');
        assert.deepEqual(leftovers(to), []);
      } finally {
        await other.close();
      }
    });
  }
});

test('after cancellation nothing is left under a temporary name', async () => {
  const stopping = new AbortController();
  const reason = new Error('enough');
  const restoring = restore({ signal: stopping.signal, meet: () => stopping.abort(reason) });
  await assert.rejects(restoring, (error) => error === reason);
  assert.deepEqual(leftovers(join(folder, 'to')), []);
});

test('a disk that fills up ends the restore, and another one goes on', async (t) => {
  if (!isRoot) {
    t.skip('needs root');
    return;
  }
  const disk = openQuickDisk('unpacking', 128);
  try {
    const filler = join(disk.folder, 'filler');
    let filled = false;
    const fill = () => {
      if (filled) return;
      filled = true;
      fillUp(filler);
    };
    const to = join(disk.folder, 'to');
    await assert.rejects(restore({ to, meet: fill }), (error) => isHikaeError(error, 'RESTORE_NO_SPACE'));
    rmSync(filler);
    assert.deepEqual(leftovers(to), []);
    assert.deepEqual(await restore({ to }), []);
    assert.deepEqual(differences(describeTree(root), describeTree(join(to, 'c'))), []);
  } finally {
    disk.remove();
  }
});

/** Takes all the room that there is. */
function fillUp(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (;;) writeSync(file, Buffer.alloc(MiB));
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
  } finally {
    closeSync(file);
  }
}

function filesBelow(place: string): string[] {
  return readdirSync(place, { recursive: true, encoding: 'utf8' })
    .map((name) => join(place, name))
    .filter((path) => statSync(path).isFile());
}

function copyTree(from: string, to: string): void {
  for (const path of readdirSync(from, { recursive: true, encoding: 'utf8' })) {
    if (statSync(join(from, path)).isDirectory()) mkdirSync(join(to, path), { recursive: true });
  }
  for (const path of filesBelow(from)) copyFileSync(path, join(to, path.slice(from.length + 1)));
}
