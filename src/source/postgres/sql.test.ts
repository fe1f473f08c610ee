import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identifier, isOneStatement, literal } from './sql.ts';

test('names and values are quoted, whatever they hold', () => {
  assert.equal(identifier('a"b'), '"a""b"');
  assert.equal(literal("it's"), "'it''s'");
  assert.equal(literal("a\\b'"), "E'a\\\\b'''");
});

test('one statement is one statement', () => {
  for (const text of [
    `CREATE ROLE "a;b";`,
    `ALTER ROLE x PASSWORD 'SCRAM-SHA-256$4096:a==$b=:c=';`,
    `COMMENT ON ROLE x IS 'a; b "c"\n-- d';`,
    `COMMENT ON ROLE x IS E'a\\\\b';`,
  ])
    assert.ok(isOneStatement(text), text);
});

test('what psql would take for more than one statement, or for a command of its own, is none', () => {
  for (const text of [
    'CREATE ROLE a; DROP ROLE b;',
    'CREATE ROLE a\n\\! touch /x\n;',
    `COMMENT ON ROLE x IS E'\\'' \\! touch /x ';`,
    `COMMENT ON ROLE x IS E'\\'; DROP ROLE y; --';`,
    'CREATE ROLE a',
    `CREATE ROLE "a;`,
    ';',
    '',
  ])
    assert.ok(!isOneStatement(text), text);
});
