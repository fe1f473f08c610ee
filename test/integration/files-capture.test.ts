/** The capture of files on a real file system: everything that Linux keeps, and neighbours who interfere. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isHikaeError } from '../../src/base/errors.ts';
import { makeDirectoryAt, openDirectoryAt } from '../../src/base/libc.ts';
import { compareRawPaths, type RawName, type RawPath } from '../../src/base/raw-path.ts';
import { captureFiles } from '../../src/source/files/capture/capture.ts';
import { capture, filesOrigin, host } from '../doubles/read-capture.ts';

const isRoot = process.getuid?.() === 0;
let folder = '';
let root = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hikae-capture-'));
  root = join(folder, 'root');
  mkdirSync(root);
});
// Node's own removal is bounded by PATH_MAX.
afterEach(() => execFileSync('rm', ['-rf', folder]));

function put(path: string, text = path): string {
  const whole = join(root, path);
  mkdirSync(join(whole, '..'), { recursive: true });
  writeFileSync(whole, text);
  return whole;
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

describe('what Linux keeps', () => {
  test('every type, in order, with owner, mode, times and content', { skip: !isRoot }, async () => {
    put('file', 'content');
    chownSync(join(root, 'file'), 12345, 0);
    chmodSync(join(root, 'file'), 0o4750);
    execFileSync('touch', ['-d', '2001-02-03 04:05:06.123456789Z', join(root, 'file')]);
    execFileSync('touch', ['-d', '1960-01-01 00:00:00.5Z', put('file.old')]);
    mkdirSync(join(root, 'empty'));
    chmodSync(join(root, 'empty'), 0o1777);
    put('file2/inside');
    symlinkSync('../nowhere', join(root, 'link'));
    execFileSync('mkfifo', [join(root, 'fifo')]);
    execFileSync('mknod', [join(root, 'null'), 'c', '1', '3']);
    execFileSync('mknod', [join(root, 'disk'), 'b', '259', '70000']);
    const server = createServer().listen(join(root, 'socket'));
    await once(server, 'listening');
    const { nodes, paths, at, troubles } = await capture({ roots: [root] });
    server.close();
    assert.deepEqual(troubles, []);
    assert.deepEqual(
      nodes.map(({ metadata }) => `${metadata.path} ${metadata.type}`),
      [
        ' dir',
        'disk dev',
        'empty dir',
        'fifo fifo',
        'file file',
        'file.old file',
        'file2 dir',
        'file2/inside file',
        'link symlink',
        'null chardev',
        'socket socket',
      ],
    );
    assert.deepEqual(
      [...paths].sort((a, b) => compareRawPaths(a as RawPath, b as RawPath)),
      paths,
    );
    const { metadata, content } = at('file');
    assert.equal(content?.toString(), 'content');
    const { mode, uid, gid, user, group, size, links } = metadata;
    assert.deepEqual(
      { mode, uid, gid, user, group, size, links },
      { mode: 0o4750, uid: 12345, gid: 0, user: '', group: 'root', size: 7, links: 1 },
    );
    assert.equal(metadata.mtime, 981_173_106_123_456_789n);
    assert.equal(at('file.old').metadata.mtime, -315_619_199_500_000_000n);
    assert.equal(at('empty').metadata.mode, 0o1777);
    assert.equal(at('link').target, '../nowhere');
    assert.equal(at('null').metadata.rdev, 0x103n);
    assert.equal(at('disk').metadata.rdev, (259n << 8n) | (70_000n & 0xffn) | ((70_000n >> 8n) << 20n));
  });

  test('names of any bytes', async () => {
    const names = ['new\nline', '"quotes"', 'back\\slash', ' ', '\xff\xfe', 'caf\xe9', '\xe6\x8e\xa7'];
    for (const name of names)
      writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, 'latin1')]), name);
    const { paths, at } = await capture({ roots: [root] });
    assert.deepEqual(new Set(paths), new Set(['', ...names]));
    assert.equal(at('\xff\xfe').content?.toString(), '\xff\xfe');
  });

  test('hard links and sparse files', async () => {
    linkSync(put('one'), join(root, 'two'));
    const sparse = openSync(join(root, 'sparse'), 'w');
    ftruncateSync(sparse, 50_000_000);
    writeSync(sparse, 'end', 40_000_000);
    closeSync(sparse);
    const { at } = await capture({ roots: [root] }, {}, { contents: false });
    assert.equal(at('one').metadata.links, 2);
    assert.equal(at('one').metadata.inode, at('two').metadata.inode);
    assert.equal(at('sparse').metadata.size, 50_000_000);
  });

  test('attributes, ACLs and capabilities', { skip: !isRoot }, async () => {
    put('file');
    mkdirSync(join(root, 'folder'));
    symlinkSync('file', join(root, 'link'));
    execFileSync('setfattr', ['-n', 'user.note', '-v', 'text', join(root, 'file')]);
    execFileSync('setfattr', ['-h', '-n', 'trusted.note', '-v', 'linked', join(root, 'link')]);
    execFileSync('setfacl', ['-m', 'u:1234:r', join(root, 'file')]);
    execFileSync('setfacl', ['-d', '-m', 'u:1234:rx', join(root, 'folder')]);
    execFileSync('setcap', ['cap_net_raw+ep', join(root, 'file')]);
    const { at } = await capture({ roots: [root] });
    const names = (path: string) =>
      at(path)
        .xattrs.map(({ name }) => name)
        .sort();
    assert.deepEqual(names('file'), ['security.capability', 'system.posix_acl_access', 'user.note']);
    assert.equal(
      at('file')
        .xattrs.find(({ name }) => name === 'user.note')
        ?.value.toString(),
      'text',
    );
    assert.deepEqual(names('folder'), ['system.posix_acl_default']);
    assert.deepEqual(names('link'), ['trusted.note']);
    assert.deepEqual(names(''), []);
  });

  test('a path of more than 8,000 bytes', async () => {
    const name = 'd'.repeat(200) as RawName;
    const open = [openSync(root, 'r')];
    for (let depth = 0; depth < 45; depth++) {
      makeDirectoryAt(open.at(-1) ?? -1, name, 0o755);
      open.push(openDirectoryAt(open.at(-1) ?? -1, name));
    }
    writeFileSync(`/proc/self/fd/${open.at(-1)}/deepest`, 'deep');
    for (const descriptor of open) closeSync(descriptor);
    const { nodes, troubles } = await capture({ roots: [root] });
    const last = nodes.at(-1);
    assert.deepEqual(troubles, []);
    assert.equal(last?.metadata.path.length, 45 * 201 + 'deepest'.length);
    assert.equal(last?.content?.toString(), 'deep');
  });
});

describe('roots', () => {
  test('a folder may be given through a symlink; nothing below it is followed', async () => {
    put('inside/file');
    symlinkSync(root, join(folder, 'link'));
    symlinkSync('inside', join(root, 'within'));
    const { paths } = await capture({ roots: [`${join(folder, 'link')}/`] });
    assert.deepEqual(paths, ['', 'inside', 'inside/file', 'within']);
  });

  test('a list has absolute paths, real folders on the way, and each entry once', async () => {
    put('a/b/file');
    put('a/other');
    put('c/file');
    put('c.txt');
    mkdirSync(join(root, 'left'));
    chmodSync(join(root, 'a'), 0o710);
    const roots = ['a/b/file', 'a/b', 'c', 'c/', './/c/./file', 'c.txt'].map((path) => `${root}/${path}`);
    const { paths, at } = await capture({ layout: 'list', roots });
    const below = root.slice(1).split('/');
    const way = below.map((_, index) => below.slice(0, index + 1).join('/'));
    const inRoot = ['a', 'a/b', 'a/b/file', 'c', 'c/file', 'c.txt'].map((path) => `${root.slice(1)}/${path}`);
    assert.deepEqual(paths, ['', ...way, ...inRoot]);
    assert.equal(at(`${root.slice(1)}/a`).metadata.mode, 0o710);
    assert.equal(at(`${root.slice(1)}/c.txt`).content?.toString(), 'c.txt');
  });

  test('the root of the whole file system can stand in a list', async () => {
    const signal = new AbortController().signal;
    const options = { component: 'c', signal, avoid: [], troubles: () => undefined };
    const captured = await captureFiles(
      filesOrigin({ layout: 'list', roots: ['/etc', '/'], exclude: ['/*/*/'], oneFileSystem: true }),
      options,
      host,
    );
    for await (const batch of captured.nodes()) {
      assert.equal(batch[0]?.metadata.path, '');
      break;
    }
    await captured.close();
  });

  test('what is missing, no folder, relative or unreadable is an error', async () => {
    const fails = async (origin: Parameters<typeof capture>[0], code: string) => {
      await assert.rejects(capture(origin), (error) => isHikaeError(error, code));
    };
    const file = put('file');
    const before = openDescriptors();
    await fails({ roots: [join(root, 'missing')] }, 'SOURCE_ROOT_MISSING');
    await fails({ layout: 'list', roots: [file, join(file, 'below')] }, 'SOURCE_ROOT_MISSING');
    await fails({ layout: 'list', roots: [root, join(root, 'missing')] }, 'SOURCE_ROOT_MISSING');
    await fails({ roots: [file] }, 'SOURCE_ROOT_NOT_FOLDER');
    await fails({ roots: ['relative'] }, 'SOURCE_ROOT_NOT_ABSOLUTE');
    await fails({ roots: [`${root}/../root`] }, 'SOURCE_ROOT_NOT_ABSOLUTE');
    symlinkSync('turn', join(root, 'turn'));
    await fails({ roots: [join(root, 'turn')] }, 'SOURCE_ROOT_UNREADABLE');
    assert.equal(openDescriptors(), before);
  });
});

describe('what is left out', () => {
  test('globs, anchored as they say', async () => {
    for (const path of ['a/cache/x', 'a/keep', 'cache/y', 'log', 'b/log', 'b/c.tmp', '.hidden.tmp'])
      put(path);
    const left = async (exclude: string[]) => (await capture({ roots: [root], exclude })).paths;
    assert.deepEqual(await left(['cache', '*.tmp']), ['', 'a', 'a/keep', 'b', 'b/log', 'log']);
    assert.deepEqual(await left(['/cache', '/log', 'a/**', 'b/']), ['', '.hidden.tmp', 'a']);
    assert.deepEqual(await left(['**/cache/**', '**/log', '*.tmp']), [
      '',
      'a',
      'a/cache',
      'a/keep',
      'b',
      'cache',
    ]);
  });

  test('include keeps what matches, what lies below, and the folders that lead there', async () => {
    for (const path of ['a/b/x.pdf', 'a/b/y.txt', 'docs/z.txt', 'docs/deep/z', 'empty/none']) put(path);
    const { paths } = await capture({ roots: [root], include: ['*.pdf', '/docs/'], exclude: ['deep'] });
    assert.deepEqual(paths, ['', 'a', 'a/b', 'a/b/x.pdf', 'docs', 'docs/z.txt']);
  });

  test('in a list, an anchored pattern is an absolute path', async () => {
    for (const path of ['a/x', 'a/y', 'b/x']) put(path);
    const origin = { layout: 'list' as const, roots: [`${root}/a`, `${root}/b`] };
    const { paths } = await capture({ ...origin, exclude: [`${root}/a/x`] });
    assert.deepEqual(
      paths.slice(-4),
      ['a', 'a/y', 'b', 'b/x'].map((path) => `${root.slice(1)}/${path}`),
    );
    const included = await capture({ ...origin, include: [`${root}/a/`] });
    assert.deepEqual(
      included.paths.slice(-4),
      ['a', 'a/x', 'a/y', 'b'].map((path) => `${root.slice(1)}/${path}`),
    );
  });

  test('a name that is no text matches as one character for each byte', async () => {
    writeFileSync(Buffer.concat([Buffer.from(`${root}/x`), Buffer.from([0xff, 0xe6, 0x8e, 0xa7])]), '');
    assert.equal((await capture({ roots: [root], exclude: ['x??'] })).paths.length, 1);
    assert.equal((await capture({ roots: [root], exclude: ['x?控'] })).paths.length, 1);
    assert.equal((await capture({ roots: [root], exclude: ['x?'] })).paths.length, 2);
  });

  test('hikae its own folders, by whatever path they are met', async () => {
    put('vault/x');
    put('kept/y');
    symlinkSync(join(root, 'vault'), join(folder, 'link'));
    const { paths } = await capture(
      { roots: [root] },
      { avoid: [join(folder, 'link'), join(folder, 'not-there')] },
    );
    assert.deepEqual(paths, ['', 'kept', 'kept/y']);
  });

  test('other file systems, but for the folder they are mounted on', { skip: !isRoot }, async (t) => {
    put('a');
    mkdirSync(join(root, 'mounted'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', 'none', join(root, 'mounted')], { stdio: 'ignore' });
    } catch {
      t.skip('nothing can be mounted here');
      return;
    }
    try {
      writeFileSync(join(root, 'mounted/inside'), '');
      assert.deepEqual((await capture({ roots: [root], oneFileSystem: true })).paths, ['', 'a', 'mounted']);
      assert.ok((await capture({ roots: [root] })).paths.includes('mounted/inside'));
    } finally {
      execFileSync('umount', [join(root, 'mounted')]);
    }
  });
});

describe('what goes wrong', () => {
  test('a live database is a note, once', async () => {
    put('pg/PG_VERSION');
    put('pg/base/1/PG_VERSION');
    const { troubles } = await capture({ roots: [root] });
    assert.deepEqual(troubles, [
      { weight: 'note', code: 'live-database', path: 'c/pg', reason: 'PostgreSQL' },
    ]);
  });

  test('what may not be read costs itself only', { skip: !isRoot }, async () => {
    put('closed/file');
    put('open/file');
    put('unsearchable/excluded');
    put('unsearchable/file');
    chmodSync(join(root, 'closed'), 0);
    chmodSync(join(root, 'unsearchable'), 0o744);
    chmodSync(folder, 0o755);
    chmodSync(root, 0o755);
    const program = join(import.meta.dirname, 'programs/capture-as-nobody.ts');
    const said = execFileSync(process.execPath, [program, root, 'excluded'], { encoding: 'utf8' });
    assert.deepEqual(JSON.parse(said), {
      paths: ['', 'closed', 'open', 'open/file', 'unsearchable'],
      troubles: ['problem unreadable c/closed', 'problem unreadable c/unsearchable/file'],
    });
  });

  test('what vanishes between listing and looking is a note', async () => {
    for (let index = 0; index < 600; index++) put(String(index).padStart(3, '0'));
    const told: string[] = [];
    const signal = new AbortController().signal;
    const captured = await captureFiles(
      filesOrigin({ roots: [root] }),
      { component: 'c', signal, avoid: [], troubles: ({ code, path }) => told.push(`${code} ${path}`) },
      host,
    );
    let count = 0;
    for await (const batch of captured.nodes()) {
      if (count === 0) unlinkSync(join(root, '599'));
      count += batch.length;
      assert.ok(batch.length <= 256);
    }
    await captured.close();
    assert.equal(count, 600);
    assert.deepEqual(told, ['vanished c/599']);
  });

  test('a cancelled capture ends with the reason and leaves nothing open', async () => {
    for (let index = 0; index < 600; index++) put(`d/${index}`);
    const before = openDescriptors();
    const abort = new AbortController();
    const reason = new Error('enough');
    const options = { component: 'c', signal: abort.signal, avoid: [], troubles: () => undefined };
    const captured = await captureFiles(filesOrigin({ roots: [root] }), options, host);
    await assert.rejects(async () => {
      for await (const batch of captured.nodes()) if (batch.length > 0) abort.abort(reason);
    }, reason);
    await captured.close();
    assert.equal(openDescriptors(), before);
  });

  test('nothing stays open when everything was released', async () => {
    for (let index = 0; index < 50; index++) put(`d${index}/deep/${index}`);
    const before = openDescriptors();
    const options = {
      component: 'c',
      signal: new AbortController().signal,
      avoid: [],
      troubles: () => undefined,
    };
    const captured = await captureFiles(filesOrigin({ roots: [root] }), options, host);
    for await (const batch of captured.nodes()) {
      for (const { content } of batch) if (content?.kind === 'file') content.release();
    }
    assert.equal(openDescriptors(), before);
    await captured.close();
  });
});

describe('a neighbour who swaps a folder with a symlink', () => {
  let swapping: ChildProcess;
  afterEach(async () => {
    swapping.kill('SIGKILL');
    await once(swapping, 'close');
  });

  test('never makes a capture read elsewhere', async () => {
    const elsewhere = join(folder, 'elsewhere');
    mkdirSync(join(elsewhere, 'sub'), { recursive: true });
    for (let index = 0; index < 20; index++) writeFileSync(join(elsewhere, `secret${index}`), 'secret');
    writeFileSync(join(elsewhere, 'sub', 'secret'), 'secret');
    for (let index = 0; index < 40; index++) put(`bait/file${index}`, 'bait');
    put('bait/sub/file', 'bait');
    const program = join(import.meta.dirname, 'programs/swap-folder.ts');
    swapping = spawn(process.execPath, [program, join(root, 'bait'), elsewhere], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (swapping.stdout !== null) await once(swapping.stdout, 'data');
    const met = new Set<string>();
    for (let run = 0; run < 300; run++) {
      const { nodes } = await capture({ roots: [root] });
      for (const { metadata, content } of nodes) {
        assert.doesNotMatch(metadata.path, /secret/);
        assert.notEqual(content?.toString(), 'secret');
        if (metadata.path === 'bait') met.add(metadata.type);
      }
    }
    assert.deepEqual(met, new Set(['dir', 'symlink']), 'both were met');
  });
});

test('a folder that is renamed while it is read is read to its end', async () => {
  for (let index = 0; index < 600; index++) put(`d/${String(index).padStart(3, '0')}`, 'text');
  const signal = new AbortController().signal;
  const options = { component: 'c', signal, avoid: [], troubles: () => assert.fail('nothing went wrong') };
  const captured = await captureFiles(filesOrigin({ roots: [root] }), options, host);
  let count = 0;
  for await (const batch of captured.nodes()) {
    if (count === 0) renameSync(join(root, 'd'), join(root, 'e'));
    count += batch.length;
  }
  await captured.close();
  rmSync(join(root, 'e'), { recursive: true });
  assert.equal(count, 602);
});
