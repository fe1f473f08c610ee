import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, test } from 'node:test';
import type { Origin } from '../../src/model/snapshot.ts';
import { createMysqlSource } from '../../src/source/mysql/mysql.ts';
import { databaseHost, restore, restoreRequest, take } from '../doubles/dumps.ts';
import { type MariadbServer, startMariadb } from '../servers/mariadb.ts';
import { databases, witness } from './mysql-witness.ts';

const shop = readFileSync(new URL('./mysql-shop.sql', import.meta.url), 'utf8');
/** What MariaDB has and MySQL lacks. */
const ofMariadb = `USE shop;
CREATE SEQUENCE numbers START WITH 5;
CREATE TABLE tickets (id INT DEFAULT NEXTVAL(numbers) PRIMARY KEY, word VARCHAR(9));
INSERT INTO tickets (word) VALUES ('five'), ('six');
CREATE TABLE prices (id INT PRIMARY KEY, price INT) WITH SYSTEM VERSIONING;
INSERT INTO prices VALUES (1, 10), (2, 20);
UPDATE prices SET price = 11 WHERE id = 1;
DELETE FROM prices WHERE id = 2;
CREATE USER app@'%' IDENTIFIED BY 'S3cret;ひみつ'; CREATE ROLE reader; CREATE ROLE writer;
GRANT SELECT ON shop.* TO reader; GRANT reader TO writer; GRANT INSERT ON shop.orders TO writer;
GRANT writer TO app@'%'; SET DEFAULT ROLE writer FOR app@'%';
GRANT UPDATE (note) ON shop.customers TO app@'%' WITH GRANT OPTION; GRANT EXECUTE ON PROCEDURE shop.pay TO app@'%';
CREATE USER "o'dd ;name"@'10.%' IDENTIFIED BY 'x' REQUIRE SSL WITH MAX_USER_CONNECTIONS 3;
`;
const accounts = ["app@'%'", "\"o'dd ;name\"@'10.%'"];

let server: MariadbServer;
let origin: Extract<Origin, { kind: 'mysql' }>;
const source = createMysqlSource(databaseHost());

before(async () => {
  server = await startMariadb();
  origin = {
    kind: 'mysql',
    together: false,
    server: { via: 'socket', path: server.socket },
    databases: 'all',
  };
});
after(() => server.stop());

beforeEach(() => {
  wipe();
  server.sql(shop + ofMariadb);
});

function wipe(): void {
  for (const name of databases(server)) server.sql(`DROP DATABASE \`${name.replaceAll('`', '``')}\``);
  server.sql(
    `DROP USER IF EXISTS ${accounts.join(', ')}; DROP ROLE IF EXISTS reader, writer, other; DROP USER IF EXISTS extra@'%';`,
  );
}

function all(): Map<string, string[]> {
  return new Map(databases(server).map((name) => [name, witness(server, name)]));
}

const grants = () =>
  server.sql(
    `${accounts.map((name) => `SHOW CREATE USER ${name}; SHOW GRANTS FOR ${name};`).join(' ')} SHOW GRANTS FOR reader; SHOW GRANTS FOR writer;`,
  );

for (const together of [false, true]) {
  test(`everything comes back into an empty server${together ? ', from dumps of one instant' : ''}`, async () => {
    const [was, could] = [all(), grants()];
    const taken = await take(source, { ...origin, together });
    assert.deepEqual(
      [...taken.files.keys()],
      ['accounts.sql', 'bare.sql', 'odd `db` å\x90\x8d%2Få\x89\x8d.sql', 'shop.sql'],
    );
    assert.equal(taken.facts.server, `MariaDB ${server.sql('SELECT VERSION()').split('-')[0]}`);
    wipe();
    const { effects, troubles, restored } = await restore(source, restoreRequest(taken, origin));
    assert.deepEqual(troubles, []);
    assert.deepEqual(
      effects
        .filter(({ action }) => action === 'create')
        .map(({ path }) => path)
        .sort(),
      ['`app`@`%`', "`o'dd ;name`@`10.%`", '`reader`', '`writer`', 'bare', 'odd `db` 名/前', 'shop'],
    );
    assert.equal(restored, 7);
    assert.deepEqual(all(), was);
    assert.equal(grants(), could);
    const again = await take(source, { ...origin, together });
    for (const [name, content] of taken.files)
      assert.equal(again.files.get(name)?.toString(), content.toString(), name);
  });
}

test('rows are counted as the dump has them', async () => {
  const { facts, troubles } = await take(source, origin);
  const tables = facts.databases?.find(({ name }) => name === 'shop')?.tables;
  assert.deepEqual(Object.fromEntries((tables ?? []).map(({ name, rows }) => [name, rows])), {
    customers: 4,
    logged: 2,
    nothing: 0,
    'odd `name` (日本), VALUES (': 3,
    orders: 3,
    parts: 3,
    pictures: 2,
    prices: 3,
    tickets: 2,
  });
  assert.deepEqual(troubles, [
    { weight: 'note', code: 'not-transactional', path: 'db/shop.logged', reason: 'MyISAM' },
  ]);
});

test('what only the server has survives, and what it has changed is as it was', async () => {
  const taken = await take(source, origin);
  const was = all();
  server.sql(`USE shop;
DELETE FROM orders; UPDATE customers SET name = CONCAT(name, '?'); DROP TABLE parts; DROP PROCEDURE pay; DROP VIEW again;
CREATE VIEW parts AS SELECT 1 AS a; CREATE TABLE again (a INT); INSERT INTO again VALUES (1);
CREATE TABLE mine (id INT PRIMARY KEY, customer INT, CONSTRAINT of_mine FOREIGN KEY (customer) REFERENCES customers (id));
INSERT INTO mine VALUES (1, 1), (2, NULL);
CREATE TRIGGER shop.late AFTER UPDATE ON shop.orders FOR EACH ROW INSERT INTO mine VALUES (9, NULL);
CREATE PROCEDURE own() SELECT 1;
CREATE DATABASE other; CREATE TABLE other.a (a INT, customer INT, CONSTRAINT of_other FOREIGN KEY (customer) REFERENCES shop.customers (id)); INSERT INTO other.a VALUES (1, 1);
CREATE USER extra@'%'; GRANT SELECT ON shop.* TO extra@'%';
ALTER USER app@'%' IDENTIFIED BY 'new'; REVOKE INSERT ON shop.orders FROM writer;`);
  const other = witness(server, 'other');
  const mine = server.sql('SHOW CREATE TABLE mine; SELECT * FROM mine ORDER BY 1', 'shop');
  const rights = server.sql("SHOW GRANTS FOR extra@'%'; SHOW GRANTS FOR writer; SHOW CREATE USER app@'%';");
  const { effects, troubles } = await restore(source, restoreRequest(taken, origin));
  assert.deepEqual(troubles, []);
  const told = (action: string) =>
    effects.filter((effect) => effect.action === action).map(({ path }) => path);
  assert.deepEqual(told('change').sort(), ['bare', 'odd `db` 名/前', 'shop']);
  for (const path of ['`extra`@`%`', 'other', 'shop.mine']) assert.ok(told('leave').includes(path), path);
  assert.equal(server.sql('SHOW CREATE TABLE mine; SELECT * FROM mine ORDER BY 1', 'shop'), mine);
  assert.deepEqual(witness(server, 'other'), other);
  assert.equal(
    server.sql("SHOW GRANTS FOR extra@'%'; SHOW GRANTS FOR writer; SHOW CREATE USER app@'%';"),
    rights,
  );
  assert.throws(() => server.sql('INSERT INTO mine VALUES (3, 999)', 'shop'), /of_mine/);
  server.sql(
    'INSERT INTO mine VALUES (3, 2); DROP DATABASE other; DROP TABLE mine; DROP PROCEDURE own',
    'shop',
  );
  assert.deepEqual(all(), was);
});

test('what is replaced is kept when that is wanted, and surplus goes when that is wanted', async () => {
  const taken = await take(source, { ...origin, databases: ['shop'] });
  const was = witness(server, 'shop');
  server.sql('CREATE TABLE mine (a INT); INSERT INTO mine VALUES (5); DELETE FROM customers', 'shop');
  await restore(source, restoreRequest(taken, origin, { keepOld: true, delete: true }));
  assert.deepEqual(witness(server, 'shop'), was);
  const old = databases(server).filter((name) => name.startsWith('shop_hikae_old_'));
  assert.equal(old.length, 1);
  assert.equal(server.sql('SELECT COUNT(*) FROM customers; SELECT a FROM mine', old[0]), '0\n5');
  const { troubles, facts } = await take(source, origin);
  assert.deepEqual(
    troubles.filter(({ code }) => code === 'left-over').map(({ path }) => path),
    [`db/${old[0]}`],
  );
  assert.deepEqual(
    facts.databases?.map(({ name }) => name),
    ['bare', 'odd `db` 名/前', 'shop'],
  );
});

test('accounts become what they were when that is wanted, all but the one that restores', async () => {
  const could = grants();
  const taken = await take(source, { ...origin, databases: ['shop'] });
  server.sql(
    "ALTER USER app@'%' IDENTIFIED BY 'new'; REVOKE writer FROM app@'%'; CREATE ROLE other; GRANT other TO app@'%'; GRANT DROP ON shop.* TO reader;",
  );
  const { effects, troubles } = await restore(
    source,
    restoreRequest(taken, origin, { replaceAccounts: true }),
  );
  assert.deepEqual(troubles, []);
  const told = (action: string) =>
    effects.filter((effect) => effect.action === action).map(({ path }) => path);
  assert.deepEqual(told('change').sort(), ['`app`@`%`', '`reader`', '`root`@`localhost`', 'shop']);
  assert.equal(grants(), could);
  assert.match(server.sql('SHOW GRANTS'), /GRANT ALL PRIVILEGES ON \*\.\*/);
});

test('a dump loads by hand into a server that knows nothing of it', async () => {
  const was = all();
  const { files } = await take(source, origin);
  wipe();
  for (const [name, content] of files)
    if (name !== 'accounts.sql' && !name.startsWith('odd')) server.sql(content.toString());
  const odd = [...files].find(([name]) => name.startsWith('odd'));
  server.sql(odd?.[1].toString() ?? '');
  server.sql(files.get('accounts.sql')?.toString() ?? '');
  assert.deepEqual(all(), was);
});

test('a row whose bytes take more room in the dump than the server allows a statement comes back', async () => {
  server.sql(`INSERT INTO orders (customer, content) VALUES (1, REPEAT(X'00', 12000000))`, 'shop');
  const limit = server.sql('SELECT @@GLOBAL.max_allowed_packet');
  assert.ok(Number(limit) < 24_000_000);
  const was = server.sql('SELECT SHA2(content, 256) FROM orders ORDER BY id', 'shop');
  const taken = await take(source, { ...origin, databases: ['shop'] });
  server.sql('DELETE FROM orders', 'shop');
  await restore(source, restoreRequest(taken, origin));
  assert.equal(server.sql('SELECT SHA2(content, 256) FROM orders ORDER BY id', 'shop'), was);
  assert.equal(server.sql('SELECT @@GLOBAL.max_allowed_packet'), limit);
});
