import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCommand } from './child-process.ts';
import { isHikaeError } from './errors.ts';

const options = { signal: new AbortController().signal, environment: { PATH: process.env.PATH } };

async function* parts(count: number, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < count; at++) yield Buffer.alloc(size, at);
}

test('what a command reads on stdin arrives whole, however slowly it reads', async () => {
  const input = parts(64, 65_536);
  const said = await runCommand(['sh', '-c', 'sleep 0.2; wc -c'], { ...options, input });
  assert.equal(said.toString().trim(), String(64 * 65_536));
});

test('without input a command finds the end of the file', async () => {
  assert.equal((await runCommand(['cat'], options)).length, 0);
});

test('an input that breaks off ends the command, which never sees the end of the file', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('first');
    throw new Error('the copy is damaged');
  }
  let said = '';
  const script = 'cat >/dev/null; echo saw the end >&2';
  await assert.rejects(
    runCommand(['sh', '-c', script], { ...options, input: broken() }).catch((error: Error) => {
      said = error.message;
      throw error;
    }),
    /the copy is damaged/,
  );
  assert.doesNotMatch(said, /saw the end/);
});

test('a command that stops reading is judged by how it ends', async () => {
  const input = () => parts(1_000, 65_536);
  assert.equal((await runCommand(['true'], { ...options, input: input() })).length, 0);
  await assert.rejects(runCommand(['false'], { ...options, input: input() }), (error) =>
    isHikaeError(error, 'COMMAND_FAILED'),
  );
});

test('root can run it as somebody else', { skip: process.getuid?.() !== 0 && 'needs root' }, async () => {
  const identity = { uid: 65_534, gid: 65_534 };
  assert.equal((await runCommand(['id', '-u'], { ...options, identity })).toString().trim(), '65534');
});
