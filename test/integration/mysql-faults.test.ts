import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type HikaeError, isHikaeError } from '../../src/base/errors.ts';
import type { Origin } from '../../src/model/snapshot.ts';
import type { Trouble } from '../../src/model/trouble.ts';
import { createMysqlSource } from '../../src/source/mysql/mysql.ts';
import { databaseHost, restore, restoreRequest, take } from '../doubles/dumps.ts';
import { freePort } from '../servers/free-port.ts';
import { type MariadbServer, startMariadb } from '../servers/mariadb.ts';
import { databases, witness } from './mysql-witness.ts';

type MysqlOrigin = Extract<Origin, { kind: 'mysql' }>;

let server: MariadbServer;
let origin: MysqlOrigin;
let programs: string;
const source = createMysqlSource(databaseHost());

/** More than lies in any buffer on the way, so that what comes behind it is not read before it is asked for. */
const large = `CREATE TABLE a_large (id INT PRIMARY KEY, text VARCHAR(1000));
INSERT INTO a_large SELECT seq, REPEAT('x', 1000) FROM seq_1_to_20000;`;

before(async () => {
  server = await startMariadb();
  origin = {
    kind: 'mysql',
    together: false,
    server: { via: 'socket', path: server.socket },
    databases: ['shop'],
  };
  programs = mkdtempSync(join(tmpdir(), 'hikae-programs-'));
  server.sql(`CREATE DATABASE shop; USE shop; ${large}
CREATE TABLE b (id INT PRIMARY KEY, word TEXT); INSERT INTO b VALUES (1, 'one'), (2, 'two');
CREATE TABLE c (id INT PRIMARY KEY, b INT, CONSTRAINT of_b FOREIGN KEY (b) REFERENCES b (id)); INSERT INTO c VALUES (1, 1);
CREATE TRIGGER on_c BEFORE INSERT ON c FOR EACH ROW SET NEW.id = NEW.id + 1;
CREATE DATABASE second; CREATE TABLE second.t (id INT PRIMARY KEY); INSERT INTO second.t VALUES (1);`);
});
after(async () => {
  await server.stop();
  rmSync(programs, { recursive: true });
});

async function failing(work: Promise<unknown>): Promise<HikaeError> {
  try {
    await work;
  } catch (error) {
    if (isHikaeError(error)) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

/** A source whose clients are found where a program of the test stands before them. */
function withProgram(name: string, script: string) {
  writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(programs, name), 0o755);
  return createMysqlSource(
    databaseHost({ environment: { PATH: `${programs}:${process.env.PATH}`, LANG: 'C.UTF-8' } }),
  );
}

describe('a server that can not be had', () => {
  test('a wrong password is named and not printed', async () => {
    const tcp = { via: 'tcp', host: '127.0.0.1', port: server.port } as const;
    const error = await failing(take(source, { ...origin, server: tcp, password: { env: 'not-the-word' } }));
    assert.deepEqual([error.code, error.transient], ['DATABASE_LOGIN_REFUSED', false]);
    assert.match(error.message, /root/);
    assert.doesNotMatch(`${error.message} ${error.hint} ${JSON.stringify(error)}`, /not-the-word/);
    const { files } = await take(source, { ...origin, server: tcp, password: { env: server.password } });
    assert.ok(files.has('shop.sql'));
  });

  test('nobody listens', async () => {
    const tcp = { via: 'tcp', host: '127.0.0.1', port: await freePort() } as const;
    const error = await failing(take(source, { ...origin, server: tcp }));
    assert.deepEqual([error.code, error.transient], ['DATABASE_UNREACHABLE', true]);
    const socket = { via: 'socket', path: '/nonexistent/socket' } as const;
    assert.equal((await failing(take(source, { ...origin, server: socket }))).code, 'DATABASE_UNREACHABLE');
  });

  test('a database is not there', async () => {
    const error = await failing(take(source, { ...origin, databases: ['shop', 'nowhere'] }));
    assert.deepEqual([error.code, error.details.database], ['DATABASE_MISSING', 'nowhere']);
  });

  test('there is no client', async () => {
    const without = createMysqlSource(databaseHost({ environment: { PATH: '/nonexistent' } }));
    const error = await failing(take(without, origin));
    assert.deepEqual([error.code, error.details.program], ['DATABASE_CLIENT_MISSING', 'mariadb']);
  });

  test('the client is older than the server', async () => {
    const older = withProgram(
      'mariadb-dump',
      "echo 'mariadb-dump  Ver 10.19 Distrib 10.5.21-MariaDB, for Linux'",
    );
    const error = await failing(take(older, origin));
    assert.deepEqual([error.code, error.transient], ['DATABASE_CLIENT_OLD', false]);
    rmSync(join(programs, 'mariadb-dump'));
  });

  test('the client is one of another product', async () => {
    const other = withProgram('mariadb-dump', "echo 'mysqldump  Ver 99.0.0 for Linux on x86_64'");
    const error = await failing(take(other, origin));
    assert.deepEqual([error.code, error.details.serverProduct], ['DATABASE_CLIENT_OTHER', 'MariaDB']);
    rmSync(join(programs, 'mariadb-dump'));
  });
});

describe('a dump that does not get to its end', () => {
  for (const together of [false, true]) {
    test(`the server dies${together ? ' while several are taken' : ''}`, async () => {
      let killed = false;
      const seen = async (file: string) => {
        if (file !== 'shop.sql' || killed) return;
        killed = true;
        await server.kill();
      };
      const error = await failing(take(source, { ...origin, together, databases: 'all' }, { seen }));
      await server.start();
      assert.ok(killed);
      assert.deepEqual([error.code, error.transient], ['DATABASE_UNREACHABLE', true]);
    });
  }

  test('the client is cut off and reports success', async () => {
    const cut = withProgram(
      'mariadb-dump',
      'case "$*" in *--databases*) /usr/bin/mariadb-dump "$@" | head -c 3000 ;; *) exec /usr/bin/mariadb-dump "$@" ;; esac',
    );
    for (const together of [false, true]) {
      const error = await failing(take(cut, { ...origin, together }));
      assert.deepEqual([error.code, error.details.program], ['DATABASE_DUMP_CUT', 'mariadb-dump']);
    }
    rmSync(join(programs, 'mariadb-dump'));
  });

  test('a run that is cancelled leaves no client behind', async () => {
    const stop = new AbortController();
    const seen = () => stop.abort(new Error('enough'));
    await assert.rejects(take(source, origin, { signal: stop.signal, seen }), /enough/);
    const dumps =
      "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '%SQL_NO_CACHE%' AND ID <> CONNECTION_ID()";
    assert.equal(server.sql(dumps), '0');
  });
});

describe('definitions that change while a dump is made', () => {
  const changes = {
    'a column is added': 'ALTER TABLE shop.b ADD COLUMN more INT',
    'a table is emptied': 'TRUNCATE TABLE shop.b2',
    'a table is made anew': 'DROP TABLE shop.b2; CREATE TABLE shop.b2 (id INT PRIMARY KEY)',
  };
  for (const [what, change] of Object.entries(changes)) {
    test(what, async () => {
      server.sql('CREATE OR REPLACE TABLE b2 (id INT PRIMARY KEY); INSERT INTO b2 VALUES (1)', 'shop');
      // Times of definitions are seconds.
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      let changed = false;
      const seen = () => {
        if (!changed) server.sql(change);
        changed = true;
      };
      const error = await failing(
        take(source, origin, { seen: (file) => (file === 'shop.sql' ? seen() : undefined) }),
      );
      assert.deepEqual([error.code, error.transient], ['DATABASE_CHANGED', true], error.message);
      server.sql('ALTER TABLE b DROP COLUMN IF EXISTS more; DROP TABLE b2', 'shop');
      assert.ok((await take(source, origin)).files.has('shop.sql'));
    });
  }
});

describe('somebody writes all the time', () => {
  for (const together of [false, true]) {
    test(`the sum over ${together ? 'both databases' : 'a database'} is the same at any instant`, async () => {
      const second = together ? 'second' : 'shop';
      server.sql(`CREATE OR REPLACE TABLE shop.z_from (n INT); INSERT INTO shop.z_from VALUES (1000000);
CREATE OR REPLACE TABLE ${second}.z_to (n INT); INSERT INTO ${second}.z_to VALUES (0);
CREATE OR REPLACE TABLE shop.z_rows (id INT PRIMARY KEY AUTO_INCREMENT) ENGINE = InnoDB;
DELIMITER //
CREATE EVENT shop.writer ON SCHEDULE EVERY 1 SECOND DO BEGIN
  DECLARE i INT DEFAULT 0;
  WHILE i < 2000 DO
    SET i = i + 1;
    START TRANSACTION; UPDATE shop.z_from SET n = n - 1; UPDATE ${second}.z_to SET n = n + 1; INSERT INTO shop.z_rows VALUES (); COMMIT;
  END WHILE;
END//`);
      const before = server.sql('SELECT COUNT(*) FROM z_rows', 'shop');
      let parts = 0;
      const seen = async () => {
        parts += 1;
        if (parts % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 50));
      };
      const { files, facts } = await take(
        source,
        { ...origin, together, databases: ['shop', 'second'] },
        { seen },
      );
      server.sql('DROP EVENT shop.writer');
      const later = server.sql('SELECT COUNT(*) FROM z_rows', 'shop');
      assert.ok(Number(later) > Number(before), 'nobody wrote');
      const numberIn = (file: string, table: string) =>
        Number(
          new RegExp(`INSERT INTO \`${table}\` VALUES\\s*\\((\\d+)\\)`).exec(
            files.get(file)?.toString() ?? '',
          )?.[1],
        );
      assert.equal(numberIn('shop.sql', 'z_from') + numberIn(`${second}.sql`, 'z_to'), 1_000_000);
      const counted = facts.databases
        ?.find(({ name }) => name === 'shop')
        ?.tables.find(({ name }) => name === 'z_rows');
      assert.equal(counted?.rows, 1_000_000 - numberIn('shop.sql', 'z_from'));
      server.sql(`DROP TABLE shop.z_from, ${second}.z_to, shop.z_rows`);
    });
  }
});

describe('who the clients run as', () => {
  /** The users that ran a client, each with whether it loaded. */
  async function usersOf(restored: MysqlOrigin): Promise<string[]> {
    const taken = await take(source, { ...origin, databases: ['second'] });
    const trace = join(programs, 'users');
    chmodSync(programs, 0o777);
    writeFileSync(trace, '');
    chmodSync(trace, 0o666);
    const watching = withProgram(
      'mariadb',
      `case "$*" in *--database=second*) what=loads ;; *) what=asks ;; esac; echo "$(id -u) $what" >>${trace}; exec /usr/bin/mariadb "$@"`,
    );
    await restore(watching, restoreRequest(taken, restored));
    rmSync(join(programs, 'mariadb'));
    return [...new Set(readFileSync(trace, 'utf8').trim().split('\n'))].sort();
  }

  test('over the network and with a password, nobody is root', async () => {
    const tcp = { via: 'tcp', host: '127.0.0.1', port: server.port } as const;
    const users = await usersOf({ ...origin, server: tcp, password: { env: server.password } });
    assert.deepEqual(users, ['65534 asks', '65534 loads']);
  });

  test('where the server knows its users by those of the system, its own one loads', async () => {
    assert.deepEqual(await usersOf(origin), ['0 asks', '0 loads', '65534 asks']);
    server.sql(
      'CREATE USER nobody@localhost IDENTIFIED VIA unix_socket; GRANT ALL ON *.* TO nobody@localhost WITH GRANT OPTION',
    );
    assert.deepEqual(await usersOf(origin), ['0 asks', '65534 asks', '65534 loads']);
    server.sql('DROP USER nobody@localhost');
  });
});

describe('a restore that can not be', () => {
  test('a dump that is cut short costs its database, and the others come back', async () => {
    const taken = await take(source, { ...origin, databases: ['second', 'shop'] });
    const was = witness(server, 'shop');
    server.sql('DELETE FROM t', 'second');
    server.sql("UPDATE b SET word = 'new'", 'shop');
    const now = witness(server, 'shop');
    const whole = taken.files.get('shop.sql') as Buffer;
    const cut = new Map([['shop.sql', whole.subarray(0, whole.length - 100)]]);
    const request = restoreRequest({ snapshot: () => taken.snapshot(cut) }, origin);
    const error = await failing(restore(source, request));
    assert.deepEqual([error.code, error.details.database], ['DATABASE_DUMP_DAMAGED', 'shop']);
    assert.deepEqual(witness(server, 'shop'), now);
    assert.equal(server.sql('SELECT id FROM t', 'second'), '1');
    await restore(source, restoreRequest(taken, origin));
    assert.deepEqual(witness(server, 'shop'), was);
  });

  const wrong: Readonly<Record<string, [from: RegExp, to: string, code: string]>> = {
    'a statement that fails': [/CREATE TABLE `c`/, 'CREATE TABEL `c`', 'DATABASE_LOAD_FAILED'],
    'a row too few': [/\(1,'one'\),\n/, '', 'DATABASE_COUNTS_DIFFER'],
    'a command of the client': [
      /INSERT INTO `c` VALUES/,
      '\\\\! touch HERE\nsystem touch HERE\nINSERT INTO `c` VALUES',
      'DATABASE_LOAD_FAILED',
    ],
    'a file of this machine': [
      /INSERT INTO `c` VALUES/,
      "LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE b (word);\nINSERT INTO `c` VALUES",
      'DATABASE_LOAD_FAILED',
    ],
  };
  for (const [what, [from, to, code]] of Object.entries(wrong)) {
    test(what, async () => {
      const taken = await take(source, origin);
      const was = witness(server, 'shop');
      const trace = join(programs, 'trace');
      chmodSync(programs, 0o777);
      const text = taken.files.get('shop.sql')?.toString() ?? '';
      const changed = text.replace(from, to.replaceAll('HERE', trace));
      assert.notEqual(changed, text);
      const forged = taken.snapshot(new Map([['shop.sql', Buffer.from(changed)]]));
      const error = await failing(restore(source, restoreRequest({ snapshot: () => forged }, origin)));
      assert.equal(error.code, code, error.message);
      assert.throws(() => rmSync(trace), /ENOENT/);
      assert.deepEqual(witness(server, 'shop'), was);
      assert.deepEqual(databases(server), ['second', 'shop']);
    });
  }

  test('a database that was not there is not there afterwards either', async () => {
    server.sql(
      'CREATE DATABASE third; USE third; CREATE SEQUENCE s; CREATE TABLE t (id INT DEFAULT NEXTVAL(s) PRIMARY KEY); INSERT INTO t VALUES (7);',
    );
    const taken = await take(source, { ...origin, databases: ['third'] });
    server.sql('DROP DATABASE third');
    const text = taken.files.get('third.sql')?.toString() ?? '';
    const forged = taken.snapshot(
      new Map([['third.sql', Buffer.from(text.replace('INSERT INTO `t`', 'INSERT INTO `u`'))]]),
    );
    const error = await failing(restore(source, restoreRequest({ snapshot: () => forged }, origin)));
    assert.equal(error.code, 'DATABASE_LOAD_FAILED');
    assert.deepEqual(databases(server), ['second', 'shop']);
    await restore(source, restoreRequest(taken, origin));
    assert.equal(server.sql('SELECT id FROM t', 'third'), '7');
    server.sql('DROP DATABASE third');
  });

  test('objects that can not be made are named, and the rest is there', async () => {
    const taken = await take(source, origin);
    const text = taken.files.get('shop.sql')?.toString() ?? '';
    const forged = taken.snapshot(
      new Map([['shop.sql', Buffer.from(text.replace('SET NEW.id = NEW.id + 1', 'SET NEW.di = 1'))]]),
    );
    const troubles: Trouble[] = [];
    await restore(source, restoreRequest({ snapshot: () => forged }, origin), {
      told: (found) => troubles.push(found),
    });
    assert.deepEqual(
      troubles.map(({ code, path }) => [code, path]),
      [['unwritable', 'db/shop']],
    );
    assert.match(troubles[0]?.reason ?? '', /di/);
    await restore(source, restoreRequest(taken, origin));
    assert.equal(
      server.sql("SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'shop'"),
      'on_c',
    );
    assert.deepEqual(databases(server), ['second', 'shop']);
  });

  test('who holds a table with an open transaction is sent away', async () => {
    const taken = await take(source, origin);
    const was = witness(server, 'shop');
    const holder = server.hold("USE shop; START TRANSACTION; UPDATE b SET word = 'held';");
    await holder.ready;
    await restore(source, restoreRequest(taken, origin));
    assert.deepEqual(witness(server, 'shop'), was);
    await holder.end();
  });
});
