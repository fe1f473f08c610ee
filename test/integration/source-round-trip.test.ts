/** What a source captures comes back through its other half. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { systemClock } from '../../src/base/clock.ts';
import { isHikaeError } from '../../src/base/errors.ts';
import { joinRaw, type RawPath, rawFromText } from '../../src/base/raw-path.ts';
import type { Content } from '../../src/model/capture.ts';
import type { Node } from '../../src/model/node.ts';
import type { Origin } from '../../src/model/snapshot.ts';
import type { Trouble } from '../../src/model/trouble.ts';
import { createCommandSource } from '../../src/source/command/command.ts';
import { createFilesSource } from '../../src/source/files/files.ts';
import type { Source } from '../../src/source/source.ts';
import { MemorySnapshot } from '../doubles/memory-snapshot.ts';
import { capture, filesOrigin, readContent, type SeenNode } from '../doubles/read-capture.ts';

const signal = new AbortController().signal;
const uid = process.geteuid?.() ?? -1;
const files = createFilesSource({ clock: systemClock, accounts: '/etc', uid, random: randomBytes });
const command = createCommandSource({
  clock: systemClock,
  environment: { PATH: '/usr/bin:/bin' },
  owner: { uid, gid: process.getegid?.() ?? -1, user: '', group: '' },
  planFiles: files.planRestore,
});
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hikae-round-trip-'));
});
afterEach(() => execFileSync('rm', ['-rf', folder]));

async function bytesOf(content: Content | undefined): Promise<Buffer | undefined> {
  if (content?.kind !== 'stream') return content === undefined ? undefined : readContent(content);
  const parts: Uint8Array[] = [];
  for await (const part of content.open(signal)) parts.push(part);
  return Buffer.concat(parts);
}

/** Keeps a capture as a vault would. */
async function snapshotOf(source: Source, origin: Origin, component: string): Promise<MemorySnapshot> {
  const troubles = (found: Trouble) => assert.fail(`${found.code} ${found.path} ${found.reason}`);
  const captured = await source.capture(origin, { component, signal, avoid: [], troubles });
  const nodes: Node[] = [];
  const contents = new Map<string, Buffer>();
  const groups = new Map<bigint, RawPath>();
  for await (const batch of captured.nodes()) {
    for (const node of batch) {
      const { metadata, target } = node;
      const name = rawFromText(component);
      const path = metadata.path === '' ? name : joinRaw(name, metadata.path);
      const bytes = await bytesOf(node.content);
      const hardlink = bytes !== undefined && metadata.links > 1 ? groups.get(metadata.inode) : undefined;
      groups.set(metadata.inode, hardlink ?? path);
      nodes.push({
        ...metadata,
        path,
        size: bytes?.length ?? 0,
        ...(bytes === undefined ? {} : { sha256: createHash('sha256').update(bytes).digest('hex') }),
        ...(target === undefined ? {} : { target }),
        ...(hardlink === undefined ? {} : { hardlink }),
        xattrs: node.xattrs(),
        holes: [],
      });
      if (bytes !== undefined) contents.set(path, bytes);
    }
  }
  await captured.close();
  return new MemorySnapshot(nodes, contents, origin);
}

async function restore(source: Source, origin: Origin, component: string): Promise<string> {
  const reader = await snapshotOf(source, origin, component);
  const to = { kind: 'folder', path: join(folder, 'to') } as const;
  const plan = await source.planRestore({ reader, component, origin, to, delete: false }, { signal });
  await plan.execute({
    signal,
    emit: () => undefined,
    troubles: ({ code, path, reason }) => {
      // A user who isn't root can't give files away.
      if (code !== 'owner-unset') assert.fail(`${code} ${path} ${reason}`);
    },
  });
  return join(folder, 'to', component);
}

function facts({ metadata, target, xattrs, content }: SeenNode) {
  const { path, type, mode, uid: owner, gid, mtime, links, rdev } = metadata;
  return { path, type, mode, owner, gid, mtime, links, rdev, target, xattrs, content };
}

function makeTree(): string {
  const root = join(folder, 'source');
  mkdirSync(join(root, 'empty'), { recursive: true });
  mkdirSync(join(root, 'full'), { mode: 0o2750 });
  writeFileSync(join(root, 'full/file'), 'content', { mode: 0o640 });
  linkSync(join(root, 'full/file'), join(root, 'full/other'));
  symlinkSync('full/file', join(root, 'link'));
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0x0a, 0x22])]), 'odd');
  execFileSync('setfattr', ['-n', 'user.note', '-v', 'text', join(root, 'full/file')]);
  execFileSync('touch', ['-d', '2001-02-03 04:05:06.123456789Z', join(root, 'full')]);
  return root;
}

test('a folder', async () => {
  const root = makeTree();
  const restored = await restore(files, filesOrigin({ roots: [root] }), 'c');
  const [before, after] = [await capture({ roots: [root] }), await capture({ roots: [restored] })];
  assert.deepEqual(after.nodes.map(facts), before.nodes.map(facts));
});

test('a list of paths', async () => {
  const root = makeTree();
  writeFileSync(join(folder, 'elsewhere'), 'named');
  symlinkSync('../elsewhere', join(root, 'named'));
  const roots = [join(root, 'full'), join(root, 'named')];
  const restored = await restore(files, filesOrigin({ layout: 'list', roots }), 'c');
  const [before, after] = [
    await capture({ roots: [root] }),
    await capture({ roots: [join(restored, root)] }),
  ];
  assert.deepEqual(after.paths, ['', 'full', 'full/file', 'full/other', 'named']);
  assert.deepEqual(facts(after.at('full/other')), facts(before.at('full/other')));
  // A path that was named by the user is what it leads to, as everywhere.
  assert.equal(after.at('named').content?.toString(), 'named');
});

test('the output of a command', async () => {
  const origin: Origin = { kind: 'command', argv: ['printf', 'a%sb', '\n'], file: 'dump.sql' };
  const restored = await restore(command, origin, 'dump');
  assert.equal(readFileSync(join(restored, 'dump.sql'), 'utf8'), 'a\nb');
  assert.equal(statSync(join(restored, 'dump.sql')).mode & 0o7777, 0o600);
  await assert.rejects(restore(command, { ...origin, argv: ['false'] }, 'other'), (error) =>
    isHikaeError(error, 'COMMAND_FAILED'),
  );
});

test('a source knows its own origins only', async () => {
  const options = { component: 'c', signal, avoid: [], troubles: () => undefined };
  await assert.rejects(files.capture({ kind: 'command', argv: [], file: 'x' }, options), TypeError);
  await assert.rejects(command.capture(filesOrigin({ roots: ['/etc'] }), options), TypeError);
});
