import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type HikaeError, isHikaeError } from '../../src/base/errors.ts';
import type { Origin } from '../../src/model/snapshot.ts';
import { createMysqlSource } from '../../src/source/mysql/mysql.ts';
import type { Source } from '../../src/source/source.ts';
import { databaseHost, restore, restoreRequest, take } from '../doubles/dumps.ts';
import { type DockerEngine, startDocker } from '../servers/docker.ts';
import { buildMariadb, runMariadb } from '../servers/docker-images.ts';
import { databases, witness } from './mysql-witness.ts';

const shop = readFileSync(new URL('./mysql-shop.sql', import.meta.url), 'utf8');
const password = 'word-in-the-container';

let engine: DockerEngine;
let source: Source;
const origin: Extract<Origin, { kind: 'mysql' }> = {
  kind: 'mysql',
  together: true,
  server: { via: 'docker', container: 'maria' },
  password: { env: password },
  databases: 'all',
};

/** The container's own client. */
const server = {
  sql(statements: string, database = 'mysql') {
    const client = [
      'mariadb',
      '--user=root',
      '--batch',
      '--skip-column-names',
      '--default-character-set=utf8mb4',
    ];
    return engine.docker(['exec', '-i', '-e', 'MYSQL_PWD', 'maria', ...client, database], {
      input: statements,
      environment: { MYSQL_PWD: password },
    });
  },
};

before(async () => {
  engine = await startDocker();
  const environment = { PATH: process.env.PATH, LANG: 'C.UTF-8', ...engine.environment };
  source = createMysqlSource(databaseHost({ environment }));
  await runMariadb(engine, buildMariadb(engine), {
    name: 'maria',
    password,
    serverOptions: ['--event-scheduler=ON'],
  });
  server.sql(shop);
});
after(() => engine.stop());

async function failing(work: Promise<unknown>): Promise<HikaeError> {
  try {
    await work;
  } catch (error) {
    if (isHikaeError(error)) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

test('databases in a container are dumped and come back by the clients inside', async () => {
  const names = databases(server);
  const was = names.map((name) => witness(server, name));
  const taken = await take(source, origin);
  assert.ok(![...taken.files.values()].some((content) => content.includes(password)));
  server.sql(
    'DROP DATABASE bare; DELETE FROM shop.orders; DROP TABLE shop.nothing; CREATE TABLE shop.mine (a INT);',
  );
  const { troubles } = await restore(source, restoreRequest(taken, origin, { delete: true }));
  assert.deepEqual(troubles, []);
  assert.deepEqual(databases(server), names);
  assert.deepEqual(
    names.map((name) => witness(server, name)),
    was,
  );
  const again = await take(source, origin);
  assert.deepEqual(again.files, taken.files);
});

test('a wrong password is named and not printed', async () => {
  const error = await failing(take(source, { ...origin, password: { env: 'not-the-word' } }));
  assert.deepEqual([error.code, error.transient], ['DATABASE_LOGIN_REFUSED', false]);
  assert.doesNotMatch(JSON.stringify(error), /not-the-word/);
});

test('a container that is not there, and one that goes while it is read', async () => {
  const missing = await failing(take(source, { ...origin, server: { via: 'docker', container: 'nobody' } }));
  assert.deepEqual([missing.code, missing.transient], ['DATABASE_CONTAINER_GONE', true]);
  server.sql(
    "CREATE TABLE a_large (id INT PRIMARY KEY, text VARCHAR(1000)); INSERT INTO a_large SELECT seq, REPEAT('x', 1000) FROM seq_1_to_20000;",
    'shop',
  );
  let removed = false;
  const seen = (file: string) => {
    if (file !== 'shop.sql' || removed) return;
    removed = true;
    engine.docker(['rm', '--force', 'maria']);
  };
  const gone = await failing(take(source, origin, { seen }));
  assert.ok(removed);
  assert.equal(gone.transient, true, gone.message);
  assert.match(gone.code, /^DATABASE_(?:CONTAINER_GONE|DUMP_FAILED|DUMP_CUT|UNREACHABLE)$/);
});
