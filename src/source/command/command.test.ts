import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHikaeError } from '../../base/errors.ts';
import type { CapturedNode } from '../../model/capture.ts';
import type { Origin } from '../../model/snapshot.ts';
import type { SnapshotReader } from '../../model/snapshot-reader.ts';
import type { RestorePlan, RestoreRequest } from '../source.ts';
import { type CommandHost, createCommandSource } from './command.ts';

const signal = new AbortController().signal;
const NOW = Date.parse('2026-11-22T02:00:00.123Z');

function hostWith(planFiles: CommandHost['planFiles'] = async () => assert.fail('nothing is restored')) {
  return createCommandSource({
    clock: { now: () => NOW, elapsed: () => 0 },
    environment: { PATH: '/usr/bin:/bin', LANG: 'C' },
    owner: { uid: 7, gid: 8, user: 'me', group: 'us' },
    planFiles,
  });
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

async function nodesOf(origin: Origin): Promise<CapturedNode[]> {
  const options = { component: 'c', signal, avoid: [], troubles: () => undefined };
  const captured = await hostWith().capture(origin, options);
  const nodes = (await all(captured.nodes())).flat();
  await captured.close();
  return nodes;
}

async function outputOf(...argv: string[]): Promise<string> {
  const [, file] = await nodesOf({ kind: 'command', argv, file: 'out' });
  if (file?.content?.kind !== 'stream') return assert.fail('the output is a stream');
  return Buffer.concat(await all(file.content.open(signal))).toString();
}

test('a folder with one file, that belongs to who runs', async () => {
  const nodes = await nodesOf({ kind: 'command', argv: ['true'], file: '一覧.txt' });
  const [root, file] = nodes.map(({ metadata }) => metadata);
  assert.equal(nodes.length, 2);
  assert.deepEqual([root?.path, root?.type, root?.mode], ['', 'dir', 0o755]);
  assert.deepEqual([file?.type, file?.mode, file?.uid, file?.gid], ['file', 0o600, 7, 8]);
  assert.equal(Buffer.from(file?.path ?? '', 'latin1').toString(), '一覧.txt');
  assert.equal(file?.mtime, BigInt(NOW) * 1_000_000n);
});

test('its content is what the command prints, with the environment that was given', async () => {
  assert.equal(await outputOf('sh', '-c', 'printf "%s " "$LANG" "$HOME" "$1"', 'sh', '$(id)'), 'C  $(id) ');
});

test('a command that fails, is ended or does not exist fails the content', async () => {
  const fails = (code: string, ...argv: string[]) =>
    assert.rejects(outputOf(...argv), (error) => isHikaeError(error, code));
  await fails('COMMAND_FAILED', 'sh', '-c', 'echo some; exit 3');
  await fails('COMMAND_FAILED', 'sh', '-c', 'echo some; kill -9 $$');
  await fails('COMMAND_NOT_STARTED', '/nonexistent/command');
});

test('the file has a plain name', async () => {
  for (const file of ['', '.', '..', 'a/b', '/a', 'a\0b']) {
    await assert.rejects(nodesOf({ kind: 'command', argv: ['true'], file }), (error) =>
      isHikaeError(error, 'SOURCE_FILE_NAME'),
    );
  }
});

test('it is restored into a folder, as files, and never in place', async () => {
  const plan = {} as RestorePlan;
  const asked: RestoreRequest[] = [];
  const source = hostWith(async (request) => {
    asked.push(request);
    return plan;
  });
  const request: RestoreRequest = {
    reader: {} as SnapshotReader,
    component: 'c',
    origin: { kind: 'command', argv: ['true'], file: 'out' },
    to: { kind: 'folder', path: '/to' },
    delete: false,
  };
  assert.equal(await source.planRestore(request, { signal }), plan);
  assert.equal(asked[0]?.origin.kind, 'files');
  await assert.rejects(source.planRestore({ ...request, to: { kind: 'in-place' } }, { signal }), (error) =>
    isHikaeError(error, 'SOURCE_NOT_IN_PLACE'),
  );
  assert.equal(asked.length, 1);
});
