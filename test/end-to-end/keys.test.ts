/** Passwords, recovery kit and locks of a repository, with the command as it stands and restic beside. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { describeTree } from '../doubles/live-tree.ts';
import { plantLock } from '../vault/planted-lock.ts';
import { restic } from '../vault/restic-command.ts';
import { openTestRepository, PASSWORD } from '../vault/restic-taking.ts';
import { eventsOf, run as runAlone, runAt, runPlain, Scratch, type Told } from './command.ts';
import { followKit, passwordIn } from './follow-kit.ts';
import { runOnTerminal } from './terminal.ts';

interface ToldKeys {
  readonly keys: readonly { readonly id: string; readonly inUse: boolean; readonly recovery: boolean }[];
}

function policyOf(scratch: Scratch): string {
  scratch.write('site/page', 'text');
  scratch.write('password', `${PASSWORD}\n`, 0o600);
  const password = { file: scratch.at('password') };
  return scratch.policy({
    targets: { blog: { components: { site: { files: scratch.at('site') } } } },
    vaults: {
      safe: { restic: scratch.at('repository'), password },
      disk: { plain: scratch.at('plain') },
    },
    schedules: { daily: { at: '02:00', to: 'safe' } },
  });
}

/** Within this process, which is quicker. */
function run<Result = unknown>(policy: string, args: readonly string[]): Promise<Told<Result>> {
  return runAt<Result>(new Date().toISOString(), policy, args);
}

/** A repository whose key opens in no time. */
async function quickRepository(scratch: Scratch): Promise<void> {
  await (await openTestRepository(scratch.at('repository'))).close();
}

async function keysIn(policy: string): Promise<ToldKeys['keys']> {
  const { status, result } = await run<ToldKeys>(policy, ['key', 'list']);
  assert.equal(status, 0);
  return result.keys;
}

function warned(ran: Pick<Told<unknown>, 'events'>): string[] {
  return eventsOf(ran, 'warning').map(({ code }) => code);
}

/** Every file below a folder that has one of the texts in it. */
function filesWith(folder: string, text: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => {
    const path = join(folder, name);
    return statSync(path).isFile() && readFileSync(path).includes(text);
  });
}

describe('the keys of a repository', { timeout: 300_000 }, () => {
  it('are added by file, variable and program, listed, changed and removed', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch);
    const created = await run<{ kit: string }>(policy, ['vault', 'create', 'safe']);
    assert.deepEqual([created.status, created.result.kit], [0, 'missing']);
    assert.deepEqual(warned(created), ['kit-missing'], 'nobody is there to be shown a password');
    const add = ['key', 'add', '--vault', 'safe'];
    const byFile = [...add, '--new-password-file', scratch.write('second', 'by file\n', 0o600)];
    assert.equal((await run(policy, byFile)).status, 0);
    const byName = [...add, '--new-password-env', 'SECOND'];
    assert.equal((await runAlone(policy, byName, { environment: { SECOND: 'by variable' } })).status, 0);
    const byProgram = [...add, '--new-password-command', 'printf by-program'];
    assert.equal((await run(policy, byProgram)).status, 0);
    for (const password of ['by file', 'by variable', 'by-program'])
      assert.equal(restic(scratch.at('repository'), ['snapshots'], { password }), '');

    const before = await keysIn(policy);
    assert.deepEqual(before.map(({ inUse }) => inUse).sort(), [false, false, false, true]);
    const own = before.find(({ inUse }) => inUse)?.id ?? '';
    const refused = await run(policy, ['key', 'remove', own]);
    assert.deepEqual([refused.status, refused.result.error?.code], [2, 'VAULT_KEY_IN_USE']);

    const fresh = scratch.write('fresh', 'fresh one\n', 0o600);
    assert.equal((await run(policy, ['key', 'passwd', '--new-password-file', fresh])).status, 0);
    assert.equal((await run(policy, ['key', 'list'])).status, 12, 'the policy still names the old one');
    const named = ['--vault', 'safe', '--password-file', fresh];
    for (const { id, inUse } of before)
      if (!inUse) assert.equal((await run(policy, ['key', 'remove', id.slice(0, 12), ...named])).status, 0);
    const { result } = await run<ToldKeys>(policy, ['key', 'list', ...named]);
    const [last] = result.keys;
    assert.equal(result.keys.length, 1);
    const kept = await run(policy, ['key', 'remove', last?.id ?? '', ...named]);
    assert.deepEqual([kept.status, kept.result.error?.code], [2, 'VAULT_KEY_LAST']);
  });

  it('take no password from the command line, from a file of everybody or for a vault that has none', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch);
    await quickRepository(scratch);
    assert.equal((await run(policy, ['backup'])).status, 0);
    assert.equal((await run(policy, ['vault', 'create', 'disk'])).status, 0);
    const refused = async (args: readonly string[]) => {
      const { status, result } = await run(policy, ['key', 'add', ...args]);
      return [status, result.error?.code];
    };
    assert.deepEqual(await refused([]), [2, 'CLI_OPTION_REQUIRED']);
    const open = scratch.write('open', 'x', 0o644);
    assert.deepEqual(await refused(['--new-password-file', open]), [2, 'POLICY_SECRET_EXPOSED']);
    const both = ['--new-password-file', open, '--new-password-env', 'X'];
    assert.deepEqual(await refused(both), [2, 'CLI_OPTIONS_CONFLICT']);
    assert.deepEqual(await refused(['--recovery']), [2, 'CLI_KIT_NOWHERE']);
    assert.deepEqual(await refused(['--kit-file', open]), [2, 'CLI_OPTION_ALONE']);
    const plain = await run(policy, ['key', 'list', '--vault', 'disk']);
    assert.deepEqual([plain.status, plain.result.error?.code], [2, 'VAULT_NOT_ENCRYPTED']);
    assert.equal((await keysIn(policy)).length, 1);
  });

  it('are asked for on a terminal, which does not show them', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch);
    await quickRepository(scratch);
    assert.equal((await run(policy, ['backup'])).status, 0);
    const add = ['--policy', policy, '--lang', 'en', 'key', 'add'];
    const typed = (again: string) => ({
      answers: [
        ['New password: ', 'typed one'],
        ['again: ', again],
      ] as const,
    });
    const wrong = await runOnTerminal(add, typed('typed two'));
    assert.equal(wrong.status, 2, wrong.stdout);
    assert.match(wrong.stdout, /CLI_PASSWORDS_DIFFER/);
    const added = await runOnTerminal(add, typed('typed one'));
    assert.equal(added.status, 0, added.stdout);
    assert.doesNotMatch(added.stdout, /typed/);
    // And the one that opens it, where nothing says where it is.
    const asked = await runOnTerminal(['snapshots', '--vault', scratch.at('repository')], {
      answers: [['Password of ', 'typed one']],
    });
    assert.equal(asked.status, 0, asked.stdout);
    assert.match(asked.stdout, /daily\/blog\//);
    assert.doesNotMatch(asked.stdout, /typed/);
  });
});

describe('the recovery kit', { timeout: 300_000 }, () => {
  it('is shown where the repository is made by hand, and asked for until somebody confirms it', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch);
    const create = ['--policy', policy, '--lang', 'en', 'vault', 'create', 'safe'];
    const { status, stdout } = await runOnTerminal(create);
    assert.equal(status, 0, stdout);
    const password = passwordIn(stdout);
    assert.match(password, /^(\w{5}-){5}\w{5}$/);
    assert.equal(restic(scratch.at('repository'), ['snapshots'], { password }), '');
    assert.match(stdout, /復旧キット/);
    const [key] = (await keysIn(policy)).filter(({ recovery }) => recovery);

    const told = await run(policy, ['backup']);
    assert.deepEqual(warned(told), ['kit-unconfirmed']);
    assert.deepEqual(warned(await run(policy, ['vault', 'list'])), ['kit-unconfirmed']);
    const again = await run<{ repository: string }>(policy, ['kit', 'print', '--vault', 'safe']);
    assert.deepEqual([again.status, again.stdout.includes(password)], [0, false]);
    const page = await runPlain(['--policy', policy, 'kit', 'print', '--lang', 'en']);
    assert.match(page.stdout, /Password: on the page that was printed/);
    const confirmed = await run<{ key: string }>(policy, ['kit', 'confirm']);
    assert.deepEqual([confirmed.status, confirmed.result.key], [0, key?.id]);
    assert.deepEqual(warned(await run(policy, ['backup'])), []);
    const list = await run<{ vaults: { name: string; kit?: string }[] }>(policy, ['vault', 'list']);
    assert.deepEqual(
      list.result.vaults.map(({ name, kit }) => [name, kit]),
      [
        ['safe', 'confirmed'],
        ['disk', undefined],
      ],
    );
    assert.deepEqual(filesWith(scratch.path, password), [], 'it lies nowhere on this machine');

    // Facts that weaken a protection are not believed when their record or what they speak of is gone.
    rmSync(scratch.at('state'), { recursive: true });
    assert.deepEqual(warned(await run(policy, ['backup'])), ['kit-unconfirmed']);
    assert.equal((await run(policy, ['kit', 'confirm'])).status, 0);
    assert.equal((await run(policy, ['key', 'remove', key?.id ?? ''])).status, 0);
    assert.deepEqual(warned(await run(policy, ['backup'])), ['kit-missing']);
    const none = await run(policy, ['kit', 'confirm']);
    assert.deepEqual([none.status, none.result.error?.code], [1, 'KIT_MISSING']);
  });

  it('is not made by a backup from a timer; written to a file, its lines bring everything back', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch);
    await quickRepository(scratch);
    const first = await run(policy, ['backup']);
    assert.deepEqual([first.status, warned(first)], [0, ['kit-missing']]);
    const file = scratch.at('kit');
    const made = await run<object>(policy, ['kit', 'print', '--new', '--kit-file', file]);
    assert.equal(made.status, 0, made.stdout);
    const page = readFileSync(file, 'utf8');
    const password = passwordIn(page);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(`${made.stdout}${made.stderr}`.includes(password), false);
    const taken = await run(policy, ['kit', 'print', '--new', '--kit-file', file]);
    assert.deepEqual([taken.status, taken.result.error?.code], [2, 'CLI_FILE_EXISTS']);
    const nowhere = ['kit', 'print', '--new', '--kit-file', scratch.at('missing/kit')];
    const unwritten = await run(policy, nowhere);
    assert.deepEqual([unwritten.status, unwritten.result.error?.code], [1, 'CLI_FILE_NOT_WRITTEN']);
    assert.equal((await keysIn(policy)).length, 2);
    assert.deepEqual(warned(await run(policy, ['kit', 'print'])), []);

    // The machine is lost: what is left is the page and the repository.
    const source = describeTree(scratch.at('site'));
    for (const name of ['site', 'state', 'password', 'policy.yaml'])
      rmSync(scratch.at(name), { recursive: true });
    followKit(page, scratch);
    assert.deepEqual(describeTree(scratch.at('restored/by-restic/blog/site')), source);
    assert.deepEqual(describeTree(scratch.at('restored/blog/site')), source);
  });
});

describe('unlock', { timeout: 120_000 }, () => {
  interface ToldUnlock {
    readonly vaults: readonly { vault: string; removed: readonly unknown[]; held: readonly unknown[] }[];
  }
  const counts = ({ result }: Told<ToldUnlock>) =>
    result.vaults.map(({ vault, removed, held }) => [vault, removed.length, held.length]);

  it('removes the locks of who is gone, and others when it is told so', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch);
    await quickRepository(scratch);
    assert.equal((await run(policy, ['backup'])).status, 0);
    assert.equal((await run(policy, ['vault', 'create', 'disk'])).status, 0);
    const repository = scratch.at('repository');
    await plantLock(repository, { time: Date.now() - 31 * 60_000 });
    await plantLock(repository, { time: Date.now() - 60_000 });
    const some = await run<ToldUnlock>(policy, ['unlock']);
    assert.deepEqual(
      [some.status, counts(some)],
      [
        0,
        [
          ['safe', 1, 1],
          ['disk', 0, 0],
        ],
      ],
    );
    assert.equal((await run(policy, ['backup', '--lock-wait', '0s'])).status, 11);
    const told = await runPlain(['--policy', policy, '--lang', 'en', 'unlock', '--vault', 'safe']);
    assert.match(told.stdout, /held: process 4711 of root on elsewhere, .*, alone\n.*hikae unlock --all/s);
    const password = ['--password-file', scratch.at('password')];
    const all = ['unlock', '--all', '--json', '--vault', repository, ...password];
    assert.equal((await runPlain(all)).status, 0, 'without a policy');
    assert.equal((await run(policy, ['backup', '--lock-wait', '0s'])).status, 0);
    assert.equal(
      existsSync(join(repository, 'locks')) && readdirSync(join(repository, 'locks')).length > 0,
      false,
    );
  });
});
