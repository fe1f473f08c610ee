import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alterations } from './alterations.ts';
import type { TableEntry } from './inventory.ts';

const table = (name: string, created = 'then', type: TableEntry['type'] = 'table'): TableEntry => {
  return { database: 'shop', name, type, engine: 'InnoDB', created };
};

test('a table that changed while it was dumped makes the dump worthless', () => {
  const dumped = new Set(['same', 'altered', 'dropped']);
  const before = [
    table('same'),
    table('altered'),
    table('dropped'),
    table('renewed'),
    table('gone'),
    table('v', '', 'view'),
  ];
  const after = [table('same'), table('altered', 'now'), table('renewed', 'now'), table('fresh', 'now')];
  const found = alterations({ before, after, dumped });
  assert.deepEqual(
    found.altered.map((text) => text.split(' ')[0]),
    ['altered', 'renewed'],
  );
  assert.deepEqual(found.vanished, ['gone']);
});

test('nothing happened', () => {
  const tables = [table('a'), table('b', '', 'versioned'), table('s', '', 'sequence')];
  assert.deepEqual(alterations({ before: tables, after: tables, dumped: new Set(['a', 'b']) }), {
    altered: [],
    vanished: [],
  });
});
