/**
 * Foreign keys from tables that stay to tables that go: a key follows the table that it points to into another database,
 * and has to be told to point to the one that took its place.
 */
import type { Connection } from './connection.ts';
import { identifier, literal, qualified } from './sql.ts';

interface ForeignKey {
  readonly database: string;
  readonly table: string;
  readonly name: string;
  readonly target: string;
}

type Options = { readonly signal: AbortSignal };

/** Lets keys that point into one database point to the tables of the same names in another, where these are. */
export async function pointElsewhere(
  from: string,
  to: string,
  connection: Connection,
  options: Options,
): Promise<void> {
  for (const key of await keysInto(from, to, connection, options)) {
    const child = qualified(key.database, key.table);
    const [[, create = ''] = []] = await connection.query(`SHOW CREATE TABLE ${child};`, options);
    const clause = clauseOf(create, key.name);
    if (clause === undefined) continue;
    const moved = clause.replace(
      new RegExp(` REFERENCES (?:${escaped(identifier(from))}\\.)?${escaped(identifier(key.target))} `),
      () => ` REFERENCES ${qualified(to, key.target)} `,
    );
    await connection.query(
      `SET SESSION foreign_key_checks = 0;
ALTER TABLE ${child} DROP FOREIGN KEY ${identifier(key.name)};
ALTER TABLE ${child} ADD ${moved};`,
      options,
    );
  }
}

async function keysInto(
  from: string,
  to: string,
  connection: Connection,
  options: Options,
): Promise<ForeignKey[]> {
  const rows = await connection.query(
    `SELECT DISTINCT k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.REFERENCED_TABLE_NAME
FROM information_schema.KEY_COLUMN_USAGE k
JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = ${literal(to)} AND t.TABLE_NAME = k.REFERENCED_TABLE_NAME
WHERE k.REFERENCED_TABLE_SCHEMA = ${literal(from)} AND k.TABLE_SCHEMA <> ${literal(from)};`,
    options,
  );
  return rows.map(([database = '', table = '', name = '', target = '']) => ({
    database,
    table,
    name,
    target,
  }));
}

/** A constraint stands in a line of its own. */
function clauseOf(create: string, name: string): string | undefined {
  const line = create
    .split('\n')
    .find((one) => one.trimStart().startsWith(`CONSTRAINT ${identifier(name)} FOREIGN KEY `));
  return line?.trim().replace(/,$/, '');
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
