/** Databases of a real PostgreSQL: kept, brought back to a new machine and into one that has moved on, killed on the way. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type PostgresServer, startPostgres } from '../servers/postgres.ts';
import { describeRoles, fill, describe as inventory } from '../servers/postgres-content.ts';
import {
  eventsOf,
  isRoot,
  Running,
  run,
  Scratch,
  type ToldBackup,
  type ToldPlan,
  type ToldRestore,
  withPolicy,
} from './command.ts';

const ODD = 'Köln "x"';

describe('databases of PostgreSQL', { skip: !isRoot && 'a server needs a user of its own' }, () => {
  let server: PostgresServer;
  let scratch: Scratch;
  let policy: string;
  let filled: { readonly odd: string[]; readonly plain: string[]; readonly roles: string[] };
  /** the newest snapshot of a schedule */
  let place = '';

  const backup = async () => {
    const told = await run(policy, ['backup']);
    place = told.result.targets[0]?.snapshot?.place ?? place;
    return told;
  };
  const restore = (...args: string[]) => run<ToldRestore>(policy, ['restore', 'db', '--in-place', ...args]);
  const plan = (...args: string[]) =>
    run<ToldPlan>(policy, ['restore', 'db', '--in-place', '--dry-run', ...args]);
  const databases = () =>
    server
      .psql(
        'postgres',
        `SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY datname COLLATE "C";`,
      )
      .split('\n');

  before(async () => {
    server = await startPostgres();
    fill(server, ODD);
    server.psql('postgres', 'CREATE DATABASE plain;');
    server.psql(
      'plain',
      `CREATE TABLE t (a int PRIMARY KEY, b text); INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 50000) i;`,
    );
    filled = { odd: inventory(server, ODD), plain: inventory(server, 'plain'), roles: describeRoles(server) };
    scratch = new Scratch();
    policy = scratch.policy({
      targets: {
        db: {
          retry: { times: 0, wait: '1s' },
          components: { pg: { postgres: { socket: join(server.folder, `.s.PGSQL.${server.port}`) } } },
        },
      },
      vaults: { disk: { plain: scratch.at('vault'), keep: { daily: 30 } } },
      schedules: { daily: { at: '02:00', to: 'disk' } },
    });
  });
  after(async () => {
    await server?.stop();
    scratch?.[Symbol.dispose]();
  });

  /** A stored dump, as zcat gives it. */
  function linesOf(snapshot: string, database: string): string[] {
    const file = scratch.at('vault', snapshot, 'pg', `${database}.sql`);
    const options = { encoding: 'utf8', maxBuffer: 1 << 28 } as const;
    return execFileSync('sh', ['-c', 'zcat -f "$1"*', 'sh', file], options).split('\n');
  }

  function assertAllThere(): void {
    assert.deepEqual(inventory(server, ODD), filled.odd);
    assert.deepEqual(inventory(server, 'plain'), filled.plain);
  }

  test('every one is kept with its rows counted, and costs nothing while it does not change', async () => {
    const first = await backup();
    assert.equal(first.status, 0, first.stderr);
    const [target] = first.result.targets;
    assert.deepEqual(target?.troubles, { notes: 0, problems: 0 });
    const facts = target?.snapshot?.header.components[0]?.facts;
    assert.match(facts?.server ?? '', /^PostgreSQL \d+\.\d+$/);
    assert.deepEqual(
      facts?.databases?.map(({ name, file }) => [name, file]),
      [
        [ODD, `${ODD}.sql`],
        ['plain', 'plain.sql'],
        ['postgres', 'postgres.sql'],
      ],
    );
    const counts = new Map(facts?.databases?.[0]?.tables.map(({ name, rows }) => [name, rows]));
    assert.equal(counts.get('shop.customers'), 2003);
    assert.equal(counts.get('"Odd, ""name"""."Tab.le $1"'), 2);
    assert.equal(counts.get('public.measured_rest'), 70);
    assert.equal(counts.get('public.parent'), 1, 'rows of its children are theirs');
    assert.equal(counts.get('pg_catalog.pg_largeobject'), 2);

    const second = await backup();
    const told = second.result.targets[0]?.components[0] as unknown as {
      newBytes: number;
      unchanged: number;
    };
    assert.deepEqual([told.newBytes, told.unchanged], [0, 4]);
  });

  test('a new machine gets everything back, and a dump of that holds the same again', async () => {
    await server.renew();
    const planned = await plan();
    const effects = planned.result.effects.map(({ action, path }) => `${action} ${path}`);
    for (const one of [`create ${ODD}`, 'create plain', 'create role 営業 部', 'change postgres']) {
      assert.ok(effects.includes(one), `${one} in ${effects.join(', ')}`);
    }
    assert.deepEqual(databases(), ['postgres'], 'a dry run changes nothing');
    const restored = await restore();
    assert.equal(restored.status, 0, restored.stderr);
    assertAllThere();
    // The first user is the one that the new server was made with.
    const others = (lines: readonly string[]) =>
      lines.filter((line) => !line.includes('"rolname": "postgres"'));
    assert.deepEqual(others(describeRoles(server)), others(filled.roles));
    assert.deepEqual(databases(), [ODD, 'plain', 'postgres'].sort());
    const before = place;
    await backup();
    // A row may lie elsewhere in its table than it did, and then it comes at another place of the dump.
    for (const database of [ODD, 'plain', 'postgres'])
      assert.deepEqual(linesOf(place, database).sort(), linesOf(before, database).sort());
  });

  test('it goes by hand as well, with zcat and psql', async () => {
    await server.renew();
    // Without ON_ERROR_STOP: the first user and `postgres` are there already.
    server.client('psql', ['-X', '-q', '-d', 'postgres'], linesOf(place, 'globals').join('\n'));
    for (const database of [ODD, 'plain']) {
      server.psql(
        database,
        `SET default_transaction_read_only = off;\n${linesOf(place, database).join('\n')}`,
      );
    }
    assertAllThere();
  });

  test('what only the server has survives, and nobody who is logged in can stop it', async () => {
    server.psql(
      ODD,
      `SET default_transaction_read_only = off; SET search_path = public;
      UPDATE shop.customers SET favourite = NULL; DELETE FROM shop.orders WHERE id > 10; DROP TABLE public.measured; DROP FUNCTION shop.total(int);
      ALTER TABLE shop.customers DROP COLUMN photo; SELECT lo_unlink(77777);
      CREATE SCHEMA later AUTHORIZATION keeper;
      CREATE TABLE later."New one" (id serial PRIMARY KEY, customer int REFERENCES shop.customers, t text);
      INSERT INTO later."New one" (customer, t) VALUES (1, 'あ'), (2, 'い');`,
    );
    server.psql(
      'postgres',
      `CREATE ROLE newcomer; ALTER ROLE keeper PASSWORD 'changed'; CREATE DATABASE other; REVOKE readers FROM "営業 部";`,
    );
    const roles = describeRoles(server);
    server.psql('other', 'CREATE TABLE mine AS SELECT 1 AS a;');
    const planned = await plan();
    const effects = planned.result.effects.map(({ action, path, reasons }) => `${action} ${path} ${reasons}`);
    for (const one of [
      `change ${ODD} content`,
      `leave ${ODD}.later."New one" not-in-snapshot`,
      'leave other not-in-snapshot',
      'leave role newcomer not-in-snapshot',
    ])
      assert.ok(effects.includes(one), `${one} in ${effects.join('; ')}`);

    using client = new Client(server, ODD);
    await client.answered();
    const restored = await restore();
    assert.equal(restored.status, 0, restored.stderr);
    assert.ok(restored.result.safety?.complete);
    await client.answered();
    const there = inventory(server, ODD);
    for (const line of filled.odd) assert.ok(there.includes(line), line);
    const more = there.filter((line) => !filled.odd.includes(line));
    assert.ok(more.length > 0 && more.every((line) => line.includes('later')), more.join('\n'));
    assert.equal(server.psql(ODD, 'SELECT string_agg(t, \'\' ORDER BY id) FROM later."New one";'), 'あい');
    assert.equal(server.psql('other', 'SELECT a FROM mine;'), '1');
    assert.deepEqual(describeRoles(server), roles, 'accounts that are there stay what they are');
    assert.deepEqual(databases(), [ODD, 'other', 'plain', 'postgres'].sort());
  });

  test('with --delete surplus tables go, with --keep-old the old database stays, with --replace-accounts roles change', async () => {
    const restored = await restore('--delete', '--keep-old', '--replace-accounts', '--no-safety');
    assert.equal(restored.status, 0, restored.stderr);
    assertAllThere();
    const others = (lines: readonly string[]) =>
      lines.filter((line) => !line.includes('"rolname": "postgres"') && !line.includes('newcomer'));
    assert.deepEqual(others(describeRoles(server)), others(filled.roles));
    const kept = databases().filter((name) => name.includes('_hikae_old_'));
    assert.equal(kept.length, 3);
    const old = kept.find((name) => name.startsWith(ODD)) ?? '';
    assert.equal(server.psql(old, 'SELECT count(*) FROM later."New one";'), '2');
    const noted = await backup();
    assert.equal(noted.result.targets[0]?.troubles.notes, 3, 'a backup tells of what was left');
    for (const name of kept) server.psql('postgres', `DROP DATABASE "${name.replaceAll('"', '""')}";`);
  });

  test('a dump that is damaged in the vault costs its database only, and nothing there is touched', async () => {
    const folder = scratch.at('vault', place, 'pg');
    const [file] = readdirSync(folder).filter((name) => name.startsWith('plain.sql'));
    const path = join(folder, file ?? '');
    const whole = readFileSync(path);
    server.psql('plain', 'DELETE FROM t WHERE a > 5;');
    server.psql(
      ODD,
      'SET default_transaction_read_only = off; UPDATE shop.customers SET favourite = NULL; DELETE FROM shop.orders;',
    );
    truncateSync(path, whole.length - 100);
    try {
      const planned = await plan();
      assert.ok(
        planned.result.effects.some(
          ({ path: shown, reasons }) => shown === 'plain' && reasons[0] === 'stored-damaged',
        ),
      );
      const restored = await restore('--no-safety');
      assert.equal(restored.status, 1);
      assert.equal(restored.result.error?.code, 'DATABASE_DUMP_DAMAGED');
      assert.match(restored.result.error?.message ?? '', /plain/);
      assert.equal(server.psql('plain', 'SELECT count(*) FROM t;'), '5');
      assert.deepEqual(inventory(server, ODD), filled.odd);
      const verified = await run(policy, ['verify', 'db', '--level', 'full']);
      assert.equal(verified.status, 21);
    } finally {
      writeFileSync(path, whole);
    }
    assert.equal((await restore('--no-safety')).status, 0);
    assertAllThere();
  });

  test('--to DIR gives the dumps as files', async () => {
    const to = scratch.at('files');
    const restored = await run<ToldRestore>(policy, ['restore', 'db', '--to', to]);
    assert.equal(restored.status, 0, restored.stderr);
    assert.deepEqual(
      readdirSync(join(to, 'pg')).sort(),
      [ODD, 'globals', 'other', 'plain', 'postgres'].map((name) => `${name}.sql`).sort(),
    );
    assert.match(
      readFileSync(join(to, 'pg', 'plain.sql'), 'utf8'),
      /PostgreSQL database dump complete\n--\n\n$/,
    );
  });

  test('killed at any moment, the name has the old or the new database, and the next restore tidies up', async () => {
    const rounds = process.env.HIKAE_LONG === '1' ? 40 : 3;
    const started = performance.now();
    assert.equal((await restore('--no-safety')).status, 0);
    const whole = performance.now() - started;
    for (let round = 1; round <= rounds; round++) {
      server.psql('plain', `UPDATE t SET b = 'newer' WHERE a = 1;`);
      {
        using running = new Running(withPolicy(policy, ['restore', 'db', '--in-place', '--no-safety']));
        await new Promise((resolve) => setTimeout(resolve, (whole * round) / (rounds + 1)));
        running.kill('SIGKILL');
        await running.end;
      }
      // What it has started ends by itself, for want of input or of somebody who reads.
      for (
        let turn = 0;
        server.psql(
          'postgres',
          `SELECT count(*) FROM pg_stat_activity WHERE application_name ~ '^hikae';`,
        ) !== '0';
        turn++
      ) {
        assert.ok(turn < 200);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const value = server.psql('plain', 'SELECT b FROM t WHERE a = 1;');
      assert.ok(['newer', 'row 1'].includes(value), value);
      assert.equal(server.psql('plain', 'SELECT count(*) FROM t;'), '50000');
    }
    server.psql(
      'postgres',
      'CREATE DATABASE plain_hikae_replaced_00000000; CREATE DATABASE plain_hikae_old_00000000;',
    );
    const told = await plan();
    const removed = told.result.effects.filter(({ action }) => action === 'remove').map(({ path }) => path);
    assert.ok(removed.includes('plain_hikae_replaced_00000000'));
    const mended = await restore('--no-safety');
    assert.equal(mended.status, 0, mended.stderr);
    assertAllThere();
    assert.deepEqual(
      databases().filter((name) => name.includes('_hikae_')),
      ['plain_hikae_old_00000000'],
      'what somebody may have kept on purpose is not ours to remove',
    );
    server.psql('postgres', 'DROP DATABASE plain_hikae_old_00000000;');
  });

  test('a run that is cancelled in the middle of a load leaves the server as it was', async () => {
    using running = new Running(withPolicy(policy, ['restore', 'db', '--in-place', '--no-safety']));
    for (let turn = 0; !databases().some((name) => name.includes('_hikae_new_')); turn++) {
      assert.ok(turn < 500);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    running.kill('SIGINT');
    assert.equal((await running.end).status, 130);
    assert.deepEqual(databases(), [ODD, 'other', 'plain', 'postgres'].sort());
    assertAllThere();
  });

  test('a definition that changes in the middle of a dump is tried again', async () => {
    const trying = scratch.policy(
      {
        ...JSON.parse(readFileSync(policy, 'utf8')),
        targets: {
          db: {
            retry: { times: 1, wait: '1s' },
            components: {
              pg: { postgres: { socket: server.folder, port: server.port, databases: ['plain'] } },
            },
          },
        },
      },
      'trying.yaml',
    );
    server.psql('plain', 'CREATE TABLE brief (a int);');
    const holder = spawn('psql', ['-X', '-q', '-d', 'plain'], {
      env: { PATH: process.env.PATH, PGHOST: server.folder, PGPORT: String(server.port), PGUSER: 'postgres' },
      uid: execId('-u'),
      gid: execId('-g'),
      cwd: '/',
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    const ended = new Promise((resolve) => holder.once('close', resolve));
    holder.stdin?.write('BEGIN; LOCK TABLE brief IN ACCESS EXCLUSIVE MODE;\n');
    using running = new Running(withPolicy(trying, ['backup']));
    const waits = `SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT granted AND application_name ~ 'dump$';`;
    for (let turn = 0; server.psql('postgres', waits) === '0'; turn++) {
      assert.ok(turn < 500);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    holder.stdin?.end('DROP TABLE brief; COMMIT;\n');
    await ended;
    const { status, stdout, stderr } = await running.end;
    assert.equal(status, 0, stderr);
    const result = JSON.parse(stdout) as ToldBackup;
    const tables = result.targets[0]?.snapshot?.header.components[0]?.facts?.databases?.[0]?.tables;
    assert.deepEqual(tables, [{ name: 'public.t', rows: 50_000 }]);
    const events = stderr
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
    assert.equal(eventsOf({ events }, 'component.finished').length, 1);
  });
});

function execId(option: string): number {
  return Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
}

/** Somebody who is logged in all the time, and comes back at once when sent away. */
class Client {
  #ended = false;
  #answers = 0;
  readonly #loop: Promise<void>;

  constructor(server: PostgresServer, database: string) {
    this.#loop = this.#run(server, database);
  }

  async #run(server: PostgresServer, database: string): Promise<void> {
    while (!this.#ended) {
      const child = spawn('psql', ['-X', '-q', '-At', '-d', database], {
        env: {
          PATH: process.env.PATH,
          PGHOST: server.folder,
          PGPORT: String(server.port),
          PGUSER: 'postgres',
        },
        uid: execId('-u'),
        gid: execId('-g'),
        cwd: '/',
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      child.stdin.on('error', () => {});
      child.stdout.on('data', () => {
        this.#answers += 1;
      });
      const timer = setInterval(() => child.stdin.write('SELECT count(*) FROM shop.customers;\n'), 20);
      const stop = setInterval(() => this.#ended && child.kill('SIGKILL'), 20);
      await new Promise((resolve) => child.once('close', resolve));
      clearInterval(timer);
      clearInterval(stop);
    }
  }

  /** Resolves when the server has answered once more. */
  async answered(): Promise<void> {
    const before = this.#answers;
    while (this.#answers < before + 2) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    this.#loop.catch(() => {});
  }
}
