import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readGlobals } from './globals-script.ts';

const END = '-- end';

function read(...lines: string[]) {
  return readGlobals([...lines, END, ''].join('\n'), END).map(({ text: _, ...rest }) => rest);
}

test('roles, their settings and members are told apart', () => {
  assert.deepEqual(
    read(
      '--',
      '-- Roles',
      'SET default_transaction_read_only = off;',
      `SET client_encoding = 'UTF8';`,
      'CREATE ROLE bob;',
      `ALTER ROLE bob WITH NOSUPERUSER LOGIN PASSWORD 'x';`,
      `COMMENT ON ROLE bob IS 'first;`,
      `-- "second'' ;`,
      `third';`,
      'ALTER ROLE "営業 ""部" SET work_mem TO \'5MB\';',
      'GRANT readers TO "営業 ""部" WITH ADMIN OPTION GRANTED BY postgres;',
    ),
    [
      { kind: 'role', name: 'bob', creates: true },
      { kind: 'role', name: 'bob', creates: false },
      { kind: 'role', name: 'bob', creates: false },
      { kind: 'role', name: '営業 "部', creates: false },
      { kind: 'membership', name: 'readers', creates: false, member: '営業 "部' },
    ],
  );
});

test('tablespaces are read with what is granted on them', () => {
  assert.deepEqual(
    read(`CREATE TABLESPACE fast OWNER bob LOCATION '/x y';`, 'GRANT ALL ON TABLESPACE fast TO PUBLIC;'),
    [
      { kind: 'tablespace', name: 'fast', creates: true },
      { kind: 'tablespace', name: 'fast', creates: false },
    ],
  );
});

test('what pg_dumpall does not write is unknown, and what lies behind the end is not read', () => {
  const found = read('DROP DATABASE app;', 'CREATE ROLE a; DROP ROLE b;', 'ALTER ROLE a\n\\! touch /x\n;');
  assert.deepEqual(
    found.map(({ kind, name }) => [kind, name]),
    [
      ['unknown', 'DROP DATABASE'],
      ['unknown', 'CREATE ROLE'],
      ['unknown', 'ALTER ROLE'],
    ],
  );
  assert.deepEqual(readGlobals(`CREATE ROLE a;\n${END}\nCREATE ROLE b;\n`, END).length, 1);
});
