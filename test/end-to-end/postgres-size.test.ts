/** A dump that is larger than memory should be, and one that is larger than the disk. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { type PostgresServer, startPostgres } from '../servers/postgres.ts';
import { isRoot, type Ran, Running, run, Scratch, withPolicy } from './command.ts';

const LONG = process.env.HIKAE_LONG === '1';
/** Rows of 1 MB; the server packs them, their dump isn't. */
const ROWS = LONG ? 2_000 : 150;
/** KiB that a run may have in memory: what Node.js and a pipe take, whatever the size of the dump. */
const MOST = 320 * 1024;
/** Less is not hikae. */
const LEAST = 40 * 1024;

describe('the size of a dump', {
  skip: !isRoot && 'a server needs a user of its own',
  timeout: 3_000_000,
}, () => {
  let server: PostgresServer;
  let scratch: Scratch;
  before(async () => {
    server = await startPostgres();
    scratch = new Scratch();
    server.psql('postgres', 'CREATE DATABASE large; CREATE DATABASE dense;');
    server.psql(
      'large',
      `CREATE TABLE t AS SELECT i, repeat(md5(i::text), 31250) AS text FROM generate_series(1, ${ROWS}) i;`,
    );
    server.psql('dense', 'CREATE TABLE t (text text);');
  });
  after(async () => {
    await server?.stop();
    scratch?.[Symbol.dispose]();
  });

  const policyFor = (database: string, vault: string) =>
    scratch.policy(
      {
        targets: {
          db: {
            retry: { times: 0, wait: '1s' },
            components: {
              pg: { postgres: { socket: server.folder, port: server.port, databases: [database] } },
            },
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
    server.psql('large', 'DELETE FROM t;');
    const restored = await withPeak(['restore', 'db', '--in-place', '--no-safety'], policy);
    assert.equal(restored.ran.status, 0, restored.ran.stderr.slice(-2_000));
    assert.ok(restored.peak > LEAST && restored.peak < MOST, `${restored.peak} KiB to restore it`);
    const rows = server.psql(
      'large',
      'SELECT count(*), count(DISTINCT md5(text)), min(length(text)) FROM t;',
    );
    assert.equal(rows, `${ROWS}|${ROWS}|1000000`);
  });

  test('that no longer fits on the disk fails the run, and the snapshot before stays whole', async () => {
    const disk = scratch.at('disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=700', 'tmpfs', disk]);
    try {
      const policy = policyFor('dense', `${disk}/vault`);
      const first = await run(policy, ['backup']);
      assert.equal(first.status, 0, first.stderr);
      server.psql('dense', `INSERT INTO t SELECT md5(random()::text) FROM generate_series(1, 1000000);`);
      const second = await run(policy, ['backup']);
      assert.equal(second.status, 1);
      assert.equal(second.result.targets[0]?.error?.code, 'VAULT_FULL');
      const verified = await run(policy, ['verify', 'db', '--level', 'full']);
      assert.equal(verified.status, 0, verified.stderr);
      const idle = `SELECT count(*) FROM pg_stat_activity WHERE application_name ~ '^hikae';`;
      assert.equal(server.psql('postgres', idle), '0');
      server.psql('dense', 'TRUNCATE t;');
      assert.equal((await run(policy, ['backup'])).status, 0);
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});

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
