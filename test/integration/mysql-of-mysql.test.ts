/** The same with a real MySQL and its own clients, which differ from MariaDB's in options, accounts and definitions. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { isHikaeError } from '../../src/base/errors.ts';
import { createMysqlSource } from '../../src/source/mysql/mysql.ts';
import { databaseHost, restore, restoreRequest, take } from '../doubles/dumps.ts';
import { type MysqlServer, startMysql } from '../servers/mysql.ts';
import { databases, witness } from './mysql-witness.ts';

const shop = readFileSync(new URL('./mysql-shop.sql', import.meta.url), 'utf8');

let server: MysqlServer;

before(async () => {
  server = await startMysql();
  server.sql(`${shop}
CREATE USER app@'%' IDENTIFIED BY 'S3cret;ひみつ'; CREATE ROLE reader, writer;
GRANT SELECT ON shop.* TO reader; GRANT reader TO writer; GRANT INSERT ON shop.orders TO writer;
GRANT writer, reader TO app@'%'; SET DEFAULT ROLE writer TO app@'%';
GRANT UPDATE (note) ON shop.customers TO app@'%' WITH GRANT OPTION;
GRANT EXECUTE ON PROCEDURE shop.pay TO app@'%'; GRANT BACKUP_ADMIN ON *.* TO app@'%';`);
});
after(() => server.stop());

/** A column's character set is shown or not by how the table was made, though it is the same. */
const all = () =>
  databases(server).map((name) =>
    witness(server, name).map((line) =>
      line.replace(/ CHARACTER SET \w+ COLLATE \w+/g, '').replace(/ COLLATE \w+/g, ''),
    ),
  );

const grants = () =>
  server.sql(
    "SET print_identified_with_as_hex = ON; SHOW CREATE USER app@'%'; SHOW GRANTS FOR app@'%'; SHOW GRANTS FOR writer; SHOW CREATE USER reader",
  );

const sourceWith = (path: string) =>
  createMysqlSource(databaseHost({ environment: { PATH: path, LANG: 'C.UTF-8' } }));

for (const together of [false, true]) {
  test(`databases and accounts of MySQL come back${together ? ', from dumps of one instant' : ''}`, async () => {
    const source = sourceWith(server.programs);
    const origin = {
      kind: 'mysql',
      together,
      server: { via: 'socket', path: server.socket },
      databases: 'all',
    } as const;
    const [was, could] = [all(), grants()];
    const taken = await take(source, origin);
    assert.match(taken.facts.server ?? '', /^MySQL \d/);
    for (const name of databases(server)) server.sql(`DROP DATABASE \`${name.replaceAll('`', '``')}\``);
    server.sql("DROP USER app@'%'; DROP ROLE reader, writer");
    const { troubles } = await restore(source, restoreRequest(taken, origin));
    assert.deepEqual(troubles, []);
    assert.deepEqual(all(), was);
    assert.equal(grants(), could);
    server.sql(
      `DELETE FROM orders; DROP PROCEDURE pay; ALTER USER app@'%' IDENTIFIED BY 'y'; REVOKE reader FROM app@'%'; CREATE ROLE other; GRANT other TO app@'%';
CREATE TABLE mine (id INT PRIMARY KEY, customer INT, CONSTRAINT of_mine FOREIGN KEY (customer) REFERENCES customers (id)); INSERT INTO mine VALUES (1, 1)`,
      'shop',
    );
    const again = await restore(source, restoreRequest(taken, origin, { replaceAccounts: true }));
    assert.deepEqual(again.troubles, []);
    assert.match(server.sql('SHOW CREATE TABLE mine', 'shop'), /REFERENCES `customers`/);
    server.sql('DROP TABLE mine; DROP ROLE other', 'shop');
    assert.deepEqual(all(), was);
    assert.equal(grants(), could);
  });
}

test('clients of MariaDB are not let near it: their dumps of it do not load', async () => {
  const origin = {
    kind: 'mysql',
    together: false,
    server: { via: 'socket', path: server.socket },
    databases: 'all',
  } as const;
  await assert.rejects(
    take(sourceWith(process.env.PATH ?? ''), origin),
    (error) => isHikaeError(error, 'DATABASE_CLIENT_OTHER') && error.details.clientProduct === 'MariaDB',
  );
});
