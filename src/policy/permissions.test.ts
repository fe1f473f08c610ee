import assert from 'node:assert/strict';
import { chmod, chown, lchown, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { HikaeError } from '../base/errors.ts';
import { checkSecretFile, checkTrusted } from './permissions.ts';

const uid = process.getuid?.() ?? 0;
const signal = new AbortController().signal;
const rootOnly = { skip: uid === 0 ? false : 'only root can give files away' };
const stranger = 54_321;

describe('permissions', () => {
  let top: string;
  let file: string;
  beforeEach(async () => {
    top = await realpath(await mkdtemp(join(tmpdir(), 'hikae-permissions-')));
    await mkdir(join(top, 'a'), { mode: 0o755 });
    file = join(top, 'a', 'policy.yaml');
    await writeFile(file, 'x', { mode: 0o600 });
  });
  afterEach(() => rm(top, { recursive: true }));

  async function refused(path: string, code: string, place: string, command?: string): Promise<void> {
    await assert.rejects(checkTrusted(path, { uid, signal }), (error) => {
      assert.ok(error instanceof HikaeError);
      assert.equal(error.code, code);
      assert.equal(error.exit, 2);
      assert.equal(error.details.path, place);
      if (command !== undefined) {
        assert.equal(error.details.command, command);
        assert.ok(error.in('ja').hint.includes(command));
      }
      return true;
    });
  }

  test('a file that only its owner can write is taken, below a sticky folder such as /tmp', async () => {
    assert.equal(await checkTrusted(file, { uid, signal }), file);
  });

  test('a file that others can read is taken', async () => {
    await chmod(file, 0o644);
    await checkTrusted(file, { uid, signal });
  });

  for (const [whose, mode] of [
    ['the group', 0o620],
    ['everybody', 0o602],
  ] as const) {
    test(`a file that ${whose} can write is refused`, async () => {
      await chmod(file, mode);
      await refused(file, 'POLICY_WRITABLE', file, `chmod go-w ${file}`);
    });

    test(`a folder above it that ${whose} can write is refused`, async () => {
      await chmod(join(top, 'a'), mode | 0o100);
      await refused(file, 'POLICY_WRITABLE', join(top, 'a'), `chmod go-w ${join(top, 'a')}`);
    });
  }

  test('the command mends what it is about, whatever the name', async () => {
    const odd = join(top, "it's here");
    await mkdir(odd);
    await chmod(odd, 0o777);
    await writeFile(join(odd, 'p'), 'x', { mode: 0o600 });
    await refused(join(odd, 'p'), 'POLICY_WRITABLE', odd, `chmod go-w '${top}/it'\\''s here'`);
  });

  test('a sticky folder that everybody can write is taken, a file in it that everybody can write is not', async () => {
    await chmod(join(top, 'a'), 0o1777);
    await checkTrusted(file, { uid, signal });
    await chmod(file, 0o1666);
    await refused(file, 'POLICY_WRITABLE', file);
  });

  test('a file of somebody else is refused', rootOnly, async () => {
    await chown(file, stranger, 0);
    await refused(file, 'POLICY_OWNER', file, `chown root ${file}`);
  });

  test('a folder of somebody else is refused, also where nobody may write it', rootOnly, async () => {
    await chown(join(top, 'a'), stranger, 0);
    await chmod(join(top, 'a'), 0o555);
    await refused(file, 'POLICY_OWNER', join(top, 'a'), `chown root ${join(top, 'a')}`);
  });

  test('files of root and of the user who runs are both taken', rootOnly, async () => {
    await chown(file, stranger, 0);
    await checkTrusted(file, { uid: stranger, signal });
  });

  test('a link is followed, and the file that it leads to is checked', async () => {
    await symlink('a/policy.yaml', join(top, 'link'));
    assert.equal(await checkTrusted(join(top, 'link'), { uid, signal }), file);
    await chmod(file, 0o666);
    await refused(join(top, 'link'), 'POLICY_WRITABLE', file);
  });

  test('a folder that is reached through a link and `..` is checked', async () => {
    await mkdir(join(top, 'b', 'c'), { recursive: true });
    await symlink(join(top, 'b', 'c'), join(top, 'link'));
    await writeFile(join(top, 'b', 'policy.yaml'), 'x', { mode: 0o600 });
    assert.equal(
      await checkTrusted(`${top}/link/../policy.yaml`, { uid, signal }),
      join(top, 'b', 'policy.yaml'),
    );
    await chmod(join(top, 'b'), 0o777);
    await refused(`${top}/link/../policy.yaml`, 'POLICY_WRITABLE', join(top, 'b'));
  });

  test('a link of somebody else is refused', rootOnly, async () => {
    const link = join(top, 'link');
    await symlink(file, link);
    await lchown(link, stranger, 0);
    await refused(link, 'POLICY_OWNER', link, `chown -h root ${link}`);
  });

  test('links that lead in a circle end in an error', async () => {
    await symlink('two', join(top, 'one'));
    await symlink('one', join(top, 'two'));
    await assert.rejects(checkTrusted(join(top, 'one'), { uid, signal }), { code: 'POLICY_LINK_LOOP' });
  });

  test('what is not there is said to be missing, what is no file to be none', async () => {
    await assert.rejects(checkTrusted(join(top, 'none'), { uid, signal }), { code: 'POLICY_MISSING' });
    await assert.rejects(checkTrusted(join(file, 'below'), { uid, signal }), { code: 'POLICY_MISSING' });
    await refused(join(top, 'a'), 'POLICY_NOT_A_FILE', join(top, 'a'));
  });

  test('a secret file may be read by its owner alone', async () => {
    assert.equal(await checkSecretFile(file, { uid, signal }), file);
    for (const mode of [0o640, 0o604, 0o610]) {
      await chmod(file, mode);
      await assert.rejects(checkSecretFile(file, { uid, signal }), (error) => {
        assert.ok(error instanceof HikaeError);
        assert.equal(error.code, 'POLICY_SECRET_EXPOSED');
        assert.equal(error.details.command, `chmod 600 ${file}`);
        return true;
      });
    }
  });

  test('a cancelled check ends', async () => {
    await assert.rejects(checkTrusted(file, { uid, signal: AbortSignal.abort() }), { name: 'AbortError' });
  });
});
