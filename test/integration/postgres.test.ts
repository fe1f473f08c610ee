/** The source of PostgreSQL with a real server: under a writer, over TCP, and when things go wrong. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { HikaeError } from '../../src/base/errors.ts';
import { Secret } from '../../src/base/secret.ts';
import type { Node } from '../../src/model/node.ts';
import type { ComponentFacts, DatabaseFacts } from '../../src/model/snapshot.ts';
import type { Trouble } from '../../src/model/trouble.ts';
import type { PostgresOrigin } from '../../src/source/postgres/connection.ts';
import { createPostgresSource } from '../../src/source/postgres/postgres.ts';
import type { RestorePlan } from '../../src/source/source.ts';
import { fileOf, MemorySnapshot, nodeOf } from '../doubles/memory-snapshot.ts';
import { freePort } from '../servers/free-port.ts';
import { type PostgresServer, startPostgres } from '../servers/postgres.ts';

const isRoot = process.getuid?.() === 0;
const never = new AbortController().signal;

interface Taken {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly facts: ComponentFacts;
  readonly troubles: readonly Trouble[];
}

describe('the source of PostgreSQL', {
  skip: !isRoot && 'a server needs a user of its own',
  timeout: 600_000,
}, () => {
  let server: PostgresServer;
  let folder: string;
  before(async () => {
    server = await startPostgres();
    server.psql('postgres', 'CREATE DATABASE app;');
    server.psql(
      'app',
      `CREATE TABLE big AS SELECT i, md5(i::text) || repeat('x', 200) AS text FROM generate_series(1, 100000) i;
      CREATE TABLE accounts (id int PRIMARY KEY, amount int NOT NULL);
      CREATE TABLE journal (id serial PRIMARY KEY, moved int NOT NULL);
      INSERT INTO accounts VALUES (1, 0), (2, 0);`,
    );
    folder = mkdtempSync(join(tmpdir(), 'hikae-stubs-'));
    chmodSync(folder, 0o755);
  });
  after(async () => {
    await server?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  const source = (options: { password?: string; PATH?: string } = {}) =>
    createPostgresSource({
      clock: { now: () => Date.now(), elapsed: () => performance.now() / 1000 },
      environment: { PATH: options.PATH ?? process.env.PATH, LANG: 'ja_JP.UTF-8' },
      owner: { uid: 0, gid: 0, user: '', group: '' },
      secret: async () => new Secret(options.password ?? server.password),
      random: (size) => crypto.getRandomValues(new Uint8Array(size)),
      planFiles: async () => {
        throw new TypeError('not to a folder');
      },
    });
  const bySocket = (): PostgresOrigin => ({
    kind: 'postgres',
    server: { via: 'socket', path: server.folder, port: server.port },
    databases: ['app'],
  });
  const byTcp = (user?: string): PostgresOrigin => ({
    kind: 'postgres',
    server: { via: 'tcp', host: '127.0.0.1', port: server.port },
    password: { env: 'PASSWORD' },
    ...(user === undefined ? {} : { user }),
    databases: ['app'],
  });

  async function take(
    origin: PostgresOrigin,
    options: Parameters<typeof source>[0] & { during?: (size: number) => Promise<void> | void } = {},
  ): Promise<Taken> {
    const troubles: Trouble[] = [];
    const capture = await source(options).capture(origin, {
      component: 'pg',
      signal: never,
      avoid: [],
      troubles: (found) => troubles.push(found),
    });
    const files = new Map<string, Buffer>();
    for await (const batch of capture.nodes()) {
      for (const { metadata, content } of batch) {
        if (content?.kind !== 'stream') continue;
        const parts: Uint8Array[] = [];
        for await (const part of content.open(never)) {
          parts.push(Buffer.from(part));
          await options.during?.(part.length);
        }
        files.set(metadata.path, Buffer.concat(parts));
      }
    }
    return { files, facts: (await capture.facts?.()) ?? {}, troubles };
  }

  async function plan(taken: Pick<Taken, 'files' | 'facts'>, origin = bySocket()): Promise<RestorePlan> {
    const nodes: Node[] = [nodeOf('pg', { type: 'dir' })];
    const contents = new Map<string, Buffer>();
    for (const [name, content] of [...taken.files].sort(([a], [b]) => (a < b ? -1 : 1))) {
      nodes.push(fileOf(`pg/${name}`, content));
      contents.set(`pg/${name}`, content);
    }
    const reader = new MemorySnapshot(nodes, contents, origin, taken.facts);
    const request = { reader, component: 'pg', origin, to: { kind: 'in-place' }, delete: false } as const;
    return source().planRestore(request, { signal: never });
  }

  async function restore(taken: Pick<Taken, 'files' | 'facts'>, origin?: PostgresOrigin) {
    const troubles: Trouble[] = [];
    const found = await plan(taken, origin);
    const result = await found.execute({
      emit: () => {},
      troubles: (one) => troubles.push(one),
      signal: never,
    });
    return { ...result, troubles };
  }

  const refused =
    (code: string, transient: boolean, text = /./) =>
    (error: HikaeError) => {
      assert.equal(error.code, code, error.message);
      assert.equal(error.transient, transient);
      assert.match(error.message, text);
      return true;
    };

  test('a dump under a writer that never stops is of one moment, and its counts are of the same', async () => {
    const writer = spawn(
      'sh',
      ['-c', 'while :; do cat "$0"; done | psql -X -q -d app', join(folder, 'writes.sql')],
      {
        env: {
          PATH: process.env.PATH,
          PGHOST: '127.0.0.1',
          PGPORT: String(server.port),
          PGUSER: 'postgres',
          PGPASSWORD: server.password,
        },
        stdio: 'ignore',
        detached: true,
      },
    );
    writeFileSync(
      join(folder, 'writes.sql'),
      `BEGIN; UPDATE accounts SET amount = amount + 1 WHERE id = 1; UPDATE accounts SET amount = amount - 1 WHERE id = 2;
      INSERT INTO journal (moved) VALUES (1); COMMIT;\n`,
    );
    const written = () => Number(server.psql('app', 'SELECT count(*) FROM journal;'));
    try {
      while (written() < 10) await new Promise((resolve) => setTimeout(resolve, 20));
      const first = written();
      // A slow vault: the writer gets far while the dump is read.
      const taken = await take(bySocket(), {
        during: () => new Promise((resolve) => setTimeout(resolve, 2)),
      });
      assert.ok(written() > first);
      const rows = new Map(taken.facts.databases?.[0]?.tables.map((table) => [table.name, table.rows]));
      const journal = rows.get('public.journal') ?? 0;
      assert.ok(journal >= first);
      const dump = String(taken.files.get('app.sql'));
      const accounts = /COPY public\.accounts .*\n(.*)\n(.*)\n/.exec(dump)?.slice(1, 3).sort();
      assert.deepEqual(accounts, [`1\t${journal}`, `2\t-${journal}`]);
      assert.equal(/COPY public\.journal .*\n((?:\d.*\n)*)/.exec(dump)?.[1]?.split('\n').length, journal + 1);
    } finally {
      process.kill(-(writer.pid as number), 'SIGKILL');
    }
  });

  test('by TCP with a password, which is in nobody’s arguments, there and back', async () => {
    const seen = new Set<string>();
    const look = () => {
      for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        if (!existsSync(`/proc/${pid}/cmdline`)) continue;
        try {
          seen.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
        } catch (error) {
          assert.match(String(error), /ENOENT|ESRCH/);
        }
      }
    };
    const timer = setInterval(look, 10);
    try {
      const taken = await take(byTcp());
      server.psql('app', 'DELETE FROM big WHERE i > 10;');
      await restore(taken, byTcp());
    } finally {
      clearInterval(timer);
    }
    assert.equal(server.psql('app', 'SELECT count(*) FROM big;'), '100000');
    const argv = [...seen].join('\n');
    for (const client of ['pg_dump', 'pg_dumpall', 'psql']) assert.match(argv, new RegExp(`bin/${client} `));
    assert.ok(!argv.includes(server.password));
  });

  test('a role that may only read keeps everything but the passwords, and is told so', async () => {
    server.psql('postgres', `CREATE ROLE saver LOGIN PASSWORD 'saves'; GRANT pg_read_all_data TO saver;`);
    const taken = await take(byTcp('saver'), { password: 'saves' });
    assert.deepEqual(
      taken.troubles.map(({ code, weight }) => [code, weight]),
      [['no-role-passwords', 'note']],
    );
    const globals = String(taken.files.get('globals.sql'));
    assert.match(globals, /CREATE ROLE saver;/);
    assert.doesNotMatch(globals, /PASSWORD/);
    assert.equal(taken.facts.databases?.[0]?.tables.find(({ name }) => name === 'public.big')?.rows, 100_000);
  });

  test('a wrong password is named and not printed', async () => {
    const failed = take(byTcp(), { password: 'geheim-falsch' });
    await assert.rejects(
      failed,
      refused('DATABASE_LOGIN_REFUSED', false, /postgres: .*password authentication failed/),
    );
    await failed.catch((error: Error) => {
      const text = JSON.stringify(error) + error.stack + String(error.cause);
      assert.ok(!text.includes('geheim-falsch'));
    });
  });

  test('a server that does not answer is out of reach, for now', async () => {
    const port = await freePort();
    const nowhere = { ...byTcp(), server: { via: 'tcp', host: '127.0.0.1', port } } as const;
    await assert.rejects(take(nowhere), refused('DATABASE_UNREACHABLE', true, /Connection refused/));
    const none = { ...bySocket(), server: { via: 'socket', path: folder } } as const;
    await assert.rejects(take(none), refused('DATABASE_UNREACHABLE', true, /No such file/));
  });

  test('a database that is not there is named', async () => {
    const origin = { ...bySocket(), databases: ['app', 'none such'] };
    await assert.rejects(take(origin), refused('DATABASE_MISSING', false, /none such/));
  });

  test('without client programs, or with too old ones, nothing is taken', async () => {
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    await assert.rejects(
      take(bySocket(), { PATH: empty }),
      refused('DATABASE_CLIENT_MISSING', false, /psql/),
    );
    // No package of Debian's has an older client: this one only says that it is.
    const PATH = stub('old', 'pg_dump', 'echo "pg_dump (PostgreSQL) 9.6.24"');
    await assert.rejects(
      take(bySocket(), { PATH }),
      refused('DATABASE_CLIENT_OLD', false, /pg_dump 9\.6\.24/),
    );
  });

  test('a dump without its end is none, even if the client is content with it', async () => {
    const whole = execFileSync('sh', ['-c', 'command -v pg_dump'], { encoding: 'utf8' }).trim();
    const cut = `case $1 in --version) exec ${whole} --version;; esac\n${whole} "$@" | head -c 5000`;
    const PATH = stub('cut', 'pg_dump', cut);
    await assert.rejects(take(bySocket(), { PATH }), refused('DATABASE_DUMP_CUT', true, /app/));
  });

  test('a server that dies in the middle of a dump fails it, and the next try has everything', async () => {
    let size = 0;
    const dying = take(bySocket(), {
      async during(more) {
        size += more;
        if (size > 1_000_000 && size - more <= 1_000_000) await server.kill();
      },
    });
    await assert.rejects(dying, (error: HikaeError) => {
      assert.ok(
        ['DATABASE_DUMP_FAILED', 'DATABASE_UNREACHABLE', 'DATABASE_QUERY_FAILED'].includes(error.code),
        error.code,
      );
      assert.ok(error.transient, error.code);
      return true;
    });
    await server.start();
    const taken = await take(bySocket());
    assert.ok(String(taken.files.get('app.sql')).endsWith('PostgreSQL database dump complete\n--\n\n'));
  });

  test('a dump that is given up leaves nothing running on the server', async () => {
    const capture = await source().capture(bySocket(), {
      component: 'pg',
      signal: never,
      avoid: [],
      troubles: () => {},
    });
    for await (const batch of capture.nodes()) {
      const content = batch.find(({ metadata }) => metadata.path === 'app.sql')?.content;
      if (content?.kind === 'stream') for await (const _ of content.open(never)) break;
    }
    assert.equal(
      server.psql('postgres', `SELECT count(*) FROM pg_stat_activity WHERE application_name ~ '^hikae';`),
      '0',
    );
  });

  describe('what a snapshot may not do', () => {
    let taken: Taken;
    let app: DatabaseFacts;
    before(async () => {
      taken = await take(bySocket());
      app = taken.facts.databases?.[0] as DatabaseFacts;
      server.psql('app', 'DELETE FROM accounts;');
    });

    const forged = (change: (dump: string) => string, file = 'app.sql') => ({
      facts: taken.facts,
      files: new Map(taken.files).set(file, Buffer.from(change(String(taken.files.get(file))))),
    });
    const withFacts = (facts: Partial<DatabaseFacts>) => ({
      files: taken.files,
      facts: { ...taken.facts, databases: [{ ...app, ...facts }] },
    });
    function assertUntouched(): void {
      assert.equal(server.psql('app', 'SELECT count(*) FROM accounts;'), '0');
      const names = server.psql(
        'postgres',
        'SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1;',
      );
      assert.deepEqual(names.split('\n'), ['app', 'postgres']);
    }

    test('run commands of psql', async () => {
      const mark = join(folder, 'touched');
      chmodSync(folder, 0o777);
      for (const command of [`\\! touch ${mark}`, `\\o ${mark}`, '\\connect postgres']) {
        const evil = forged((dump) => dump.replace('CREATE TABLE', `${command}\nCREATE TABLE`));
        await assert.rejects(restore(evil), refused('DATABASE_LOAD_FAILED', false, /restricted/));
        assertUntouched();
      }
      const definition = [
        ...app.definition,
        ['ALTER DATABASE ', ` SET x TO y\n\\! touch ${mark}\n`] as const,
      ];
      await assert.rejects(restore(withFacts({ definition })), refused('DATABASE_DUMP_DAMAGED', false));
      const roles = forged(
        (text) => text.replace('CREATE ROLE', `ALTER ROLE postgres\n\\! touch ${mark}\n;\nCREATE ROLE`),
        'globals.sql',
      );
      const found = await plan(roles);
      const reasons: string[] = [];
      for await (const batch of found.effects({ signal: never }))
        reasons.push(...batch.flatMap((effect) => effect.reasons));
      assert.ok(reasons.includes('unknown-statement'));
      await found.execute({ emit: () => {}, troubles: () => {}, signal: never });
      assert.ok(!existsSync(mark));
      server.psql('app', 'DELETE FROM accounts;');
    });

    test('put less than it says into service', async () => {
      const short = forged((dump) => dump.replace(/^1\t-?\d+\n/m, ''));
      await assert.rejects(
        restore(short),
        refused('DATABASE_COUNTS_DIFFER', false, /public\.accounts: 1 ≠ 2/),
      );
      assertUntouched();
      const tables = [...app.tables, { name: 'public.gone', rows: 0 }];
      await assert.rejects(
        restore(withFacts({ tables })),
        refused('DATABASE_COUNTS_DIFFER', false, /public\.gone/),
      );
      assertUntouched();
    });

    test('fail half-way and leave anything', async () => {
      const wrong = forged((dump) => dump.replace('ADD CONSTRAINT', 'ADD NO CONSTRAINT'));
      await assert.rejects(restore(wrong), refused('DATABASE_LOAD_FAILED', false, /syntax error/));
      assertUntouched();
      const cut = forged((dump) => dump.slice(0, -100));
      await assert.rejects(restore(cut), refused('DATABASE_DUMP_DAMAGED', false, /cut short/));
      assertUntouched();
      const damaged = {
        facts: taken.facts,
        files: new Map([...taken.files].filter(([name]) => name !== 'app.sql')),
      };
      await assert.rejects(restore(damaged), refused('DATABASE_DUMP_DAMAGED', false, /missing/));
      assertUntouched();
    });
  });

  function stub(name: string, program: string, script: string): string {
    const place = join(folder, name);
    mkdirSync(place);
    writeFileSync(join(place, program), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return `${place}:${process.env.PATH}`;
  }

  test('a dump is the same as long as nothing changes', async () => {
    const hashes = async () =>
      [...(await take(bySocket())).files].map(([name, content]) => [
        name,
        createHash('sha256').update(content).digest('hex'),
      ]);
    assert.deepEqual(await hashes(), await hashes());
  });
});
