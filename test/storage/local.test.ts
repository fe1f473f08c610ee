/** Objects on a local disk: the contract, and what only a disk has. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openLocalStorage } from '../../src/storage/local/local-storage.ts';
import { keyFrom, type Storage } from '../../src/storage/storage.ts';
import { collect, collectBytes, failsWith, never, read, storageContract } from './contract.ts';
import { patternOf } from './pattern.ts';

const needsRoot = process.geteuid?.() === 0 ? false : 'needs root';
const program = fileURLToPath(new URL('./programs/put-objects.ts', import.meta.url));
const options = { signal: never };
const later = { signal: never, durable: 'at-sync' } as const;

const contractFolder = mkdtempSync(join(tmpdir(), 'hikae-storage-'));
after(() => rmSync(contractFolder, { recursive: true }));

storageContract({ kind: 'on a local disk', open: () => open(join(contractFolder, 'contract')) });

function open(path: string, create = true): Promise<Storage> {
  return openLocalStorage(path, { create, random: randomBytes });
}

let folder = '';
let root = '';
let mounted: string | undefined;
let device: string | undefined;
const opened: Storage[] = [];

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'hikae-storage-')));
  root = join(folder, 'root');
});
afterEach(async () => {
  for (const storage of opened.splice(0)) await storage.close();
  if (mounted !== undefined) execFileSync('umount', ['--lazy', mounted]);
  if (device !== undefined) execFileSync('losetup', ['--detach', device]);
  mounted = undefined;
  device = undefined;
  rmSync(folder, { recursive: true });
});

async function opening(path = root, create = true): Promise<Storage> {
  const storage = await open(path, create);
  opened.push(storage);
  return storage;
}

/** Everything below the root, however it is called. */
function entries(): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
}

async function names(storage: Storage): Promise<string[]> {
  return (await collect(storage.list('', options))).map(({ key }) => key);
}

describe('the folder of a local storage', () => {
  test('is made only when that is asked for', async () => {
    await assert.rejects(open(root, false), failsWith('STORAGE_MISSING', { storage: root }));
    assert.ok(!existsSync(root));
    await opening(join(root, 'a/b'));
    assert.equal(statSync(join(root, 'a/b')).mode & 0o777, 0o700);
    assert.deepEqual(await names(await opening(join(root, 'a/b'), false)), []);
    writeFileSync(join(root, 'file'), '');
    await assert.rejects(open(join(root, 'file'), false), failsWith('STORAGE_FAILED', {}));
  });

  test('is looked at without a trace; what is written is for us alone', async () => {
    const storage = await opening();
    await names(storage);
    await storage.stat(keyFrom('a/b'), options);
    await storage.remove(keyFrom('a/b'), options);
    await storage.sync(options);
    assert.deepEqual(entries(), []);
    await storage.put(keyFrom('a/b'), Buffer.from('content'), options);
    assert.equal(statSync(join(root, 'a')).mode & 0o777, 0o700);
    assert.equal(statSync(join(root, 'a/b')).mode & 0o777, 0o600);
    assert.equal(readFileSync(join(root, 'a/b'), 'utf8'), 'content');
  });

  test('shows what others have put there, and leaves out what is no object', async () => {
    const storage = await opening();
    mkdirSync(join(root, 'data/ab'), { recursive: true });
    mkdirSync(join(root, 'lost+found'), { mode: 0 });
    mkdirSync(join(root, '.partial/somebody'), { recursive: true });
    writeFileSync(join(root, '.partial/somebody/1'), 'not yet');
    writeFileSync(join(root, 'data/ab/abc'), 'by restic');
    writeFileSync(join(root, 'data/new\nline'), 'no key');
    writeFileSync(Buffer.from(`${root}/data/\xff`, 'latin1'), 'no text');
    symlinkSync('ab', join(root, 'data/link'));
    symlinkSync('abc', join(root, 'data/ab/link'));
    execFileSync('mkfifo', [join(root, 'data/fifo')]);
    assert.deepEqual(await names(storage), ['data/ab/abc']);
    assert.equal((await read(storage, keyFrom('data/ab/abc'))).toString(), 'by restic');
    assert.equal(await storage.stat(keyFrom('data/fifo'), options), undefined);
    const fifo = failsWith('STORAGE_NOT_FOUND', { key: 'data/fifo' });
    await assert.rejects(read(storage, keyFrom('data/fifo')), fifo);
  });

  test('is never left by a link in it', async () => {
    const storage = await opening();
    mkdirSync(join(folder, 'outside'));
    writeFileSync(join(folder, 'outside/secret'), 'secret');
    symlinkSync('../outside', join(root, 'way'));
    symlinkSync('../outside/secret', join(root, 'straight'));
    assert.equal(await storage.stat(keyFrom('way/secret'), options), undefined);
    assert.equal(await storage.stat(keyFrom('straight'), options), undefined);
    for (const key of ['way/secret', 'straight']) {
      await assert.rejects(read(storage, keyFrom(key)), failsWith('STORAGE_FAILED', { key }));
      await storage.remove(keyFrom('way/secret'), options);
    }
    await assert.rejects(
      storage.put(keyFrom('way/new'), Buffer.from('x'), options),
      failsWith('STORAGE_FAILED', { key: 'way/new' }),
    );
    await assert.rejects(
      storage.put(keyFrom('straight'), Buffer.from('x'), options),
      failsWith('STORAGE_EXISTS', { key: 'straight' }),
    );
    assert.deepEqual(readdirSync(join(folder, 'outside')), ['secret']);
    assert.equal(readFileSync(join(folder, 'outside/secret'), 'utf8'), 'secret');
  });

  test('of which we may not read is refused with the reason', { skip: needsRoot }, () => {
    mkdirSync(root, { mode: 0o700 });
    const script = `
      process.setgid(65534); process.setuid(65534);
      const { openLocalStorage } = await import(${JSON.stringify(new URL('../../src/storage/local/local-storage.ts', import.meta.url).href)});
      const error = await openLocalStorage(${JSON.stringify(root)}, { create: false, random: Buffer.alloc }).catch((error) => error);
      process.stdout.write(error.code + ' ' + error.exit);`;
    // The folder above is for root alone too, as temporary folders are.
    chmodSync(folder, 0o755);
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    assert.equal(stdout, 'STORAGE_REFUSED 10', stderr);
  });
});

describe('a process that is killed', () => {
  test('leaves no part of an object, and what it was about to write goes with the next writer', async () => {
    const child = spawn(process.execPath, [program, root, 'wait'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    const storage = await opening();
    await storage.put(keyFrom('other'), Buffer.from('other'), options);
    assert.equal(entries().filter((name) => /\.partial\/.*\/\d/.test(name)).length, 2, 'its owner lives');
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.deepEqual(await names(storage), ['other']);
    const next = await opening();
    await next.put(keyFrom('unfinished'), Buffer.from('whole'), options);
    assert.deepEqual(await names(storage), ['other', 'unfinished']);
    assert.deepEqual(
      entries().filter((name) => /\.partial\/.*\/\d/.test(name)),
      [],
    );
  });

  test('a storage that is closed leaves no temporary folder', async () => {
    const storage = await open(root);
    await storage.put(keyFrom('kept'), Buffer.from('kept'), options);
    await storage.put(keyFrom('not synced'), Buffer.from('lost'), later);
    await storage.close();
    assert.deepEqual(entries(), ['.partial', '.partial/lock', 'kept']);
    await assert.rejects(storage.put(keyFrom('x'), Buffer.from('x'), options), TypeError);
  });
});

describe('a disk that is full', { skip: needsRoot }, () => {
  const fill = async (storage: Storage, durable: 'now' | 'at-sync') => {
    for (let count = 0; ; count++) {
      try {
        await storage.put(keyFrom(`${durable}/${count}`), patternOf(300_000), { ...options, durable });
      } catch (error) {
        return { count, error };
      }
    }
  };

  for (const durable of ['now', 'at-sync'] as const) {
    test(`takes nothing more and keeps what it has (${durable})`, async () => {
      mkdirSync(root);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=0700', 'none', root]);
      mounted = root;
      const storage = await opening();
      await storage.put(keyFrom('before'), Buffer.from('before'), options);
      const { count, error } = await fill(storage, durable);
      failsWith('STORAGE_FULL', { key: `${durable}/${count}`, storage: root })(error);
      assert.ok(count >= 3, `${count} fit`);
      await storage.sync(options);
      const other = await opening();
      const expected = Array.from({ length: count }, (_, index) => `${durable}/${index}`);
      assert.deepEqual(await names(other), [...expected, 'before'].sort());
      assert.ok(patternOf(300_000).equals(await read(other, keyFrom(`${durable}/0`))));
      assert.deepEqual(
        entries().filter((name) => /\.partial\/.*\/\d/.test(name)),
        [],
      );
      const { bytes = 0, objects = 0 } = await storage.room(options);
      assert.ok(bytes < 300_000 && objects > 0, `${bytes} bytes, ${objects} objects`);
      await storage.remove(keyFrom(`${durable}/0`), options);
      await storage.put(keyFrom('after'), patternOf(200_000), options);
      // The lock of a writer would keep the disk writable.
      for (const one of opened.splice(0)) await one.close();
      execFileSync('mount', ['-o', 'remount,ro', root]);
      const reader = await opening(root, false);
      const refused = failsWith('STORAGE_REFUSED', { key: 'late' });
      await assert.rejects(reader.put(keyFrom('late'), Buffer.from('x'), options), refused);
      assert.equal((await read(reader, keyFrom('before'))).toString(), 'before');
    });
  }
});

test('a file system without links', { skip: needsRoot }, async (t) => {
  mkdirSync(root);
  if (!mountWithoutLinks(root)) {
    t.skip('neither vfat nor exFAT can be mounted here');
    return;
  }
  const storage = await opening();
  assert.equal(storage.capabilities.links, 'none');
  await storage.put(keyFrom('data/ab/one'), Buffer.from('one'), options);
  await storage.put(keyFrom('data/ab/two'), Buffer.from('two'), later);
  const exists = failsWith('STORAGE_EXISTS', { key: 'data/ab/one' });
  await assert.rejects(storage.put(keyFrom('data/ab/one'), Buffer.from('x'), options), exists);
  const lacks = failsWith('STORAGE_LACKS', { storage: root });
  await assert.rejects(storage.link(keyFrom('data/ab/one'), keyFrom('three'), options), lacks);
  await storage.sync(options);
  const other = await opening();
  assert.deepEqual(await names(other), ['data/ab/one', 'data/ab/two']);
  assert.equal((await collectBytes(other.stream(keyFrom('data/ab/one'), options))).toString(), 'one');
});

/** vfat where the kernel has it, else exFAT by FUSE. */
function mountWithoutLinks(place: string): boolean {
  const image = join(folder, 'image');
  const format = (make: string) => {
    writeFileSync(image, '');
    truncateSync(image, 40_000_000);
    execFileSync(make, [image], { stdio: 'pipe' });
  };
  format('mkfs.vfat');
  if (spawnSync('mount', ['-o', 'loop', image, place], { stdio: 'pipe' }).status === 0) {
    mounted = place;
    return true;
  }
  format('mkfs.exfat');
  device = execFileSync('losetup', ['--find', '--show', image], { encoding: 'utf8' }).trim();
  if (spawnSync('mount.exfat-fuse', [device, place], { stdio: 'pipe' }).status !== 0) return false;
  mounted = place;
  return true;
}

test('what the kernel is asked for, in this order', () => {
  const output = join(folder, 'trace');
  const traced = 'trace=syncfs,fsync,renameat2,unlinkat';
  const strace = ['-f', '-y', '-s', '4096', '-e', traced, '-o', output];
  const { status, stderr } = spawnSync('strace', [...strace, process.execPath, program, root, 'sync'], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  const calls = finishedCalls(readFileSync(output, 'utf8'))
    .map((call) => shortened(call))
    .filter((call) => call !== undefined);
  assert.deepEqual(calls, [
    'fsync .partial/1',
    'rename now/first',
    'fsync .',
    'fsync now',
    'fsync .partial/2',
    'rename now/second',
    'fsync now',
    'syncfs',
    'rename later/first',
    'rename later/second',
    'syncfs',
    'unlink now/first',
    'fsync now',
  ]);
});

/** Calls that ended well, in the order of their ends. */
function finishedCalls(trace: string): string[] {
  const begun = new Map<string, string>();
  return trace.split('\n').flatMap((line) => {
    const [, thread = '', text = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const unfinished = /^(.*)<unfinished \.\.\.>$/.exec(text);
    if (unfinished !== null) {
      begun.set(thread, unfinished[1] ?? '');
      return [];
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(text);
    const whole = resumed === null ? text : `${begun.get(thread)}${resumed[1]}`;
    return / = 0$/.test(whole) ? [whole] : [];
  });
}

/** What a call was about, relative to the root; the clearing away of temporary names is of no interest. */
function shortened(call: string): string | undefined {
  const relative = (path: string) =>
    (path === root ? '.' : path.slice(root.length + 1)).replace(/\.partial\/[0-9a-f]{32}/, '.partial');
  const [, name = ''] = /^(\w+)\(/.exec(call) ?? [];
  const folders = [...call.matchAll(/\d+<([^>]*)>, "([^"]*)"/g)];
  const [, place = '', entry = ''] = folders.at(-1) ?? [];
  if (name === 'syncfs') return 'syncfs';
  if (name === 'fsync') return `fsync ${relative(/<(.*)>/.exec(call)?.[1] ?? '')}`;
  if (name === 'renameat2') return `rename ${relative(`${place}/${entry}`)}`;
  return place.startsWith(`${root}/.partial`) ? undefined : `unlink ${relative(`${place}/${entry}`)}`;
}
