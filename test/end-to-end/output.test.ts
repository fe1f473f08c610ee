/** What comes out of the command and what is written down: for people, for machines, and never a secret. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { eventsOf, hikae, run, runPlain, Scratch, type ToldRestore } from './command.ts';

function policyOf(scratch: Scratch, components: object = {}, more: object = {}): string {
  scratch.write('site/page', 'text');
  return scratch.policy({
    targets: {
      blog: { retry: { times: 0 }, components: { site: { files: scratch.at('site') }, ...components } },
    },
    vaults: { disk: { plain: scratch.at('vault') } },
    schedules: { daily: { at: '02:00', to: 'disk' } },
    ...more,
  });
}

describe('the output', { timeout: 120_000 }, () => {
  it('of --json is one document on stdout, and JSON lines on stderr, however it ends', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch, { base: { command: { argv: ['false'], file: 'x' } } });
    const partial = await run(policy, ['backup']);
    assert.deepEqual([partial.status, partial.result.outcome], [3, 'partial']);
    const [started, ended] = [partial.events[0], partial.events.at(-1)];
    assert.deepEqual([started?.type, ended?.type], ['run.started', 'run.finished']);
    assert.ok(partial.events.every((event) => 'at' in event && typeof event.at === 'string'));
    assert.ok(eventsOf(partial, 'component.finished').some(({ error }) => error?.ja?.message !== undefined));

    const preview = await run<readonly { readonly target: string }[]>(policy, ['backup', '--dry-run']);
    assert.deepEqual(
      preview.result.map(({ target }) => target),
      ['blog'],
    );
    const none = await run<ToldRestore>(policy, ['restore', 'blog', '--in-place', '--date', '2020-01-01']);
    assert.deepEqual([none.status, none.result.error?.code], [1, 'SNAPSHOT_NOT_FOUND']);
    for (const args of [
      ['restore', 'blog'],
      ['restore', 'blog', '--to'],
      ['backup', '--lock-wait', 'soon'],
    ]) {
      const wrong = await run(policy, args);
      assert.equal(wrong.status, 2);
      assert.equal(wrong.stderr, '');
      assert.match(wrong.result.error?.code ?? '', /^CLI_/);
    }
  });

  it('of --quiet is the result alone, unless something needs attention', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch);
    const fine = await runPlain(['--policy', policy, '--quiet', 'backup']);
    assert.deepEqual([fine.status, fine.stderr], [0, '']);
    assert.match(fine.stdout, /blog/);
    const usual = await runPlain(['--policy', policy, '--lang', 'en', 'backup']);
    assert.notEqual(usual.stderr, '');

    const failing = policyOf(scratch, { base: { command: { argv: ['false'], file: 'x' } } });
    const partial = await runPlain(['--policy', failing, '--quiet', '--lang', 'en', 'backup']);
    assert.equal(partial.status, 3);
    assert.match(partial.stderr, /base.*status 1/);
  });

  it('goes to nobody when nobody reads it, and the backup is made all the same', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch);
    const command = '"$@" 2>&1 | head --lines=1 >/dev/null; exit "$PIPESTATUS"';
    const args = ['-c', command, 'bash', hikae, '--policy', policy, '--json', 'backup'];
    const { status } = spawnSync('bash', args, { encoding: 'utf8' });
    assert.equal(status, 0);
    assert.equal(readFileSync(scratch.at('vault/daily/blog/latest/site/page'), 'utf8'), 'text');

    for (let number = 0; number < 1_000; number++) scratch.write(`site/${number}`, 'x');
    assert.equal((await run(policy, ['backup'])).status, 0);
    rmSync(scratch.at('site'), { recursive: true });
    const plan = [hikae, '--policy', policy, '--json', 'restore', 'blog', '--in-place', '--dry-run'];
    const cut = spawnSync('bash', [
      '-c',
      '"$@" 2>/dev/null | head -n 1; exit "$PIPESTATUS"',
      'bash',
      ...plan,
    ]);
    assert.deepEqual([cut.status, cut.stdout.toString()], [0, '{\n']);
  });
});

describe('a secret', { timeout: 120_000 }, () => {
  it('is in no result, event, record or snapshot', async () => {
    using scratch = new Scratch();
    const [inFile, inEnvironment, inWebhook] = ['wsPlantedFile7', 'wsPlantedEnv8', 'wsPlantedHook9'];
    const environment = { REPOSITORY_PASSWORD: inEnvironment };
    const file = scratch.write('mysql.pw', `${inFile}\n`, 0o600);
    const webhook = scratch.write('slack.url', inWebhook, 0o600);
    const says = ['sh', '-c', 'env >&2; env; exit 1'];
    const policy = policyOf(
      scratch,
      {
        base: { mysql: { socket: '/run/mysqld/mysqld.sock', password: { file } } },
        talks: { command: { argv: says, file: 'x' } },
      },
      {
        vaults: {
          disk: { plain: scratch.at('vault') },
          cloud: { restic: 's3://bucket/prefix', password: { env: 'REPOSITORY_PASSWORD' } },
        },
        notify: { slack: { webhook: { file: webhook } } },
      },
    );
    const ran = await run(policy, ['backup'], { environment });
    assert.equal(ran.status, 3);
    assert.equal(eventsOf(ran, 'component.finished').length > 0, true);
    writeFileSync(scratch.at('site/page'), 'broken');
    const restored = await run<ToldRestore>(
      policy,
      ['restore', 'blog', '--in-place', '--date', ran.result.targets[0]?.snapshot?.header.id ?? ''],
      { environment },
    );
    assert.equal(restored.status, 0, restored.stdout);
    const log = await run(policy, ['log'], { environment });
    const explained = await runPlain(['--policy', policy, 'policy', 'explain'], { environment });
    const texts = [ran, restored, log, explained].map(({ stdout, stderr }) => stdout + stderr);
    for (const folder of ['state', 'vault']) texts.push(...contentsBelow(scratch.at(folder)));
    assert.ok(
      texts.some((text) => text.includes('REPOSITORY_PASSWORD')),
      'the reference itself is there',
    );
    for (const secret of [inFile, inEnvironment, inWebhook]) {
      assert.ok(!texts.some((text) => text.includes(secret)), secret);
    }
  });

  it('is not handed to hooks by accident', async () => {
    using scratch = new Scratch();
    const told = ['sh', '-c', 'echo "$REPOSITORY_PASSWORD" >&2; exit 1'];
    const policy = scratch.policy({
      targets: { blog: { before: [told], components: { site: { files: '/etc' } } } },
      vaults: {
        disk: { plain: scratch.at('vault') },
        cloud: { restic: 's3://bucket/prefix', password: { env: 'REPOSITORY_PASSWORD' } },
      },
      schedules: { daily: { at: '02:00', to: 'disk' } },
    });
    const ran = await run(policy, ['backup'], { environment: { REPOSITORY_PASSWORD: 'wsPlantedEnv8' } });
    assert.equal(ran.result.targets[0]?.error?.code, 'HOOK_FAILED');
    const texts = [ran.stdout, ran.stderr, ...contentsBelow(scratch.at('state'))];
    assert.ok(!texts.some((text) => text.includes('wsPlantedEnv8')));
  });
});

function contentsBelow(folder: string): string[] {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
}
