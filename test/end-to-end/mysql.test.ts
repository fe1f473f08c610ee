/** Databases of MariaDB through the command itself: backed up, looked at, lost, brought back, and killed on the way. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { databases, witness } from '../integration/mysql-witness.ts';
import { type MariadbServer, startMariadb } from '../servers/mariadb.ts';
import { Running, run, runPlain, Scratch, type ToldPlan, type ToldRestore, withPolicy } from './command.ts';

const shop = readFileSync(new URL('../integration/mysql-shop.sql', import.meta.url), 'utf8');

let server: MariadbServer;
let scratch: Scratch;
let policy: string;

before(async () => {
  scratch = new Scratch();
  server = await startMariadb();
  server.sql(`${shop}USE shop; CREATE TABLE many (id INT PRIMARY KEY, text VARCHAR(500));
INSERT INTO many SELECT seq, REPEAT('x', 500) FROM seq_1_to_40000;
CREATE TABLE own (id INT PRIMARY KEY);`);
  scratch.write('password', `${server.password}\n`, 0o600);
  const { port } = server;
  policy = scratch.policy({
    targets: {
      blog: {
        components: {
          mysql: {
            mysql: {
              host: '127.0.0.1',
              port,
              databases: ['shop'],
              password: { file: scratch.at('password') },
            },
          },
        },
      },
    },
    vaults: { disk: { plain: scratch.at('vault') } },
    schedules: { daily: { at: '02:00', to: 'disk' } },
  });
});
after(async () => {
  await server.stop();
  scratch[Symbol.dispose]();
});

/** The arguments of everything that runs below us, again and again while the work is done. */
async function watched<Result>(
  work: Promise<Result>,
): Promise<{ result: Result; seen: ReadonlySet<string> }> {
  const seen = new Set<string>();
  let over = false;
  const done = work.finally(() => {
    over = true;
  });
  while (!over) {
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      try {
        seen.add(readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' '));
      } catch {
        // It has ended meanwhile.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return { result: await done, seen };
}

const latest = () => scratch.at('vault/daily/blog/latest');

test('a backup, and a second one that costs nothing', async () => {
  const { result: first, seen } = await watched(run(policy, ['backup']));
  assert.equal(first.status, 0, first.stderr);
  const dumps = [...seen].filter((line) => line.includes('mariadb-dump'));
  assert.ok(dumps.length > 0);
  const [component] = first.result.targets[0]?.snapshot?.header.components ?? [];
  assert.equal(component?.facts?.databases?.[0]?.tables.find(({ name }) => name === 'many')?.rows, 40_000);
  const end = ['-c', 'zcat "$0" | tail -n 1', join(latest(), 'mysql/shop.sql.gz')];
  assert.equal(execFileSync('sh', end, { encoding: 'utf8' }), '-- Dump completed\n');
  const ls = await runPlain(withPolicy(policy, ['ls', 'blog', 'mysql']));
  assert.match(ls.stdout, /accounts\.sql/);
  const dump = await runPlain(withPolicy(policy, ['dump', 'blog', 'mysql/shop.sql']));
  assert.match(dump.stdout, /^-- MariaDB dump[\s\S]*\n-- Dump completed\n$/);
  const inode = statSync(join(latest(), 'mysql/shop.sql.gz')).ino;
  const second = await run(policy, ['backup']);
  assert.equal(second.status, 0);
  assert.equal(statSync(join(latest(), 'mysql/shop.sql.gz')).ino, inode);
  const secret = server.password.slice(0, 11);
  for (const line of seen) assert.ok(!line.includes(secret), line);
  const places = [scratch.at('vault'), scratch.at('state')];
  const found = execFileSync('sh', ['-c', 'zgrep -rlF "$0" "$@" || true', secret, ...places], {
    encoding: 'utf8',
  });
  assert.equal(found, '');
  assert.ok(!`${first.stdout}${first.stderr}`.includes(secret));
});

test('what was lost comes back, and the plan says so before', async () => {
  const was = witness(server, 'shop');
  server.sql("DELETE FROM orders; UPDATE customers SET note = 'lost'", 'shop');
  const now = witness(server, 'shop');
  const plan = await run<ToldPlan>(policy, ['restore', 'blog', '--in-place', '--dry-run']);
  assert.equal(plan.status, 0, plan.stderr);
  const planned = plan.result.effects.map(({ action, path }) => `${action} ${path}`);
  assert.deepEqual(planned.sort(), ['change shop', 'leave bare', 'leave odd `db` 名/前']);
  assert.deepEqual(witness(server, 'shop'), now);
  const { result: restored, seen } = await watched(
    run<ToldRestore>(policy, ['restore', 'blog', '--in-place']),
  );
  assert.equal(restored.status, 0, restored.stderr);
  assert.deepEqual(witness(server, 'shop'), was);
  for (const line of seen) assert.ok(!line.includes(server.password.slice(0, 11)), line);
  const id = restored.result.safety?.header.id ?? '';
  const undone = await run<ToldRestore>(policy, ['restore', 'blog', '--date', id, '--in-place']);
  assert.equal(undone.status, 0, undone.stderr);
  assert.deepEqual(witness(server, 'shop'), now);
  const folder = scratch.at('files');
  assert.equal((await run(policy, ['restore', 'blog', '--to', folder])).status, 0);
  assert.match(readFileSync(join(folder, 'mysql/shop.sql'), 'utf8'), /-- Dump completed\n$/);
});

/** Resolves when the server says that it is so far. */
async function until(query: string, running: Running): Promise<void> {
  while (server.sql(query) === '0') {
    if (running.child.exitCode !== null) throw new Error('the restore ended before');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const tablesIn = (kind: string) =>
  `SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA LIKE 'shop\\_hikae\\_${kind}\\_%'`;

const moments = {
  'while the dump is loaded': tablesIn('new'),
  'when the tables have been renamed': tablesIn('replaced'),
};

for (const [when, query] of Object.entries(moments)) {
  test(`a restore is killed ${when}, and the next one mends it`, async () => {
    const backup = await run(policy, ['backup']);
    assert.equal(backup.status, 0, backup.stderr);
    const was = witness(server, 'shop');
    server.sql("UPDATE customers SET note = 'lost'; INSERT INTO own VALUES (1)", 'shop');
    {
      using running = new Running(withPolicy(policy, ['restore', 'blog', '--in-place', '--no-safety']));
      await until(query, running);
      running.kill('SIGKILL');
      await running.end;
    }
    // A table is there with all its rows at any time, the old ones or the new ones.
    assert.equal(server.sql('SELECT COUNT(*) FROM many', 'shop'), '40000');
    assert.equal(server.sql('SELECT COUNT(*) FROM customers', 'shop'), '4');
    const told = await run(policy, ['backup']);
    assert.match(told.stderr, /left-over/);
    const { place } = backup.result.targets[0]?.snapshot ?? { place: '' };
    const mended = await run<ToldRestore>(policy, [
      'restore',
      'blog',
      '--date',
      place,
      '--in-place',
      '--no-safety',
    ]);
    assert.equal(mended.status, 0, mended.stderr);
    assert.deepEqual(witness(server, 'shop'), was);
    assert.deepEqual(
      databases(server).filter((name) => name.includes('_hikae_')),
      [],
    );
  });
}

test('without its server the component is missing, and the run says so', async () => {
  await server.kill();
  const quick = scratch.policy(
    {
      ...JSON.parse(readFileSync(policy, 'utf8')),
      state: scratch.at('state2'),
      targets: {
        blog: { ...JSON.parse(readFileSync(policy, 'utf8')).targets.blog, retry: { times: 1, wait: '1s' } },
      },
    },
    'quick.yaml',
  );
  const { status, result } = await run(quick, ['backup']);
  await server.start();
  assert.equal(status, 1);
  assert.equal(result.targets[0]?.error?.code, 'NOTHING_CAPTURED');
});
