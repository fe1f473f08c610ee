import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureOf } from './failures.ts';

const told = { server: 'MariaDB (host)', user: 'root' };

const cases = [
  [
    "ERROR 1045 (28000): Access denied for user 'root'@'localhost' (using password: YES)",
    'DATABASE_LOGIN_REFUSED',
    false,
  ],
  ["ERROR 1698 (28000): Access denied for user 'root'@'localhost'", 'DATABASE_LOGIN_REFUSED', false],
  [
    "ERROR 2002 (HY000): Can't connect to local server through socket '/run/x' (2)",
    'DATABASE_UNREACHABLE',
    true,
  ],
  [
    "mysqldump: Got error: 2003: Can't connect to MySQL server on '127.0.0.1:3306' (111) when trying to connect",
    'DATABASE_UNREACHABLE',
    true,
  ],
  [
    'mariadb-dump: Error 2013: Lost connection to server during query when dumping table `t` at row: 12',
    'DATABASE_UNREACHABLE',
    true,
  ],
  [
    'mariadb-dump: Error 1412: Table definition has changed, please retry transaction when dumping table `t` at row: 0',
    'DATABASE_CHANGED',
    true,
  ],
  [
    "mysqldump: Couldn't execute 'show create table `t`': Table 'a.t' doesn't exist (1146)",
    'DATABASE_CHANGED',
    true,
  ],
  [
    'mariadb-dump: Got error: 1049: "Unknown database \'x\'" when selecting the database',
    'DATABASE_MISSING',
    false,
  ],
  [
    "mysqldump: Error: 'Access denied; you need (at least one of) the PROCESS privilege(s) for this operation' (1227)",
    'DATABASE_FORBIDDEN',
    false,
  ],
  ['mariadb-dump: Got errno 28 on write', 'DATABASE_DUMP_FAILED', true],
] as const;

for (const [said, code, transient] of cases) {
  test(said, () => {
    const error = failureOf(said, { program: 'mariadb-dump', arguments: [], database: 'x' }, told);
    assert.deepEqual([error.code, error.transient], [code, transient]);
    assert.ok(error.message.includes(code === 'DATABASE_MISSING' ? 'x' : said));
  });
}

test('of a script that failed, the error is told and not the statement', () => {
  const said =
    "-------------- CREATE USER a IDENTIFIED BY 'secret' -------------- ERROR 1396 (HY000) at line 2: Operation CREATE USER failed";
  const { message } = failureOf(said, { program: 'mariadb', arguments: [] }, told);
  assert.match(message, /Operation CREATE USER failed/);
  assert.doesNotMatch(message, /secret/);
});
