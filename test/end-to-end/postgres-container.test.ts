/** PostgreSQL in a real container: kept and brought back by the clients inside, and what is left when one is cut off. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { type DockerEngine, startDocker } from '../servers/docker.ts';
import { buildPostgres, runPostgres } from '../servers/docker-images.ts';
import { isRoot, Running, run, Scratch, type ToldRestore, withPolicy } from './command.ts';

const NAME = 'company-db';
const PASSWORD = 'container-secret-4711';

describe('PostgreSQL in a container', { skip: !isRoot && 'an engine needs root', timeout: 600_000 }, () => {
  let engine: DockerEngine;
  let scratch: Scratch;
  let image: string;
  const psql = (database: string, statements: string) =>
    engine
      .docker(
        [
          'exec',
          '-e',
          'PGOPTIONS=',
          '-i',
          NAME,
          'psql',
          '-X',
          '-q',
          '-A',
          '-t',
          '-v',
          'ON_ERROR_STOP=1',
          '-U',
          'postgres',
          '-d',
          database,
        ],
        {
          input: statements,
        },
      )
      .trimEnd();
  const policyFor = (name: string, server: object, retry = 0) =>
    scratch.policy(
      {
        targets: {
          db: {
            retry: { times: retry, wait: '1s' },
            components: { pg: { postgres: { docker: NAME, ...server } } },
          },
        },
        vaults: { disk: { plain: scratch.at('vault'), keep: { daily: 30 } } },
        schedules: { daily: { at: '02:00', to: 'disk' } },
      },
      `${name}.yaml`,
    );
  const environment = () => ({ environment: engine.environment });

  before(async () => {
    engine = await startDocker();
    scratch = new Scratch();
    image = buildPostgres(engine);
    // Variables of the container's own must not lead the clients astray.
    const environment = { PGOPTIONS: '-c search_path=nowhere', PGDATABASE: 'postgres' };
    await runPostgres(engine, image, {
      name: NAME,
      password: PASSWORD,
      environment,
    });
    psql('postgres', 'CREATE DATABASE app;');
    psql(
      'app',
      `CREATE TABLE t AS SELECT i, '行 ' || i || repeat('x', 300) AS text FROM generate_series(1, 100000) i;`,
    );
  });
  after(async () => {
    await engine?.stop();
    scratch?.[Symbol.dispose]();
  });

  test('there and back, without and with a password, which is in nobody’s arguments', async () => {
    const secret = scratch.write('password', `${PASSWORD}\n`, 0o600);
    for (const [name, server] of [
      ['plain', {}],
      ['secret', { password: { file: secret } }],
    ] as const) {
      const policy = policyFor(name, server);
      const seen: string[] = [];
      const timer = setInterval(() => seen.push(...argvOfAll()), 20);
      const kept = await run(policy, ['backup'], environment());
      assert.equal(kept.status, 0, kept.stderr);
      psql('app', 'DELETE FROM t WHERE i % 2 = 0; CREATE TABLE IF NOT EXISTS extra (a int);');
      const restored = await run<ToldRestore>(
        policy,
        ['restore', 'db', '--in-place', '--delete'],
        environment(),
      );
      clearInterval(timer);
      assert.equal(restored.status, 0, restored.stderr);
      assert.equal(
        psql('app', `SELECT count(*), count(DISTINCT text), to_regclass('extra') IS NULL FROM t;`),
        '100000|100000|t',
      );
      assert.ok(seen.some((argv) => argv.includes('docker exec -i') && argv.includes('pg_dump')));
      assert.ok(!seen.join('\n').includes(PASSWORD));
      assert.ok(!(kept.stdout + kept.stderr + restored.stdout + restored.stderr).includes(PASSWORD));
    }
    assertNowhere(scratch.at('vault'), PASSWORD);
    assertNowhere(scratch.at('state'), PASSWORD);
  });

  test('a run that is killed leaves a dump in the container without a reader, and the next run ends it', async () => {
    const policy = policyFor('killed', {});
    const dumps = `SELECT count(*) FROM pg_stat_activity WHERE application_name ~ '^hikae .* dump$';`;
    {
      using running = new Running(withPolicy(policy, ['backup']), environment());
      await until(() => psql('postgres', dumps) === '1');
      running.kill('SIGKILL');
      await running.end;
    }
    const next = await run(policy, ['backup'], environment());
    assert.equal(next.status, 0, next.stderr);
    await until(() => psql('postgres', dumps) === '0');
  });

  test('one that is cancelled leaves none', async () => {
    using running = new Running(withPolicy(policyFor('cancelled', {}), ['backup']), environment());
    const ours = `SELECT count(*) FROM pg_stat_activity WHERE application_name ~ '^hikae .* dump$';`;
    await until(() => psql('postgres', ours) === '1');
    running.kill('SIGTERM');
    assert.equal((await running.end).status, 130);
    await until(
      () =>
        psql('postgres', `SELECT count(*) FROM pg_stat_activity WHERE application_name ~ '^hikae';`) === '0',
    );
  });

  test('a container without client programs is named with what is missing', async () => {
    engine.docker(['exec', '-u', '0', NAME, 'mv', '/usr/bin/pg_dump', '/usr/bin/elsewhere']);
    try {
      const failed = await run(policyFor('missing', {}), ['backup'], environment());
      assert.equal(failed.status, 1);
      assert.match(failed.stderr, /DATABASE_CLIENT_MISSING.*pg_dump/);
    } finally {
      engine.docker(['exec', '-u', '0', NAME, 'mv', '/usr/bin/elsewhere', '/usr/bin/pg_dump']);
    }
  });

  test('a container that disappears in the middle fails the component, and earlier snapshots stay', async () => {
    const before = readdirSync(scratch.at('vault', 'daily', 'db')).filter((name) => name !== 'latest');
    const policy = policyFor('gone', {});
    using running = new Running(withPolicy(policy, ['backup']), environment());
    await until(
      () =>
        psql(
          'postgres',
          `SELECT count(*) FROM pg_stat_activity WHERE application_name ~ '^hikae .* dump$';`,
        ) === '1',
    );
    engine.docker(['rm', '--force', NAME]);
    const { status, stdout } = await running.end;
    assert.equal(status, 1, stdout);
    assert.match(stdout, /NOTHING_CAPTURED/);
    assert.deepEqual(
      readdirSync(scratch.at('vault', 'daily', 'db')).filter((name) => name !== 'latest'),
      before,
    );
    const again = await run(policy, ['backup'], environment());
    assert.equal(again.status, 1);
    assert.match(again.stdout, /No such container|does not run/);
  });

  test('a new container gets it all back', async () => {
    await runPostgres(engine, image, { name: NAME, password: PASSWORD });
    const restored = await run<ToldRestore>(
      policyFor('new', {}),
      ['restore', 'db', '--in-place'],
      environment(),
    );
    assert.equal(restored.status, 0, restored.stderr);
    assert.equal(psql('app', 'SELECT count(*) FROM t;'), '100000');
  });
});

async function until(isTrue: () => boolean): Promise<void> {
  for (const began = performance.now(); !isTrue(); ) {
    assert.ok(performance.now() - began < 60_000, String(isTrue));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function argvOfAll(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch (error) {
        assert.match(String(error), /ENOENT|ESRCH/);
        return '';
      }
    });
}

function assertNowhere(folder: string, text: string): void {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (entry.isFile())
      assert.ok(!readFileSync(`${entry.parentPath}/${entry.name}`).includes(text), entry.name);
  }
}
