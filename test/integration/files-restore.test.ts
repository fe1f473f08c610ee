/** Restoring files on a real file system, as root: what is there afterwards is what the snapshot has. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { Cancelled } from '../../src/base/abort.ts';
import { isHikaeError } from '../../src/base/errors.ts';
import type { Event } from '../../src/model/events.ts';
import type { Node } from '../../src/model/node.ts';
import type { Trouble } from '../../src/model/trouble.ts';
import { planFilesRestore, type RestoreHost } from '../../src/source/files/restore/restore.ts';
import type { FilesOrigin } from '../../src/source/files/selection.ts';
import type { RestoreEffect, RestorePlan, RestoreRequest } from '../../src/source/source.ts';
import { describeTree, takeSnapshot } from '../doubles/live-tree.ts';
import { fileOf, MemorySnapshot, nodeOf } from '../doubles/memory-snapshot.ts';

const scratch = mkdtempSync(join(tmpdir(), 'hikae-restore-'));
after(() => rmSync(scratch, { recursive: true }));

const asRoot = { skip: process.getuid?.() === 0 ? false : 'needs root' };

const host: RestoreHost = {
  ids: { userId: () => undefined, groupId: () => undefined },
  uid: process.getuid?.() ?? -1,
  random: (size) => randomBytes(size),
};

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(scratch, 'test-'));
});

function originOf(root: string, fields: Partial<FilesOrigin> = {}): FilesOrigin {
  const base = { include: [], exclude: [], oneFileSystem: false };
  return { kind: 'files', layout: 'folder', roots: [root], ...base, ...fields };
}

type Wanted = Partial<Omit<RestoreRequest, 'origin'>> & Pick<RestoreRequest, 'reader'>;

function plan(origin: FilesOrigin, wanted: Wanted, by = host): Promise<RestorePlan> {
  const request = { component: 'data', to: { kind: 'in-place' }, delete: false, ...wanted, origin } as const;
  return planFilesRestore(request, by, { signal: new AbortController().signal });
}

interface Told {
  readonly events: Event[];
  readonly troubles: Trouble[];
}

async function execute(planned: RestorePlan, signal = new AbortController().signal): Promise<Told> {
  const told: Told = { events: [], troubles: [] };
  await planned.execute({
    emit: (event) => told.events.push(event),
    troubles: (trouble) => told.troubles.push(trouble),
    signal,
  });
  return told;
}

async function effectsOf(planned: RestorePlan): Promise<RestoreEffect[]> {
  const effects: RestoreEffect[] = [];
  for await (const batch of planned.effects({ signal: new AbortController().signal })) effects.push(...batch);
  return effects;
}

/** What differs between two descriptions, as a plan would put it. */
function changesBetween(before: Map<string, string>, later: Map<string, string>): Map<string, string> {
  const changes = new Map<string, string>();
  for (const [path, facts] of later) {
    const was = before.get(path);
    changes.set(path, was === undefined ? 'create' : was === facts ? 'leave' : 'change');
  }
  for (const path of before.keys()) if (!later.has(path)) changes.set(path, 'remove');
  return changes;
}

function temporariesIn(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.includes('.hikae-restore-'),
  );
}

/** One of everything that Linux keeps. */
function plantEverything(root: string): void {
  mkdirSync(join(root, 'mail/cur'), { recursive: true });
  mkdirSync(join(root, 'empty'));
  mkdirSync(join(root, 'shared'));
  const odd = Buffer.concat([Buffer.from(`${root}/odd \n"quoted"\\`), Buffer.from([0xff, 0xfe])]);
  writeFileSync(odd, 'bytes');
  writeFileSync(join(root, '控え.txt'), '控え\n');
  writeFileSync(join(root, 'mail/cur/1:2,S'), 'a message\n');
  writeFileSync(join(root, 'zero'), '');
  writeFileSync(join(root, 'big'), randomBytes(3_500_000));
  writeFileSync(join(root, 'tool'), '#!/bin/sh\n');
  writeFileSync(join(root, 'ping'), 'capable');
  writeFileSync(join(root, 'acl'), 'listed');
  writeFileSync(join(root, 'sparse'), 'head');
  truncateSync(join(root, 'sparse'), 20_000_000);
  execFileSync('dd', [
    `of=${root}/sparse`,
    'if=/dev/urandom',
    'bs=4096',
    'count=1',
    'seek=2000',
    'conv=notrunc',
    'status=none',
  ]);
  linkSync(join(root, 'big'), join(root, 'mail/big too'));
  linkSync(join(root, 'big'), join(root, 'zz-big'));
  symlinkSync('nowhere/at all', join(root, 'dangling'));
  execFileSync('mkfifo', [join(root, 'fifo')]);
  execFileSync('mknod', [join(root, 'null'), 'c', '1', '3']);
  execFileSync('mknod', [join(root, 'loop'), 'b', '7', '200']);
  execFileSync('python3', [
    '-c',
    'import socket,sys;socket.socket(socket.AF_UNIX).bind(sys.argv[1])',
    `${root}/sock`,
  ]);
  chownSync(join(root, 'tool'), 1234, 2345);
  chmodSync(join(root, 'tool'), 0o6755);
  chownSync(join(root, 'fifo'), 1234, 2345);
  chmodSync(join(root, 'fifo'), 0o642);
  chmodSync(join(root, 'sock'), 0o777);
  chmodSync(join(root, 'shared'), 0o3777);
  execFileSync('chown', ['-h', '77:88', join(root, 'dangling')]);
  execFileSync('setcap', ['cap_net_raw+ep', join(root, 'ping')]);
  execFileSync('setfacl', ['-m', 'u:1234:rw,g:2345:r,m::rw', join(root, 'acl')]);
  execFileSync('setfacl', ['-d', '-m', 'u:1234:rwx', join(root, 'shared')]);
  writeFileSync(join(root, 'shared/heir'), 'inherits an ACL');
  execFileSync('setfattr', ['-n', 'user.note', '-v', 'remember', join(root, 'tool')]);
  execFileSync('setfattr', ['-n', 'trusted.mark', '-v', 'root only', join(root, 'empty')]);
  for (const name of [
    'dangling',
    'tool',
    'fifo',
    'null',
    'big',
    'mail/cur',
    'mail',
    'empty',
    'shared',
    '.',
  ]) {
    execFileSync('touch', ['-h', '-d', '2001-02-03 04:05:06.123456789', join(root, name)]);
  }
  execFileSync('touch', ['-d', '1969-12-31 23:59:58.5 UTC', join(root, 'zero')]);
}

describe('everything that Linux keeps', asRoot, () => {
  for (const way of ['located', 'streamed']) {
    test(`comes back in a new folder (${way})`, async () => {
      const source = join(folder, 'source');
      mkdirSync(source);
      plantEverything(source);
      const snapshot = takeSnapshot(source, 'data', originOf(source));
      if (way === 'located') snapshot.layOut();
      const to = { kind: 'folder', path: join(folder, 'to/be made') } as const;
      const planned = await plan(originOf(source), { reader: snapshot, to });
      const described = describeTree(source);
      assert.deepEqual(
        { ...planned.counts, bytes: 0 },
        {
          create: described.size,
          change: 0,
          leave: 0,
          remove: 0,
          bytes: 0,
        },
      );
      assert.equal(existsSync(to.path), false, 'planning makes nothing');
      const told = await execute(planned);
      assert.deepEqual(told.troubles, []);
      const restored = join(to.path, 'data');
      assert.deepEqual(describeTree(restored), described);
      assert.ok(statSync(join(restored, 'sparse')).blocks * 512 < 1_000_000, 'holes are holes again');
      assert.notEqual(statSync(join(restored, 'big')).ino, statSync(join(source, 'big')).ino);
      assert.equal(snapshot.places, 0, 'places in the vault are released');
      const again = await plan(originOf(source), { reader: snapshot, to });
      assert.equal(again.counts.leave, described.size);
      const ctimes = () => execFileSync('find', [restored, '-printf', '%p %C@\\n'], { encoding: 'utf8' });
      const before = ctimes();
      await execute(again);
      assert.equal(ctimes(), before, 'what is the same is not touched');
      await snapshot.close();
    });
  }

  test('reports exact work and all of it', async () => {
    const source = join(folder, 'source');
    mkdirSync(source);
    plantEverything(source);
    for (let n = 0; n < 300; n++) writeFileSync(join(source, 'empty', `${n}`), randomBytes(n));
    const snapshot = takeSnapshot(source, 'data', originOf(source)).layOut();
    const planned = await plan(originOf(source), {
      reader: snapshot,
      to: { kind: 'folder', path: join(folder, 'to') },
    });
    const { events } = await execute(planned);
    const expected = events.find((event) => event.type === 'work.expected');
    const done = events.filter((event) => event.type === 'work.done');
    assert.equal(expected?.exact, true);
    assert.equal(
      done.reduce((sum, { files }) => sum + files, 0),
      expected?.files,
    );
    assert.equal(
      done.reduce((sum, { bytes }) => sum + bytes, 0),
      expected?.bytes,
    );
    assert.deepEqual(describeTree(join(folder, 'to/data')), describeTree(source));
    await snapshot.close();
  });
});

describe('in place', asRoot, () => {
  test('the effect is what the plan says, for all four actions', async () => {
    const root = join(folder, 'live');
    mkdirSync(root);
    plantEverything(root);
    mkdirSync(join(root, 'becomes-file/deep/er'), { recursive: true });
    for (const name of [
      'becomes-folder',
      'becomes-link',
      'renamed',
      'deleted',
      'encrypted',
      'longer',
      'moded',
    ]) {
      writeFileSync(join(root, name), `content of ${name}\n`);
    }
    rmSync(join(root, 'becomes-file'), { recursive: true });
    writeFileSync(join(root, 'becomes-file'), 'a file');
    unlinkSync(join(root, 'becomes-folder'));
    mkdirSync(join(root, 'becomes-folder'));
    writeFileSync(join(root, 'becomes-folder/inside'), 'inside');
    const snapshot = takeSnapshot(root, 'data', originOf(root)).layOut();
    const wanted = describeTree(root);

    unlinkSync(join(root, 'becomes-file'));
    mkdirSync(join(root, 'becomes-file/deep/er'), { recursive: true });
    writeFileSync(join(root, 'becomes-file/deep/er/file'), 'in the way');
    rmSync(join(root, 'becomes-folder'), { recursive: true });
    writeFileSync(join(root, 'becomes-folder'), 'a file now');
    unlinkSync(join(root, 'becomes-link'));
    symlinkSync('/etc/passwd', join(root, 'becomes-link'));
    renameSync(join(root, 'renamed'), join(root, 'renamed.locked'));
    unlinkSync(join(root, 'deleted'));
    // Same size, same time: only its content gives it away.
    const { atime, mtime } = statSync(join(root, 'encrypted'));
    const times = lstatSync(join(root, 'encrypted'), { bigint: true });
    writeFileSync(join(root, 'encrypted'), 'CONTENT OF encrypted\n');
    utimesSync(join(root, 'encrypted'), atime, mtime);
    execFileSync('touch', [
      '-d',
      `@${times.mtimeNs / 1_000_000_000n}.${String(times.mtimeNs % 1_000_000_000n).padStart(9, '0')}`,
      join(root, 'encrypted'),
    ]);
    writeFileSync(join(root, 'longer'), 'much longer than it was\n');
    chmodSync(join(root, 'moded'), 0o777);
    chownSync(join(root, 'tool'), 0, 0);
    execFileSync('setfattr', ['-n', 'user.evil', '-v', 'x', join(root, 'zero')]);
    unlinkSync(join(root, 'zz-big'));
    writeFileSync(join(root, 'zz-big'), readFileSync(join(root, 'big')));
    mkdirSync(join(root, 'extra/deep'), { recursive: true });
    writeFileSync(join(root, 'extra/deep/file'), 'surplus');
    writeFileSync(join(root, 'mail/.hikae-restore-0123456789ab'), 'left behind');
    const before = describeTree(root);

    const planned = await plan(originOf(root), { reader: snapshot, delete: true });
    assert.deepEqual(describeTree(root), before, 'planning changes nothing');
    const effects = await effectsOf(planned);
    const { troubles } = await execute(planned);
    assert.deepEqual(troubles, []);
    const later = describeTree(root);
    assert.deepEqual(later, wanted);

    const actual = changesBetween(before, later);
    const said = new Map<string, string>();
    for (const { action, path } of effects) {
      const relative = path === root ? '' : path.slice(root.length + 1);
      assert.equal(said.has(relative), false, `${relative} is said once`);
      said.set(relative, action);
    }
    // A folder's own time moves with what is done in it; the description shows that as a change of the folder too.
    const plain = (map: Map<string, string>) =>
      [...map].filter(([path]) => !/[^ -~]|["\\]/.test(path)).sort();
    assert.deepEqual(plain(said), plain(actual));
    const reasons = (name: string) => effects.find(({ path }) => path === join(root, name))?.reasons;
    assert.deepEqual(reasons('encrypted'), ['content']);
    assert.deepEqual(reasons('moded'), ['mode']);
    assert.deepEqual(reasons('becomes-file'), ['type']);
    assert.deepEqual(reasons('zero'), ['xattrs']);
    assert.deepEqual(reasons('zz-big')?.includes('hardlink'), true);
    const removed = effects.filter(({ action }) => action === 'remove').map(({ path }) => path);
    assert.equal(removed.length, planned.counts.remove);
    assert.ok(removed.indexOf(join(root, 'extra/deep/file')) < removed.indexOf(join(root, 'extra')));
    await assert.rejects(execute(planned), /executed once/);
    await snapshot.close();
  });

  test('without delete, what the snapshot has not stays, but for our own temporary names', async () => {
    const root = join(folder, 'live');
    mkdirSync(join(root, 'sub'), { recursive: true });
    writeFileSync(join(root, 'sub/kept'), 'old');
    const snapshot = takeSnapshot(root, 'data', originOf(root));
    writeFileSync(join(root, 'sub/new'), 'new');
    writeFileSync(join(root, 'sub/.hikae-restore-0123456789ab'), 'left behind');
    writeFileSync(join(root, 'sub/.hikae-restore-of-mine'), 'another name');
    await execute(await plan(originOf(root), { reader: snapshot }));
    assert.deepEqual(readdirSync(join(root, 'sub')).sort(), ['.hikae-restore-of-mine', 'kept', 'new']);
  });

  test('an unchanged file is told by inode and ctime, and is not read', async () => {
    const root = join(folder, 'live');
    mkdirSync(root);
    writeFileSync(join(root, 'file'), 'content');
    const stat = lstatSync(join(root, 'file'), { bigint: true });
    const snapshot = (ctime: bigint) =>
      new MemorySnapshot(
        [
          nodeOf('data', { type: 'dir' }),
          fileOf('data/file', Buffer.from('another'), { mtime: stat.mtimeNs, inode: stat.ino, ctime }),
        ],
        new Map(),
        originOf(root),
      );
    assert.equal((await plan(originOf(root), { reader: snapshot(stat.ctimeNs) })).counts.leave, 1);
    const touched = await plan(originOf(root), { reader: snapshot(stat.ctimeNs - 1n) });
    assert.deepEqual((await effectsOf(touched))[1]?.reasons, ['content']);
  });

  test('a file with other names elsewhere is never written through', async () => {
    const root = join(folder, 'live');
    mkdirSync(root);
    for (const name of ['content', 'mode']) writeFileSync(join(root, name), `right ${name}`, { mode: 0o600 });
    const snapshot = takeSnapshot(root, 'data', originOf(root));
    const wanted = describeTree(root);
    for (const name of ['content', 'mode']) linkSync(join(root, name), join(folder, `outside-${name}`));
    writeFileSync(join(root, 'content'), 'wrong');
    chmodSync(join(root, 'mode'), 0o666);
    await execute(await plan(originOf(root), { reader: snapshot }));
    assert.deepEqual(describeTree(root), wanted);
    assert.equal(readFileSync(join(folder, 'outside-content'), 'utf8'), 'wrong');
    assert.equal(statSync(join(folder, 'outside-mode')).mode & 0o777, 0o666);
  });

  test('files that were joined since are separated, and groups that were mixed are sorted out', async () => {
    const root = join(folder, 'live');
    mkdirSync(root);
    const names = ['a1', 'a2', 'b1', 'b2', 'c'];
    for (const name of ['a1', 'b1', 'c']) writeFileSync(join(root, name), 'same');
    linkSync(join(root, 'a1'), join(root, 'a2'));
    linkSync(join(root, 'b1'), join(root, 'b2'));
    for (const name of names) execFileSync('touch', ['-d', '2001-02-03', join(root, name)]);
    const snapshot = takeSnapshot(root, 'data', originOf(root)).layOut();
    const wanted = describeTree(root);
    for (const name of names.slice(1)) {
      unlinkSync(join(root, name));
      linkSync(join(root, 'a1'), join(root, name));
    }
    await execute(await plan(originOf(root), { reader: snapshot }));
    assert.deepEqual(describeTree(root), wanted);
    unlinkSync(join(root, 'a2'));
    unlinkSync(join(root, 'b2'));
    linkSync(join(root, 'a1'), join(root, 'b2'));
    linkSync(join(root, 'b1'), join(root, 'a2'));
    await execute(await plan(originOf(root), { reader: snapshot }));
    assert.deepEqual(describeTree(root), wanted);
    await snapshot.close();
  });

  test('a root behind a link of the administrator stays behind it', async () => {
    const real = join(folder, 'disk/real');
    mkdirSync(real, { recursive: true });
    writeFileSync(join(real, 'file'), 'content');
    symlinkSync('disk/real', join(folder, 'root'));
    const origin = originOf(join(folder, 'root'));
    const snapshot = takeSnapshot(real, 'data', origin);
    const wanted = describeTree(real);
    rmSync(real, { recursive: true });
    await execute(await plan(origin, { reader: snapshot }));
    assert.ok(lstatSync(join(folder, 'root')).isSymbolicLink());
    assert.deepEqual(describeTree(real), wanted);
    execFileSync('chown', ['-h', '1234', join(folder, 'root')]);
    await assert.rejects(plan(origin, { reader: snapshot }), (error) =>
      isHikaeError(error, 'RESTORE_UNTRUSTED_LINK'),
    );
  });

  test('of a list, only what lies in a root is touched', async () => {
    const base = join(folder, 'srv');
    mkdirSync(join(base, 'app/conf'), { recursive: true });
    mkdirSync(join(base, 'gone/deep'), { recursive: true });
    writeFileSync(join(base, 'app/.env'), 'KEY=1');
    writeFileSync(join(base, 'app/conf/a'), 'a');
    writeFileSync(join(base, 'gone/deep/file'), 'f');
    chmodSync(join(base, 'gone'), 0o751);
    const roots = [join(base, 'app/.env'), join(base, 'app/conf'), join(base, 'gone/deep/file')];
    const origin = originOf('', { layout: 'list', roots });
    const nodes: Node[] = [];
    const contents = new Map<string, Buffer>();
    const names = base.slice(1).split('/');
    const above = names.map((_, at) => `data/${names.slice(0, at + 1).join('/')}`);
    for (const path of ['data', ...above]) nodes.push(nodeOf(path, { type: 'dir', mode: 0o700, uid: 4242 }));
    const inside = above.at(-1) ?? '';
    const file = (path: string, content: string) => {
      contents.set(`${inside}/${path}`, Buffer.from(content));
      nodes.push(fileOf(`${inside}/${path}`, Buffer.from(content)));
    };
    nodes.push(nodeOf(`${inside}/app`, { type: 'dir', uid: 4242 }));
    file('app/.env', 'KEY=1');
    nodes.push(nodeOf(`${inside}/app/conf`, { type: 'dir' }));
    file('app/conf/a', 'a');
    nodes.push(nodeOf(`${inside}/gone`, { type: 'dir', mode: 0o751, uid: 4242 }));
    nodes.push(nodeOf(`${inside}/gone/deep`, { type: 'dir' }));
    file('gone/deep/file', 'f');
    const snapshot = new MemorySnapshot(nodes, contents, origin);

    rmSync(join(base, 'gone'), { recursive: true });
    writeFileSync(join(base, 'app/.env'), 'KEY=evil');
    writeFileSync(join(base, 'app/beside'), 'not ours');
    writeFileSync(join(base, 'app/.hikae-restore-0123456789ab'), 'left behind');
    writeFileSync(join(base, 'app/conf/surplus'), 'goes');
    const planned = await plan(origin, { reader: snapshot, delete: true });
    const removed = (await effectsOf(planned))
      .filter(({ action }) => action === 'remove')
      .map(({ path }) => path);
    assert.deepEqual(removed.sort(), [
      join(base, 'app/.hikae-restore-0123456789ab'),
      join(base, 'app/conf/surplus'),
    ]);
    const { troubles } = await execute(planned);
    assert.deepEqual(troubles, []);
    assert.equal(readFileSync(join(base, 'app/.env'), 'utf8'), 'KEY=1');
    assert.deepEqual(readdirSync(join(base, 'app')).sort(), ['.env', 'beside', 'conf']);
    assert.equal(statSync(join(base, 'app')).uid, 0, 'a folder above a root is left as it is');
    assert.equal(statSync(join(base, 'gone')).uid, 4242, 'one that was missing is made as it was');
    assert.equal(statSync(join(base, 'gone')).mode & 0o777, 0o751);
    assert.equal(statSync(base).uid, 0);

    const outside = new MemorySnapshot(
      [...nodes.slice(0, -1), fileOf(`${inside}/gone/deep/other`, Buffer.from('x'))],
      contents,
      origin,
    );
    await assert.rejects(plan(origin, { reader: outside }), (error) =>
      isHikaeError(error, 'RESTORE_UNSAFE_PATH'),
    );
  });
});

function programs(name: string): string {
  return new URL(`./programs/${name}.ts`, import.meta.url).pathname;
}

/** Starts one of the programs beside this test and waits for the first line that it prints. */
async function start(program: string, ...args: string[]) {
  const child = spawn(process.execPath, [programs(program), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // What a killed program leaves behind goes with the test's own folder.
    env: { ...process.env, TMPDIR: folder },
  });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  const end = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return { end };
}

describe('a neighbour who swaps a folder with a link', asRoot, () => {
  for (const remove of [false, true]) {
    test(`changes nothing outside (${remove ? 'with' : 'without'} delete)`, async () => {
      const root = join(folder, 'live');
      const names = Array.from({ length: 40 }, (_, n) => `file${n}`);
      const fill = (place: string, content: string) => {
        mkdirSync(join(place, 'inner'), { recursive: true });
        for (const name of names) writeFileSync(join(place, 'inner', name), content, { mode: 0o640 });
      };
      fill(join(root, 'swapped'), 'right');
      fill(join(folder, 'canary'), 'canary');
      writeFileSync(join(folder, 'canary/inner/surplus'), 'must stay');
      const origin = originOf(root, { exclude: ['*.away'] });
      const snapshot = takeSnapshot(root, 'data', origin).layOut();
      const outside = () =>
        execFileSync('find', [join(folder, 'canary'), '-printf', '%p %m %U %i %s %C@\\n'], {
          encoding: 'utf8',
        });
      const before = outside();
      const neighbour = await start('swap-stubbornly', join(root, 'swapped'), join(folder, 'canary'));
      let restored = 0;
      try {
        for (let round = 0; round < 25; round++) {
          for (const name of names.filter((_, n) => n % 4 === round % 4)) {
            const path = join(root, 'swapped.away/inner', name);
            try {
              // Not through the link: only the folder's own name is ever one.
              if (round % 2 === 0) chmodSync(path, 0o666);
              else unlinkSync(path);
            } catch {
              // The folder is in its place just now.
            }
          }
          const planned = await plan(origin, { reader: snapshot, delete: remove });
          const told = await execute(planned);
          restored += told.events.length;
        }
      } finally {
        await neighbour.end();
      }
      assert.ok(restored > 0);
      assert.equal(outside(), before);
      rmSync(join(root, 'swapped.away'), { recursive: true, force: true });
      await execute(await plan(origin, { reader: snapshot, delete: remove }));
      for (const name of names)
        assert.equal(readFileSync(join(root, 'swapped/inner', name), 'utf8'), 'right');
      await snapshot.close();
    });
  }
});

describe('a restore that is killed', asRoot, () => {
  test('does only what is missing when it is run again, and leaves no temporary name', async () => {
    const source = join(folder, 'source');
    for (let n = 0; n < 800; n++) {
      mkdirSync(join(source, `folder${n % 10}`), { recursive: true });
      writeFileSync(join(source, `folder${n % 10}`, `file${n}`), randomBytes(20_000));
    }
    writeFileSync(join(source, 'large'), randomBytes(30_000_000));
    const wanted = describeTree(source);
    const count = (place: string) => (existsSync(place) ? readdirSync(place, { recursive: true }).length : 0);
    const moments: number[] = [];
    let leftBehind = 0;
    for (const share of [0.02, 0.3, 0.6, 0.97]) {
      const to = join(folder, `to-${share}`);
      const restore = await start('restore-tree', source, to);
      const deadline = Date.now() + 20_000;
      while (count(join(to, 'data')) < wanted.size * share && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      await restore.end();
      moments.push(count(join(to, 'data')));
      leftBehind += temporariesIn(to).length;
      const snapshot = takeSnapshot(source, 'data', originOf(source)).layOut();
      const planned = await plan(originOf(source), { reader: snapshot, to: { kind: 'folder', path: to } });
      const sound = [...describeTree(join(to, 'data'))].filter(([path, facts]) => wanted.get(path) === facts);
      assert.equal(planned.counts.leave, sound.length, 'what is there is left');
      await execute(planned);
      assert.deepEqual(describeTree(join(to, 'data')), wanted);
      assert.deepEqual(temporariesIn(to), []);
      await snapshot.close();
      rmSync(to, { recursive: true });
    }
    assert.ok(
      moments.some((files) => files > 1 && files < wanted.size),
      `killed after ${moments} of ${wanted.size}`,
    );
    assert.ok(leftBehind > 0, 'at least one was killed while it wrote');
  });
});

describe('without root', asRoot, () => {
  test('contents, modes and times come back; owners stay, and nobody lends his rights', async () => {
    const source = join(folder, 'source');
    mkdirSync(join(source, 'sub'), { recursive: true });
    writeFileSync(join(source, 'plain'), 'plain', { mode: 0o640 });
    writeFileSync(join(source, 'sub/setuid'), '#!/bin/sh');
    chmodSync(join(source, 'sub/setuid'), 0o6755);
    execFileSync('mknod', [join(source, 'null'), 'c', '1', '3']);
    execFileSync('mkfifo', [join(source, 'pipe')]);
    execFileSync('setfattr', ['-n', 'user.note', '-v', 'x', join(source, 'plain')]);
    execFileSync('touch', ['-d', '2001-02-03', join(source, 'plain')]);
    chmodSync(scratch, 0o711);
    chmodSync(folder, 0o777);
    const to = join(folder, 'to');
    for (const expected of ['create', 'leave'] as const) {
      const said =
        execFileSync(process.execPath, [programs('restore-tree'), source, to, '65534'], {
          encoding: 'utf8',
        }).split('\n')[1] ?? '';
      const { counts, troubles } = JSON.parse(said) as { counts: Record<string, number>; troubles: string[] };
      assert.equal(counts[expected], expected === 'create' ? 6 : 5);
      const denied = `problem unwritable ${join(to, 'data/null')}`;
      assert.deepEqual(troubles.sort(), [`note owner-unset ${join(to, 'data')}`, denied]);
    }
    const plain = statSync(join(to, 'data/plain'));
    assert.deepEqual([plain.uid, plain.mode & 0o7777, plain.mtime.getFullYear()], [65534, 0o640, 2001]);
    assert.equal(statSync(join(to, 'data/sub/setuid')).mode & 0o7777, 0o755);
    assert.ok(lstatSync(join(to, 'data/pipe')).isFIFO());
  });
});

describe('delete', asRoot, () => {
  test('keeps what captures leave out, other file systems, what is to be avoided, and a mail server’s own', async () => {
    const root = join(folder, 'live');
    for (const name of ['mail/cur', 'mail/new', 'mail/tmp', 'sub'])
      mkdirSync(join(root, name), { recursive: true });
    const origin = originOf(root, { exclude: ['cache/', '*.bak'], oneFileSystem: true });
    const snapshot = takeSnapshot(root, 'data', origin);
    const kept = [
      'mail/tmp/in-delivery',
      'mail/x.lock',
      'sub/cache/file',
      'sub/a.bak',
      'gone/a.bak',
      'state/ledger',
      'mounted/file',
    ];
    const removed = ['mail/dovecot.index', 'mail/cur/spam', 'gone/file', 'gone/deep/file', 'file'];
    mkdirSync(join(root, 'mounted'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', join(root, 'mounted')]);
    try {
      for (const name of [...kept, ...removed]) {
        mkdirSync(join(root, name, '..'), { recursive: true });
        writeFileSync(join(root, name), 'x');
      }
      const planned = await plan(origin, {
        reader: snapshot,
        delete: true,
        avoid: [join(root, 'state'), '/nowhere'],
      });
      const { troubles } = await execute(planned);
      assert.deepEqual(troubles, []);
      for (const name of kept) assert.ok(existsSync(join(root, name)), `${name} stays`);
      for (const name of [...removed, 'gone/deep']) assert.ok(!existsSync(join(root, name)), `${name} goes`);
    } finally {
      execFileSync('umount', [join(root, 'mounted')]);
    }
  });

  test('a folder that holds what must stay is not replaced by a file', async () => {
    const root = join(folder, 'live');
    mkdirSync(root);
    writeFileSync(join(root, 'thing'), 'a file');
    const origin = originOf(root, { exclude: ['*.bak'] });
    const snapshot = takeSnapshot(root, 'data', origin);
    unlinkSync(join(root, 'thing'));
    mkdirSync(join(root, 'thing'));
    for (const name of ['x.bak', 'other']) writeFileSync(join(root, 'thing', name), 'x');
    const { troubles } = await execute(await plan(origin, { reader: snapshot, delete: true }));
    assert.deepEqual(
      troubles.map(({ code, path }) => [code, path]),
      [['unwritable', join(root, 'thing')]],
    );
    assert.deepEqual(readdirSync(join(root, 'thing')).sort(), ['other', 'x.bak']);
  });
});

describe('owners', asRoot, () => {
  test('go by name where this host knows it, else by number', async () => {
    const nodes = [
      nodeOf('data', { type: 'dir' }),
      fileOf('data/known', Buffer.alloc(0), { uid: 100, gid: 100, user: 'vmail', group: 'vmail' }),
      fileOf('data/unknown', Buffer.alloc(0), { uid: 101, gid: 102, user: 'nobody-knows', group: '' }),
    ];
    const ids = {
      userId: (name: string) => (name === 'vmail' ? 5000 : undefined),
      groupId: (name: string) => (name === 'vmail' ? 5001 : undefined),
    };
    const origin = originOf(join(folder, 'data'));
    const wanted = { reader: new MemorySnapshot(nodes, new Map(), origin) };
    await execute(await plan(origin, wanted, { ...host, ids }));
    const owner = (name: string) => [
      statSync(join(folder, 'data', name)).uid,
      statSync(join(folder, 'data', name)).gid,
    ];
    assert.deepEqual(owner('known'), [5000, 5001]);
    assert.deepEqual(owner('unknown'), [101, 102]);
    assert.equal((await plan(origin, wanted, { ...host, ids })).counts.leave, 3);
  });
});

describe('a snapshot that is damaged or forged', () => {
  test('a content that is not what was stored leaves the old file, and no temporary one', async () => {
    for (const way of ['located', 'streamed']) {
      const root = join(folder, way);
      mkdirSync(root);
      const big = randomBytes(2_500_000);
      writeFileSync(join(root, 'small'), 'right small');
      writeFileSync(join(root, 'big'), big);
      writeFileSync(join(root, 'sound'), 'sound');
      const snapshot = takeSnapshot(root, 'data', originOf(root));
      if (way === 'located') snapshot.layOut();
      snapshot.damage('data/small', Buffer.from('wrong small'));
      const wrongBig = Buffer.from(big);
      wrongBig[2_400_000] = ~(big[2_400_000] ?? 0);
      snapshot.damage('data/big', wrongBig);
      for (const name of ['small', 'big', 'sound']) writeFileSync(join(root, name), `live ${name}`);
      const { troubles } = await execute(await plan(originOf(root), { reader: snapshot }));
      assert.deepEqual(troubles.map(({ code, path }) => [code, path]).sort(), [
        ['stored-damaged', join(root, 'big')],
        ['stored-damaged', join(root, 'small')],
      ]);
      assert.match(troubles[0]?.reason ?? '', /its SHA-256 is/);
      assert.equal(readFileSync(join(root, 'small'), 'utf8'), 'live small');
      assert.equal(readFileSync(join(root, 'big'), 'utf8'), 'live big');
      assert.equal(readFileSync(join(root, 'sound'), 'utf8'), 'sound');
      assert.deepEqual(temporariesIn(root), []);
      await snapshot.close();
    }
  });

  const dir = nodeOf('data', { type: 'dir' });
  const content = Buffer.from('x');
  const deep = Array.from({ length: 4_100 }, (_, level) =>
    nodeOf(`data${'/d'.repeat(level)}`, { type: 'dir' }),
  );
  const hostile: Record<string, readonly Node[]> = {
    'a parent folder': [dir, fileOf('data/..', content)],
    'a way out': [dir, nodeOf('data/..', { type: 'dir' }), fileOf('data/../out', content)],
    'the folder itself': [dir, fileOf('data/.', content)],
    'an empty name': [dir, fileOf('data/', content)],
    'a doubled slash': [dir, nodeOf('data/a', { type: 'dir' }), fileOf('data/a//b', content)],
    'an absolute path': [dir, fileOf('/etc/passwd', content)],
    'a NUL': [dir, fileOf('data/a\0b', content)],
    'no parent': [dir, fileOf('data/a/b', content)],
    'a file as parent': [dir, fileOf('data/a', content), fileOf('data/a/b', content)],
    'a link as parent': [
      dir,
      nodeOf('data/a', { type: 'symlink', target: '/etc' as Node['path'] }),
      fileOf('data/a/b', content),
    ],
    'another component': [dir, fileOf('other', content)],
    'no folder at all': [fileOf('data', content)],
    'a name twice': [dir, fileOf('data/a', content), fileOf('data/a', content)],
    'names out of order': [dir, fileOf('data/b', content), fileOf('data/a', content)],
    'an absurd depth': deep,
    'an absurd size': [dir, fileOf('data/a', content, { size: 2 ** 53 })],
    'a negative size': [dir, fileOf('data/a', content, { size: -1 })],
    'an unknown type': [dir, nodeOf('data/a', { type: 'door' as Node['type'] })],
    'an absurd mode': [dir, fileOf('data/a', content, { mode: 0o107777 })],
    'an owner that means none': [dir, fileOf('data/a', content, { uid: 2 ** 32 - 1 })],
    'no hash': [dir, nodeOf('data/a')],
    'a link to nothing': [dir, nodeOf('data/a', { type: 'symlink' })],
  };
  for (const [what, nodes] of Object.entries(hostile)) {
    test(`${what} is refused, and nothing is written`, async () => {
      const origin = originOf(join(folder, 'data'));
      for (const to of [{ kind: 'folder', path: folder }, { kind: 'in-place' }] as const) {
        const reader = new MemorySnapshot(nodes, new Map(), origin);
        await assert.rejects(plan(origin, { reader, to, delete: true }), (error) =>
          isHikaeError(error, 'RESTORE_UNSAFE_PATH'),
        );
      }
      assert.deepEqual(readdirSync(folder), []);
    });
  }

  test('holes beyond the file, hard links to nowhere and origins with dots do no harm', async () => {
    const bytes = randomBytes(10_000);
    const holes = [
      { offset: 9_000, length: 2 ** 40 },
      { offset: -5, length: 10 },
      { offset: 0, length: -1 },
    ];
    const nodes = [
      dir,
      fileOf('data/holes', bytes, { holes }),
      fileOf('data/link', bytes, { links: 2, hardlink: '../../etc/passwd' as Node['path'] }),
    ];
    const contents = new Map([
      ['data/holes', bytes],
      ['../../etc/passwd', bytes],
    ]);
    const origin = originOf(join(folder, 'data'));
    const reader = new MemorySnapshot(nodes, contents, origin);
    const { troubles } = await execute(await plan(origin, { reader }));
    assert.deepEqual(troubles, []);
    for (const name of ['holes', 'link']) assert.deepEqual(readFileSync(join(folder, 'data', name)), bytes);
    assert.equal(statSync(join(folder, 'data/link')).nlink, 1);
    for (const root of ['/tmp/../etc', 'etc', '']) {
      await assert.rejects(plan(originOf(root), { reader }), (error) =>
        isHikaeError(error, 'RESTORE_UNSAFE_PATH'),
      );
    }
  });
});

describe('room', asRoot, () => {
  function mounted(options: string): string {
    const place = join(folder, 'disk');
    mkdirSync(place);
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'none', place]);
    return place;
  }

  test('too little is seen before the start', async () => {
    const place = mounted('size=1m');
    try {
      const content = randomBytes(3_000_000);
      const origin = originOf('/nowhere');
      const nodes = [nodeOf('data', { type: 'dir' }), fileOf('data/file', content)];
      const reader = new MemorySnapshot(nodes, new Map([['data/file', content]]), origin);
      const planned = await plan(origin, { reader, to: { kind: 'folder', path: join(place, 'to') } });
      await assert.rejects(execute(planned), (error) => {
        return isHikaeError(error, 'RESTORE_NO_ROOM') && error.details.needed === 3_000_000;
      });
      assert.deepEqual(readdirSync(place), []);
    } finally {
      execFileSync('umount', [place]);
    }
  });

  test('a full inode table ends the restore, and no temporary name is left', async () => {
    const place = mounted('size=8m,nr_inodes=40');
    try {
      const origin = originOf('/nowhere');
      const nodes = [nodeOf('data', { type: 'dir' })];
      for (let n = 100; n < 300; n++) nodes.push(fileOf(`data/${n}`, Buffer.from('x')));
      const contents = new Map(nodes.map(({ path }) => [path as string, Buffer.from('x')]));
      const reader = new MemorySnapshot(nodes, contents, origin).layOut();
      const planned = await plan(origin, { reader, to: { kind: 'folder', path: place } });
      await assert.rejects(execute(planned), (error) => isHikaeError(error, 'RESTORE_NO_SPACE'));
      assert.deepEqual(temporariesIn(place), []);
      assert.equal(reader.places, 0);
      await reader.close();
    } finally {
      execFileSync('umount', [place]);
    }
  });

  test('a read-only file system is named as such', async () => {
    const place = mounted('size=1m');
    try {
      execFileSync('mount', ['-o', 'remount,ro', place]);
      const origin = originOf('/nowhere');
      const reader = new MemorySnapshot([nodeOf('data', { type: 'dir' })], new Map(), origin);
      const planned = await plan(origin, { reader, to: { kind: 'folder', path: place } });
      await assert.rejects(execute(planned), (error) => isHikaeError(error, 'RESTORE_READ_ONLY'));
    } finally {
      execFileSync('umount', [place]);
    }
  });
});

describe('cancelling', () => {
  test('after it nothing is changed, and no temporary name is left', async () => {
    const origin = originOf(join(folder, 'data'));
    const nodes = [nodeOf('data', { type: 'dir' })];
    const contents = new Map<string, Buffer>();
    for (let n = 1000; n < 2000; n++) {
      const content = randomBytes(40_000);
      contents.set(`data/${n}`, content);
      nodes.push(fileOf(`data/${n}`, content, { uid: host.uid }));
    }
    const reader = new MemorySnapshot(nodes, contents, origin).layOut();
    const planned = await plan(origin, { reader });
    const controller = new AbortController();
    let files = 0;
    const cancelled = planned.execute({
      emit: (event) => {
        if (event.type !== 'work.done') return;
        files += event.bytes / 40_000;
        if (files > 200) controller.abort(new Cancelled());
      },
      troubles: () => assert.fail('a cancelled restore has no troubles'),
      signal: controller.signal,
    });
    await assert.rejects(cancelled, Cancelled);
    const there = readdirSync(join(folder, 'data')).length;
    assert.ok(there > 100 && there < 1000, `${there} files`);
    assert.deepEqual(temporariesIn(folder), []);
    assert.equal(reader.places, 0);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(readdirSync(join(folder, 'data')).length, there);
    const again = await plan(origin, { reader });
    assert.equal(again.counts.leave, there);
    await execute(again);
    assert.equal((await plan(origin, { reader })).counts.leave, 1001);
    await reader.close();
  });
});
