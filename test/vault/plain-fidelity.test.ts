/** What goes into a plain vault comes out of it: on a real disk and on tmpfs, as root and as anybody. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  cpSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemCode } from '../../src/base/errors.ts';
import { linkAt, makeDirectoryAt, openAt, openDirectoryAt } from '../../src/base/libc.ts';
import type { RawName } from '../../src/base/raw-path.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { fillTree, SPARSE } from './every-kind.ts';
import { faultless, roundTrip } from './round-trip.ts';
import {
  dayTime,
  describeSnapshot,
  listed,
  never,
  nodeAt,
  nodesOf,
  openVault,
  type Taken,
  take,
  verifyAll,
  writing,
} from './taking.ts';

const isRoot = process.geteuid?.() === 0;
const needsRoot = isRoot ? false : 'needs root';
const checkout = fileURLToPath(new URL('../..', import.meta.url));
const needed = ['koffi', '@koromix', 'zod', 'picomatch'];
let folder = '';
let mounted: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hikae-fidelity-'));
});
afterEach(() => {
  for (const place of mounted) execFileSync('umount', [place]);
  mounted = [];
  execFileSync('rm', ['-rf', folder]);
});

function mountTmpfs(name: string): string {
  const place = join(folder, name);
  mkdirSync(place);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=200m,mode=0755', 'tmpfs', place]);
  mounted.push(place);
  return place;
}

describe('a round trip of everything', () => {
  test('as root, on the disk', { skip: needsRoot }, async () => {
    fillTree(join(folder, 'source'));
    assert.deepEqual(await roundTrip(join(folder, 'source'), join(folder, 'vault')), faultless);
  });

  test('as root, on tmpfs', { skip: needsRoot }, async () => {
    const place = mountTmpfs('memory');
    fillTree(join(place, 'source'));
    assert.deepEqual(await roundTrip(join(place, 'source'), join(place, 'vault')), faultless);
  });

  test('as root, from the disk to tmpfs', { skip: needsRoot }, async () => {
    fillTree(join(folder, 'source'));
    assert.deepEqual(await roundTrip(join(folder, 'source'), join(mountTmpfs('memory'), 'vault')), faultless);
  });

  for (const where of ['the disk', 'tmpfs']) {
    test(`as a user, on ${where}`, { skip: needsRoot }, () => {
      const place = where === 'tmpfs' ? mountTmpfs('memory') : folder;
      chmodSync(folder, 0o755);
      chownSync(place, 65_534, 65_534);
      const program = join(readableCheckout(), 'test/vault/programs/round-trip-as-nobody.ts');
      const told = JSON.parse(execFileSync(process.execPath, [program, place], { encoding: 'utf8' }));
      const [locked, ...others] = told.stored;
      assert.deepEqual({ ...told, stored: others }, faultless);
      // Its owner must be able to remove his copy one day; the manifest knows better.
      assert.match(locked, /^folder-555: dir 555 .* → dir 755 /);
    });
  }

  // As root it is one of those above.
  if (!isRoot) {
    test('as whoever runs this', async () => {
      fillTree(join(folder, 'source'));
      assert.deepEqual(await roundTrip(join(folder, 'source'), join(folder, 'vault')), faultless);
    });
  }
});

/** The checkout, or where only root may enter it, a copy of what the program needs: threads start as the user. */
function readableCheckout(): string {
  const wanted = ['package.json', 'src', 'test/vault', 'test/doubles'];
  for (let at = checkout; ; at = join(at, '..')) {
    if ((statSync(at).mode & 0o001) === 0) break;
    if (at === '/') return checkout;
  }
  const copy = join(folder, 'checkout');
  for (const path of [...wanted, ...needed.map((name) => `node_modules/${name}`)]) {
    cpSync(join(checkout, path), join(copy, path), { recursive: true });
  }
  execFileSync('chmod', ['-R', 'a+rX', copy]);
  return copy;
}

describe('one thing at a time', () => {
  let root = '';
  let place = '';
  let vault: Vault;
  let day = 0;

  beforeEach(async () => {
    root = join(folder, 'source');
    place = join(folder, 'vault');
    mkdirSync(root);
    vault = await openVault(place);
    day = 0;
  });

  const next = (options = {}): Promise<Taken> => take(vault, { root, time: dayTime(day++), ...options });
  const stored = ({ entry }: Taken, path: string) => lstatSync(join(place, entry.place, 'c', path));
  const put = (name: string, text: string) => writeFileSync(join(root, name), text);
  const assertSound = async () => assert.deepEqual((await verifyAll(vault)).findings, []);

  test('holes stay holes, in the vault and in the manifest', async () => {
    fillTree(root);
    const { blocks } = lstatSync(join(root, 'sparse'));
    assert.ok(blocks * 512 < SPARSE / 10, 'this file system makes no holes');
    const taken = await next();
    assert.ok(stored(taken, 'sparse').blocks <= blocks + 16);
    const { holes, size } = nodeAt(await nodesOf(vault, taken.entry), 'c/sparse');
    assert.equal(size, SPARSE);
    assert.equal(holes.length, 2);
    assert.equal(holes[0]?.offset, 0);
    const [last] = holes.slice(-1);
    assert.equal((last?.offset ?? 0) + (last?.length ?? 0), SPARSE);
    // A derived copy that can't share the file has the same holes.
    assert.ok(holes.every(({ length }) => length > 3_900_000));
  });

  test('devices, FIFOs and sockets are in the manifest alone', { skip: needsRoot }, async () => {
    fillTree(root);
    const taken = await next();
    const names = readdirSync(join(place, taken.entry.place, 'c'));
    const nodes = await nodesOf(vault, taken.entry);
    for (const [name, type] of Object.entries({
      fifo: 'fifo',
      socket: 'socket',
      null: 'chardev',
      disk: 'dev',
    })) {
      assert.ok(!names.includes(name), name);
      assert.equal(nodeAt(nodes, `c/${name}`).type, type);
    }
    assert.equal(nodeAt(nodes, 'c/disk').rdev, (259n << 8n) | 7n);
  });

  test('a file whose mode alone changed is not linked, and the old snapshot keeps its mode', async () => {
    put('file', 'content');
    chmodSync(join(root, 'file'), 0o644);
    const before = await next();
    chmodSync(join(root, 'file'), 0o600);
    const after = await next();
    assert.notEqual(stored(after, 'file').ino, stored(before, 'file').ino);
    assert.equal(stored(before, 'file').mode & 0o7777, 0o644);
    assert.equal(stored(after, 'file').mode & 0o7777, 0o600);
    await assertSound();
  });

  test('a change of owner, of an attribute or of a list of access makes a new file too', {
    skip: needsRoot,
  }, async () => {
    put('file', 'content');
    const inodes = new Set([stored(await next(), 'file').ino]);
    const changes = [
      () => chownSync(join(root, 'file'), 1234, 0),
      () => execFileSync('setfattr', ['-n', 'user.note', '-v', 'text', join(root, 'file')]),
      () => execFileSync('setfacl', ['-m', 'u:4321:r', join(root, 'file')]),
    ];
    for (const change of changes) {
      change();
      inodes.add(stored(await next(), 'file').ino);
    }
    assert.equal(inodes.size, 4);
    await assertSound();
  });

  test('other content of the same size and time is told by its ctime', async () => {
    put('file', 'content');
    const { atime, mtime } = statSync(join(root, 'file'));
    utimesSync(join(root, 'file'), atime, mtime);
    const before = await next();
    put('file', 'CONTENT');
    utimesSync(join(root, 'file'), atime, mtime);
    const after = await next();
    assert.equal(statSync(join(root, 'file')).mtimeMs, stored(before, 'file').mtimeMs);
    assert.notEqual(stored(after, 'file').ino, stored(before, 'file').ino);
    assert.match((await describeSnapshot(vault, after.entry)).get('c/file') ?? '', /file/);
    await assertSound();
  });

  test('a stored file that somebody wrote to is not linked again', async () => {
    for (const name of ['longer', 'touched', 'gone', 'sound']) put(name, 'content');
    const before = await next();
    const at = (name: string) => join(place, before.entry.place, 'c', name);
    writeFileSync(at('longer'), 'content and more');
    execFileSync('touch', ['-r', join(root, 'longer'), at('longer')]);
    writeFileSync(at('touched'), 'CONTENT');
    unlinkSync(at('gone'));
    const after = await next();
    assert.equal(after.stored.newBytes, 21);
    assert.notEqual(stored(after, 'longer').ino, lstatSync(at('longer')).ino);
    assert.notEqual(stored(after, 'touched').ino, lstatSync(at('touched')).ino);
    assert.equal(stored(after, 'sound').ino, lstatSync(at('sound')).ino);
    const { findings } = await vault.verify([after.entry], {
      level: 'full',
      emit: () => undefined,
      signal: never,
    });
    assert.deepEqual(findings, []);
  });

  test('a stored file with as many links as it may have is copied', async (t) => {
    put('file', 'content');
    const before = await next();
    if (!fillLinks(join(place, before.entry.place, 'c'), 'file')) {
      t.skip('this file system knows no limit');
      return;
    }
    const after = await next();
    assert.notEqual(stored(after, 'file').ino, stored(before, 'file').ino);
    assert.equal(after.stored.newBytes, 7);
    assert.equal(stored(await next(), 'file').ino, stored(after, 'file').ino);
  });

  describe('hard links', () => {
    const groupsOf = async ({ entry }: Taken) => {
      const nodes = [...(await nodesOf(vault, entry)).values()].filter(({ type }) => type === 'file');
      const byManifest = nodes.map(({ path, hardlink }) => `${path} ${hardlink ?? path}`);
      const first = new Map<number, string>();
      const byInode = nodes.map(({ path }) => {
        const { ino } = lstatSync(join(place, entry.place, path));
        if (!first.has(ino)) first.set(ino, path);
        return `${path} ${first.get(ino)}`;
      });
      assert.deepEqual(byManifest, byInode, 'manifest and inodes agree');
      return byManifest;
    };

    test('a group that is separated at the source is separate in the vault', async () => {
      put('a', 'content');
      linkSync(join(root, 'a'), join(root, 'b'));
      assert.deepEqual(await groupsOf(await next()), ['c/a c/a', 'c/b c/a']);
      unlinkSync(join(root, 'b'));
      put('b', 'content');
      assert.deepEqual(await groupsOf(await next()), ['c/a c/a', 'c/b c/b']);
      await assertSound();
    });

    test('files that become a group are one in the next snapshot and two in the last', async () => {
      put('a', 'content');
      put('b', 'content');
      const before = await next();
      unlinkSync(join(root, 'b'));
      linkSync(join(root, 'a'), join(root, 'b'));
      assert.deepEqual(await groupsOf(await next()), ['c/a c/a', 'c/b c/a']);
      assert.deepEqual(await groupsOf(before), ['c/a c/a', 'c/b c/b']);
      await assertSound();
    });

    test('when the first name disappears the others stay a group', async () => {
      put('a', 'content');
      for (const name of ['b', 'd']) linkSync(join(root, 'a'), join(root, name));
      await next();
      unlinkSync(join(root, 'a'));
      assert.deepEqual(await groupsOf(await next()), ['c/b c/b', 'c/d c/b']);
      assert.equal((await next()).stored.newBytes, 0);
      await assertSound();
    });

    test('an unchanged group costs nothing and stays a group', async () => {
      put('a', 'content');
      linkSync(join(root, 'a'), join(root, 'b'));
      await next();
      const again = await next();
      assert.equal(again.stored.newBytes, 0);
      assert.deepEqual(await groupsOf(again), ['c/a c/a', 'c/b c/a']);
    });

    test('names that are excluded are left out, and the rest is a group', async () => {
      put('a', 'content');
      for (const name of ['b', 'd', 'e']) linkSync(join(root, 'a'), join(root, name));
      assert.deepEqual(await groupsOf(await next({ origin: { exclude: ['a', 'd'] } })), [
        'c/b c/b',
        'c/e c/b',
      ]);
      assert.deepEqual(await groupsOf(await next()), ['c/a c/a', 'c/b c/a', 'c/d c/a', 'c/e c/a']);
      assert.deepEqual(await groupsOf(await next({ origin: { exclude: ['b'] } })), [
        'c/a c/a',
        'c/d c/a',
        'c/e c/a',
      ]);
      await assertSound();
    });

    test('a name that moves within the group keeps it', async () => {
      put('b', 'content');
      linkSync(join(root, 'b'), join(root, 'd'));
      await next();
      renameSync(join(root, 'd'), join(root, 'a'));
      assert.deepEqual(await groupsOf(await next()), ['c/a c/a', 'c/b c/a']);
      await assertSound();
    });
  });

  test('a path of more than 8,000 bytes', async () => {
    const name = 'deep'.repeat(60) as RawName;
    let directory = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY);
    for (let depth = 0; depth < 36; depth++) {
      makeDirectoryAt(directory, name, 0o755);
      const inner = openDirectoryAt(directory, name);
      closeSync(directory);
      directory = inner;
    }
    const flags = constants.O_WRONLY | constants.O_CREAT;
    closeSync(openAt(directory, 'bottom' as RawName, flags, 0o644));
    linkAt(directory, 'bottom' as RawName, directory, 'bottom-2' as RawName);
    closeSync(directory);
    const { entry } = await next();
    const described = await describeSnapshot(vault, entry);
    const [deepest = ''] = [...described.keys()].filter((path) => path.endsWith('/bottom-2'));
    assert.ok(deepest.length > 8_000);
    assert.equal((await next()).stored.newBytes, 0);
    await assertSound();
    await writing(vault, (writable) => writable.remove(entry, { signal: never }));
    assert.equal((await listed(vault)).length, 1);
    await assertSound();
  });
});

/** False when the file system takes 70,000 links and more. */
function fillLinks(from: string, name: string): boolean {
  const side = join(folder, 'links');
  mkdirSync(side);
  const [directory, to] = [from, side].map((path) =>
    openSync(path, constants.O_RDONLY | constants.O_DIRECTORY),
  );
  assert.ok(directory !== undefined && to !== undefined);
  try {
    for (let count = 0; count < 70_000; count++)
      linkAt(directory, name as RawName, to, `${count}` as RawName);
    return false;
  } catch (error) {
    if (systemCode(error) !== 'EMLINK') throw error;
    return true;
  } finally {
    closeSync(directory);
    closeSync(to);
  }
}
