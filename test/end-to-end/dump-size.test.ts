/** A dump that is larger than memory should be, and one that is larger than the disk. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startMariadb } from '../servers/mariadb.ts';
import { startPostgres } from '../servers/postgres.ts';
import { isRoot, type Ran, Running, run, Scratch, withPolicy } from './command.ts';

const LONG = process.env.HIKAE_LONG === '1';
/** Rows of 1 MB; the server packs them, their dump isn't. */
const ROWS = LONG ? 2_000 : 150;
/** KiB that a run may have in memory: what Node.js and a pipe take, whatever the size of the dump. */
const MOST = 320 * 1024;
/** Less is not hikae. */
const LEAST = 40 * 1024;

/** What these tests want of a server: two databases, `large` with ROWS rows of 1 MB, `dense` with an empty table of text. */
interface SizedServer {
  /** the component that dumps one of them */
  component(database: 'large' | 'dense'): object;
  /** Runs a statement in a database and gives what it prints, `|` between values. */
  ask(database: 'large' | 'dense', statement: string): string;
  /** a statement that puts a million rows that can't be packed well into `dense` */
  readonly grow: string;
  /** how many sessions of hikae there are still */
  sessions(): number;
  stop(): Promise<void>;
}

const servers: Readonly<Record<string, (scratch: Scratch) => Promise<SizedServer>>> = {
  async PostgreSQL() {
    const server = await startPostgres();
    server.psql('postgres', 'CREATE DATABASE large; CREATE DATABASE dense;');
    server.psql(
      'large',
      `CREATE TABLE t AS SELECT i, repeat(md5(i::text), 31250) AS text FROM generate_series(1, ${ROWS}) i;`,
    );
    server.psql('dense', 'CREATE TABLE t (text text);');
    const others = `SELECT count(*) FROM pg_stat_activity WHERE application_name ~ '^hikae';`;
    return {
      component: (database) => ({
        postgres: { socket: server.folder, port: server.port, databases: [database] },
      }),
      ask: (database, statement) => server.psql(database, statement),
      grow: 'INSERT INTO t SELECT md5(random()::text) FROM generate_series(1, 1000000);',
      sessions: () => Number(server.psql('postgres', others)),
      stop: () => server.stop(),
    };
  },
  async MariaDB(scratch) {
    const server = await startMariadb();
    server.sql(`CREATE DATABASE large; CREATE DATABASE dense; CREATE TABLE dense.t (text TEXT);
USE large; CREATE TABLE t AS SELECT seq AS i, REPEAT(MD5(seq), 31250) AS text FROM seq_1_to_${ROWS};`);
    scratch.write('password', `${server.password}\n`, 0o600);
    const others =
      "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'root' AND id <> CONNECTION_ID();";
    return {
      component: (database) => ({
        mysql: {
          host: '127.0.0.1',
          port: server.port,
          databases: [database],
          password: { file: scratch.at('password') },
        },
      }),
      ask: (database, statement) => server.sql(statement, database).replaceAll('\t', '|'),
      grow: 'INSERT INTO t SELECT MD5(RAND()) FROM seq_1_to_1000000;',
      sessions: () => Number(server.sql(others)),
      stop: () => server.stop(),
    };
  },
};

for (const [name, start] of Object.entries(servers)) {
  describe(`the size of a dump of ${name}`, {
    skip: !isRoot && 'a server needs a user of its own',
    timeout: 3_000_000,
  }, () => {
    let server: SizedServer;
    let scratch: Scratch;
    before(async () => {
      scratch = new Scratch();
      server = await start(scratch);
    });
    after(async () => {
      await server?.stop();
      scratch?.[Symbol.dispose]();
    });

    const policyFor = (database: 'large' | 'dense', vault: string) =>
      scratch.policy(
        {
          targets: {
            db: {
              retry: { times: 0, wait: '1s' },
              components: { one: server.component(database) },
            },
          },
          vaults: { disk: { plain: vault, keep: { daily: 30 } } },
          schedules: { daily: { at: '02:00', to: 'disk' } },
        },
        `${database}.yaml`,
      );

    test('takes no memory, neither there nor back', async () => {
      const policy = policyFor('large', scratch.at('vault'));
      const kept = await withPeak(['backup'], policy);
      assert.equal(kept.ran.status, 0, kept.ran.stderr);
      const component = JSON.parse(kept.ran.stdout).targets[0].components[0] as { bytes: number };
      assert.ok(component.bytes > ROWS * 1_000_000);
      assert.ok(kept.peak > LEAST && kept.peak < MOST, `${kept.peak} KiB to keep it`);
      server.ask('large', 'DELETE FROM t;');
      const restored = await withPeak(['restore', 'db', '--in-place', '--no-safety'], policy);
      assert.equal(restored.ran.status, 0, restored.ran.stderr.slice(-2_000));
      assert.ok(restored.peak > LEAST && restored.peak < MOST, `${restored.peak} KiB to restore it`);
      const sums = 'SELECT COUNT(*), COUNT(DISTINCT MD5(text)), MIN(LENGTH(text)) FROM t;';
      assert.equal(server.ask('large', sums), `${ROWS}|${ROWS}|1000000`);
    });

    test('that no longer fits on the disk fails the run, and the snapshot before stays whole', async () => {
      const disk = scratch.at('disk');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=700', 'tmpfs', disk]);
      try {
        const policy = policyFor('dense', `${disk}/vault`);
        const first = await run(policy, ['backup']);
        assert.equal(first.status, 0, first.stderr);
        server.ask('dense', server.grow);
        const second = await run(policy, ['backup']);
        assert.equal(second.status, 1);
        assert.equal(second.result.targets[0]?.error?.code, 'VAULT_FULL');
        const verified = await run(policy, ['verify', 'db', '--level', 'full']);
        assert.equal(verified.status, 0, verified.stderr);
        await gone(server);
        server.ask('dense', 'TRUNCATE TABLE t;');
        assert.equal((await run(policy, ['backup'])).status, 0);
      } finally {
        execFileSync('umount', [disk]);
      }
    });
  });
}

/** A server takes a moment to see that a client has gone. */
async function gone(server: SizedServer): Promise<void> {
  const until = performance.now() + 30_000;
  while (server.sessions() > 0) {
    assert.ok(performance.now() < until, 'a session of hikae stays open');
    await delay(50);
  }
}

/** Runs to the end; the most memory that hikae's own process had, in KiB. */
async function withPeak(args: readonly string[], policy: string): Promise<{ ran: Ran; peak: number }> {
  using running = new Running(withPolicy(policy, args));
  let peak = 0;
  const timer = setInterval(() => {
    const { pid, exitCode } = running.child;
    if (pid === undefined || exitCode !== null) return;
    peak = Math.max(
      peak,
      Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0),
    );
  }, 20);
  try {
    const ran = await running.end;
    return { ran, peak };
  } finally {
    clearInterval(timer);
  }
}
