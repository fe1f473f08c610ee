/** Disks that are full, gone, broken or of the wrong kind: a clear error each, and every earlier snapshot whole. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isHikaeError } from '../../src/base/errors.ts';
import type { SnapshotEntry } from '../../src/model/snapshot.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { describeTree } from '../doubles/live-tree.ts';
import { takeDumps } from '../vault/dumps.ts';
import { readAsTree } from '../vault/round-trip.ts';
import {
  captureOf,
  dayTime,
  draftOf,
  listed,
  never,
  openVault,
  originOf,
  silent,
  take,
  verifyAll,
  writing,
} from '../vault/taking.ts';

const isRoot = process.geteuid?.() === 0;
const needsRoot = isRoot ? false : 'needs root';
const MB = 1_000_000;
const holder = fileURLToPath(new URL('./programs/hold-vault.ts', import.meta.url));
let folder = '';
let root = '';
let disk = '';
let isMounted = false;
let device: string | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hikae-full-'));
  root = join(folder, 'source');
  disk = join(folder, 'disk');
  mkdirSync(root);
  mkdirSync(disk);
  writeFileSync(join(root, 'small'), 'small');
});
afterEach(() => {
  // A failed test may still have a file open; and with the mount its loop device is freed.
  if (isMounted) execFileSync('umount', ['--lazy', disk]);
  if (device !== undefined) execFileSync('losetup', ['--detach', device]);
  isMounted = false;
  device = undefined;
  rmSync(folder, { recursive: true });
});

function makeDisk(size: number, make: readonly [string, ...string[]]): void {
  const [command, ...options] = make;
  writeFileSync(join(folder, 'image'), '');
  truncateSync(join(folder, 'image'), size);
  execFileSync(command, [...options, join(folder, 'image')], { stdio: 'pipe' });
}

function mountDisk(options = 'loop'): void {
  execFileSync('mount', ['-o', options, join(folder, 'image'), disk], { stdio: 'pipe' });
  isMounted = true;
}

function ext4(...options: string[]): [string, ...string[]] {
  return ['mkfs.ext4', '-q', '-F', '-m', '0', ...options];
}

function fail(code: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isHikaeError(error), `${error}`);
    assert.equal(error.code, code, error.message);
    return true;
  };
}

describe('a disk that is full', { skip: needsRoot }, () => {
  let vault: Vault;
  let first: SnapshotEntry;
  let before: Map<string, string>;
  const place = () => join(disk, 'vault');
  const target = () => readdirSync(join(place(), 'daily/files')).sort();

  async function prepare(...options: string[]): Promise<void> {
    makeDisk(40 * MB, ext4(...options));
    mountDisk();
    vault = await openVault(place());
    before = describeTree(root);
    first = (await take(vault, { root })).entry;
  }

  async function assertWhole(): Promise<void> {
    assert.deepEqual(await listed(vault), [first.place]);
    assert.deepEqual(target(), ['2026-11-22', 'latest']);
    assert.deepEqual((await verifyAll(vault)).findings, []);
    assert.deepEqual(await readAsTree(vault, first), before);
  }

  test('in the middle of a copy', async () => {
    await prepare();
    for (let file = 0; file < 12; file++)
      writeFileSync(join(root, `large-${file}`), Buffer.alloc(5 * MB, `${file} `));
    await assert.rejects(take(vault, { root, time: dayTime(1) }), fail('VAULT_FULL'));
    await assertWhole();
    for (let file = 0; file < 12; file++) rmSync(join(root, `large-${file}`));
    assert.ok((await take(vault, { root, time: dayTime(1) })).entry.complete);
  });

  test('in the middle of packing a dump, whose source is ended', async () => {
    await prepare();
    let ended = false;
    const content = async function* () {
      try {
        for (let part = 0; part < 1000; part++) yield randomBytes(100_000);
      } finally {
        ended = true;
      }
    };
    await assert.rejects(
      takeDumps(vault, { 'dump.sql': { content } }, { time: dayTime(1) }),
      fail('VAULT_FULL'),
    );
    assert.ok(ended);
    await assertWhole();
    assert.ok((await takeDumps(vault, { 'dump.sql': { content: '' } }, { time: dayTime(1) })).entry.complete);
  });

  test('of inodes', async () => {
    await prepare('-N', '300');
    for (let file = 0; file < 400; file++) writeFileSync(join(root, `file-${file}`), '');
    await assert.rejects(take(vault, { root, time: dayTime(1) }), fail('VAULT_FULL'));
    await assertWhole();
    for (let file = 0; file < 400; file++) rmSync(join(root, `file-${file}`));
    assert.ok((await take(vault, { root, time: dayTime(1) })).entry.complete);
  });

  test('at any step, down to the last block', async () => {
    await prepare();
    for (let file = 0; file < 300; file++) writeFileSync(join(root, `file-${file}`), `${file}`.repeat(1000));
    const filler = join(disk, 'filler');
    const outcomes = new Set<string>();
    for (let blocks = 0; blocks <= 1600; blocks = blocks < 16 ? blocks + 2 : Math.ceil(blocks * 1.3)) {
      // Blocks that were freed are there again only after the journal is written.
      execFileSync('sync', ['-f', disk]);
      const { bavail, bsize } = statfsSync(disk);
      execFileSync('fallocate', ['-l', String((bavail - blocks) * bsize - 64 * 1024), filler]);
      const left = statfsSync(disk).bavail;
      try {
        const { entry } = await take(vault, { root, time: dayTime(1) });
        outcomes.add('published');
        assert.deepEqual(await readAsTree(vault, entry), describeTree(root));
        rmSync(filler);
        await writing(vault, (writable) => writable.remove(entry, { signal: never }));
      } catch (error) {
        assert.ok(isHikaeError(error, 'VAULT_FULL'), `${left} blocks left: ${error}`);
        outcomes.add(error.code);
        rmSync(filler);
      }
      await assertWhole();
    }
    assert.deepEqual([...outcomes].sort(), ['VAULT_FULL', 'published']);
  });

  test('of inodes, at any step', async () => {
    await prepare('-N', '300');
    for (let file = 0; file < 30; file++) writeFileSync(join(root, `file-${file}`), `${file}`);
    mkdirSync(join(disk, 'fill'));
    const outcomes = new Set<string>();
    for (let left = 0; left <= 44; left += left < 12 || left > 30 ? 1 : 6) {
      for (let file = 0; statfsSync(disk).ffree > left; file++)
        writeFileSync(join(disk, 'fill', `${file}`), '');
      try {
        const { entry } = await take(vault, { root, time: dayTime(1) });
        outcomes.add('published');
        rmSync(join(disk, 'fill'), { recursive: true });
        await writing(vault, (writable) => writable.remove(entry, { signal: never }));
      } catch (error) {
        assert.ok(isHikaeError(error, 'VAULT_FULL'), `${left} inodes left: ${error}`);
        outcomes.add(error.code);
        rmSync(join(disk, 'fill'), { recursive: true });
        if ((await listed(vault)).length > 1) {
          // The snapshot was there before room for `latest` was wanted.
          const [, second] = (await vault.list({ signal: never })).snapshots;
          assert.ok(second?.complete);
          await writing(vault, (writable) => writable.remove(second, { signal: never }));
        }
      }
      await assertWhole();
      mkdirSync(join(disk, 'fill'));
    }
    assert.deepEqual([...outcomes].sort(), ['VAULT_FULL', 'published']);
  });

  test('is known before the start, where it can be', async () => {
    await prepare();
    const names = () => execFileSync('find', [place()], { encoding: 'utf8' });
    const found = names();
    await assert.rejects(
      take(vault, { root, time: dayTime(1), expects: { bytes: 50 * MB, files: 1 } }),
      fail('VAULT_NO_ROOM'),
    );
    await assert.rejects(
      take(vault, { root, time: dayTime(1), expects: { bytes: 1, files: 1_000_000 } }),
      fail('VAULT_NO_ROOM'),
    );
    assert.equal(names(), found);
    assert.ok(
      (await take(vault, { root, time: dayTime(1), expects: { bytes: MB, files: 10 } })).entry.complete,
    );
  });

  test('for a component that fails of itself as well', async () => {
    await prepare();
    await writing(vault, async (writable) => {
      const writer = await writable.begin(draftOf({ time: dayTime(1) }), { emit: silent, signal: never });
      const draft = { name: 'c', origin: originOf({ root }) };
      await assert.rejects(
        writer.component(draft, async (troubles) => {
          execFileSync('fallocate', [
            '-l',
            String(statfsSync(disk).bavail * statfsSync(disk).bsize - 100_000),
            join(disk, 'filler'),
          ]);
          writeFileSync(join(root, 'large'), Buffer.alloc(MB, 'x'));
          return captureOf({ root }, troubles);
        }),
        fail('VAULT_FULL'),
      );
      await writer.abandon({ discard: true });
    });
    await assertWhole();
  });
});

describe('a disk that turns read-only', { skip: needsRoot }, () => {
  test('before the run: nothing is written, everything can be read', async () => {
    makeDisk(40 * MB, ext4());
    mountDisk();
    const vault = await openVault(join(disk, 'vault'));
    const { entry } = await take(vault, { root });
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    const again = await openVault(join(disk, 'vault'), { create: false });
    await assert.rejects(take(again, { root, time: dayTime(1) }), fail('VAULT_OUT_OF_REACH'));
    assert.deepEqual(await listed(again), [entry.place]);
    assert.deepEqual((await verifyAll(again)).findings, []);
    assert.deepEqual(await readAsTree(again, entry), describeTree(root));
  });

  test('in the middle of the run', async (t) => {
    makeDisk(40 * MB, ext4());
    mountDisk('loop,errors=remount-ro');
    const source = execFileSync('findmnt', ['-n', '-o', 'SOURCE', disk], { encoding: 'utf8' })
      .trim()
      .split('/')
      .at(-1);
    const trigger = `/sys/fs/ext4/${source}/trigger_fs_error`;
    if (!existsSync(trigger)) {
      t.skip('this kernel can not be told to fail');
      return;
    }
    const vault = await openVault(join(disk, 'vault'));
    const { entry } = await take(vault, { root });
    const before = describeTree(root);
    for (let file = 0; file < 1000; file++) writeFileSync(join(root, `file-${file}`), `${file}`);
    await writing(vault, async (writable) => {
      const writer = await writable.begin(draftOf({ time: dayTime(1) }), { emit: silent, signal: never });
      const draft = { name: 'c', origin: originOf({ root }) };
      const failing = writer.component(draft, async (troubles) => {
        const capture = await captureOf({ root }, troubles);
        return {
          close: () => capture.close(),
          async *nodes() {
            for await (const batch of capture.nodes()) {
              yield batch;
              writeFileSync(trigger, 'a test');
            }
          },
        };
      });
      await assert.rejects(failing, fail('VAULT_WRITE_FAILED'));
      await assert.rejects(writer.abandon({ discard: true }), fail('VAULT_WRITE_FAILED'));
    });
    assert.deepEqual(await listed(vault), [entry.place]);
    assert.deepEqual(await readAsTree(vault, entry), before);
  });
});

describe('a vault that is not what it should be', () => {
  const place = () => join(folder, 'vault');

  test('not mounted', { skip: needsRoot }, async () => {
    await assert.rejects(openVault(join(disk, 'vault'), { mounted: disk }), fail('VAULT_NOT_MOUNTED'));
    await assert.rejects(
      openVault(join(disk, 'vault'), { mounted: join(folder, 'nowhere') }),
      fail('VAULT_NOT_MOUNTED'),
    );
    assert.deepEqual(readdirSync(disk), []);
    makeDisk(40 * MB, ext4());
    mountDisk();
    const vault = await openVault(join(disk, 'vault'), { mounted: disk });
    assert.ok((await take(vault, { root })).entry.complete);
    // The root of a new disk has a folder of its own already.
    assert.deepEqual(readdirSync(disk).sort(), ['lost+found', 'vault']);
    await assert.rejects(openVault(disk, { mounted: disk }), fail('VAULT_FOREIGN'));
  });

  test('a whole new disk', { skip: needsRoot }, async () => {
    makeDisk(40 * MB, ext4());
    mountDisk();
    const vault = await openVault(disk, { mounted: disk });
    await take(vault, { root });
    assert.deepEqual((await verifyAll(vault)).findings, []);
  });

  test('known, and empty now', async () => {
    await openVault(place());
    rmSync(place(), { recursive: true });
    await assert.rejects(openVault(place(), { seen: true, create: false }), fail('VAULT_GONE'));
    mkdirSync(place());
    await assert.rejects(openVault(place(), { seen: true, create: false }), fail('VAULT_GONE'));
    assert.deepEqual(readdirSync(place()), []);
    await assert.rejects(openVault(place(), { create: false }), fail('VAULT_NOT_FOUND'));
  });

  test('a folder that belongs to something else', async () => {
    mkdirSync(place());
    writeFileSync(join(place(), 'photo.jpg'), '');
    chmodSync(place(), 0o755);
    await assert.rejects(openVault(place()), fail('VAULT_FOREIGN'));
    assert.deepEqual(readdirSync(place()), ['photo.jpg']);
  });

  test('with a damaged identity, or of a later version', async () => {
    await openVault(place());
    const file = join(place(), '.hikae/vault.json');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('"version": 1', '"version": 2'));
    await assert.rejects(openVault(place()), fail('VAULT_NEWER'));
    writeFileSync(file, text.slice(0, 20));
    await assert.rejects(openVault(place()), fail('VAULT_DAMAGED'));
  });

  test('open to others', async () => {
    const vault = await openVault(place());
    for (const mode of [0o750, 0o701, 0o770]) {
      chmodSync(place(), mode);
      await assert.rejects(take(vault, { root }), fail('VAULT_OPEN_TO_OTHERS'));
    }
    chmodSync(place(), 0o700);
    assert.ok((await take(vault, { root })).entry.complete);
  });

  test('on a file system without links', { skip: needsRoot }, async (t) => {
    if (!mountWithoutLinks()) {
      t.skip('neither vfat nor exFAT can be mounted here');
      return;
    }
    await assert.rejects(openVault(join(disk, 'vault')), (error) => {
      fail('VAULT_FILE_SYSTEM')(error);
      assert.match(String(error), /hard links/);
      assert.ok(String(error).includes(`${join(disk, 'vault')} has`), String(error));
      return true;
    });
    assert.deepEqual(readdirSync(join(disk, 'vault')), []);
  });
});

/** vfat where the kernel has it, else exFAT by FUSE. */
function mountWithoutLinks(): boolean {
  const kinds: [string, ...string[]][] = [['mkfs.vfat'], ['mkfs.exfat']];
  for (const make of kinds) {
    try {
      makeDisk(40 * MB, make);
      if (make[0] === 'mkfs.vfat') mountDisk('loop');
      else {
        device = execFileSync('losetup', ['--find', '--show', join(folder, 'image')], {
          encoding: 'utf8',
        }).trim();
        execFileSync('mount.exfat-fuse', [device, disk], { stdio: 'pipe' });
      }
      isMounted = true;
      return true;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    }
  }
  return false;
}

describe('two writers', () => {
  test('the second waits, then gives up; a killed one holds nothing', async () => {
    const place = join(folder, 'vault');
    const vault = await openVault(place);
    const child = spawn(process.execPath, [holder, place], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    const told: string[] = [];
    const started = performance.now();
    await assert.rejects(
      take(vault, {
        root,
        wait: 1200,
        emit: (event) => told.push(event.type === 'phase' ? event.phase : event.type),
      }),
      fail('VAULT_LOCKED'),
    );
    assert.ok(performance.now() - started >= 1000);
    assert.deepEqual(told, ['waiting']);
    await assert.rejects(take(vault, { root }), fail('VAULT_LOCKED'));

    const waiting = take(vault, { root, wait: 60_000 });
    await delay(300);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const killed = performance.now();
    assert.ok((await waiting).entry.complete);
    assert.ok(performance.now() - killed < 10_000);
  });
});
