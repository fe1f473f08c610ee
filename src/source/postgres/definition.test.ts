import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DatabaseRow, definitionOf } from './definition.ts';

const plain: DatabaseRow = {
  name: 'app',
  owner: 'bob',
  encoding: 'UTF8',
  tablespace: 'pg_default',
  comment: null,
  row: { datcollate: 'C', datctype: 'C.UTF-8', datconnlimit: -1 },
  grants: null,
  settings: null,
};

function statements(database: Partial<DatabaseRow>): string[] {
  return definitionOf({ ...plain, ...database }).map(([before, after]) => `${before}x${after}`);
}

test('an ordinary database is made with its encoding, locale and owner', () => {
  assert.deepEqual(statements({}), [
    `CREATE DATABASE x WITH TEMPLATE = template0 ENCODING = 'UTF8' LC_COLLATE = 'C' LC_CTYPE = 'C.UTF-8'`,
    'ALTER DATABASE x OWNER TO "bob"',
  ]);
});

test('each version of the server says in its own column which locale of ICU', () => {
  const row = { ...plain.row, datlocprovider: 'i' };
  const icu = /LOCALE_PROVIDER = icu .* ICU_LOCALE = 'ja-JP'/;
  assert.match(statements({ row: { ...row, daticulocale: 'ja-JP' } })[0] ?? '', icu);
  assert.match(statements({ row: { ...row, datlocale: 'ja-JP', daticurules: null } })[0] ?? '', icu);
  const builtin = { ...plain.row, datlocprovider: 'b', datlocale: 'C.UTF-8' };
  assert.match(
    statements({ row: builtin })[0] ?? '',
    /LOCALE_PROVIDER = builtin .* BUILTIN_LOCALE = 'C.UTF-8'/,
  );
});

test('settings that are lists of names are quoted name by name', () => {
  const setting = (name: string, value: string) =>
    statements({ settings: [{ role: null, name, value }] }).at(-1);
  assert.equal(
    setting('search_path', '"$user", public'),
    `ALTER DATABASE x SET "search_path" TO '$user', 'public'`,
  );
  assert.equal(setting('search_path', '""'), `ALTER DATABASE x SET "search_path" TO ''`);
  assert.equal(setting('search_path', '"a, ""b"'), `ALTER DATABASE x SET "search_path" TO 'a, "b'`);
  assert.equal(setting('TimeZone', 'Asia/Tokyo'), `ALTER DATABASE x SET "TimeZone" TO 'Asia/Tokyo'`);
});

test('what is granted takes the place of what a new database grants', () => {
  const grants = [
    { grantee: null, privilege: 'CONNECT', grantable: false },
    { grantee: 'eve', privilege: 'CREATE', grantable: true },
  ];
  assert.deepEqual(statements({ grants }).slice(2), [
    'REVOKE ALL ON DATABASE x FROM PUBLIC',
    'REVOKE ALL ON DATABASE x FROM "bob"',
    'GRANT CONNECT ON DATABASE x TO PUBLIC',
    'GRANT CREATE ON DATABASE x TO "eve" WITH GRANT OPTION',
  ]);
});
