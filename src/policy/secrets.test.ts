import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { inspect } from 'node:util';
import { HikaeError } from '../base/errors.ts';
import { resolveSecret, type SecretOptions } from './secrets.ts';

describe('secrets', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hikae-secrets-'));
  });
  after(() => rm(folder, { recursive: true }));

  const options: SecretOptions = {
    environment: { HIKAE_PASSWORD: 'from environment', EMPTY: '' },
    run: async (argv) => `${argv.join('+')}\n`,
    uid: process.getuid?.() ?? 0,
    signal: new AbortController().signal,
  };

  async function file(content: string, mode = 0o600): Promise<string> {
    const path = join(folder, 'secret');
    await rm(path, { force: true });
    await writeFile(path, content, { mode });
    return path;
  }

  test('come from a file, of which one newline at the end is no part', async () => {
    assert.equal(
      (await resolveSecret({ file: await file(' two words \n\n') }, options)).reveal(),
      ' two words \n',
    );
    assert.equal((await resolveSecret({ file: await file('none') }, options)).reveal(), 'none');
  });

  test('come from the environment', async () => {
    assert.equal((await resolveSecret({ env: 'HIKAE_PASSWORD' }, options)).reveal(), 'from environment');
  });

  test('come from a command, which gets its arguments as they are', async () => {
    const secret = await resolveSecret({ command: ['pass', 'show', 'a b'] }, options);
    assert.equal(secret.reveal(), 'pass+show+a b');
  });

  test('do not show themselves', async () => {
    const secret = await resolveSecret({ env: 'HIKAE_PASSWORD' }, options);
    assert.doesNotMatch(`${secret} ${JSON.stringify({ secret })} ${inspect(secret)}`, /from environment/);
  });

  test('are missing where there is nothing', async () => {
    const missing = { code: 'POLICY_SECRET_MISSING' };
    await assert.rejects(resolveSecret({ env: 'UNSET' }, options), missing);
    await assert.rejects(resolveSecret({ env: 'EMPTY' }, options), missing);
    await assert.rejects(resolveSecret({ file: join(folder, 'none') }, options), missing);
    await assert.rejects(resolveSecret({ file: await file('\n') }, options), missing);
  });

  test('in a file that others can read are refused', async () => {
    const path = await file('x');
    await chmod(path, 0o640);
    await assert.rejects(resolveSecret({ file: path }, options), { code: 'POLICY_SECRET_EXPOSED' });
  });

  test('from a command that fails are an error that names the program only', async () => {
    const run = async () => {
      throw new Error('exit 1');
    };
    await assert.rejects(
      resolveSecret({ command: ['pass', 'private/place'] }, { ...options, run }),
      (error) => {
        assert.ok(error instanceof HikaeError);
        assert.equal(error.code, 'POLICY_SECRET_COMMAND');
        assert.match(error.message, /pass \(exit 1\)/);
        assert.doesNotMatch(error.message, /private/);
        return true;
      },
    );
  });
});
