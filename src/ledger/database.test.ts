import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Clock } from '../base/clock.ts';
import { isHikaeError } from '../base/errors.ts';
import { openDatabase } from './database.ts';
import { migrations } from './migrations.ts';

const clock: Clock = { now: () => 0, elapsed: () => 0 };
const { signal } = new AbortController();
const options = { clock, signal };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hikae-database-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Everything that was created, as SQLite itself writes it down. */
function schemaOf(database: DatabaseSync): unknown[] {
  return database.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY type, name').all();
}

describe('migrations', () => {
  for (const version of migrations.keys()) {
    test(`a ledger of version ${version} becomes one of version ${migrations.length}`, async () => {
      const fresh = await openDatabase(join(folder, 'fresh'), options);
      const expected = schemaOf(fresh.database);
      fresh.database.close();

      await mkdir(join(folder, 'old'));
      const old = new DatabaseSync(join(folder, 'old', 'ledger.sqlite'));
      for (const step of migrations.slice(0, version)) old.exec(step);
      old.exec(`PRAGMA user_version = ${version}`);
      old.close();

      const { database, setAside, unwritable } = await openDatabase(join(folder, 'old'), options);
      assert.deepEqual(schemaOf(database), expected);
      assert.deepEqual(database.prepare('PRAGMA user_version').get()?.user_version, migrations.length);
      assert.deepEqual([setAside, unwritable], [undefined, undefined]);
      database.close();
    });
  }

  test('keep what was there', async () => {
    const step = 'CREATE TABLE facts (one TEXT NOT NULL) STRICT';
    const first = await openDatabase(folder, { ...options, steps: [step] });
    first.database.exec("INSERT INTO facts VALUES ('kept')");
    first.database.close();
    const steps = [step, "ALTER TABLE facts ADD COLUMN two TEXT NOT NULL DEFAULT 'added'"];
    const second = await openDatabase(folder, { ...options, steps });
    assert.deepEqual(
      { ...second.database.prepare('SELECT * FROM facts').get() },
      { one: 'kept', two: 'added' },
    );
    second.database.close();
  });

  test('that fail leave the version before', async () => {
    const step = 'CREATE TABLE facts (one TEXT NOT NULL) STRICT';
    const steps = [step, 'CREATE TABLE more (one TEXT)', 'no SQL at all'];
    (await openDatabase(folder, { ...options, steps: [step] })).database.close();
    await assert.rejects(openDatabase(folder, { ...options, steps }), /syntax error/);
    const { database } = await openDatabase(folder, { ...options, steps: [step] });
    assert.equal(database.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'more'").get()?.n, 0);
    database.close();
  });

  test('a ledger of a newer hikae is refused and left as it is', async () => {
    (await openDatabase(folder, options)).database.close();
    const file = join(folder, 'ledger.sqlite');
    const newer = new DatabaseSync(file);
    newer.exec(`PRAGMA user_version = ${migrations.length + 1}`);
    newer.close();
    await assert.rejects(openDatabase(folder, options), (error) => {
      assert.ok(isHikaeError(error, 'LEDGER_NEWER'));
      assert.match(error.in('ja').message, /新しい版の hikae/);
      return true;
    });
    const after = new DatabaseSync(file);
    assert.equal(after.prepare('PRAGMA user_version').get()?.user_version, migrations.length + 1);
    after.close();
  });
});
