/** Everything about the databases of a server that a restore has to bring back, found out by SQL and not by a dump. */
import type { MariadbServer } from '../servers/mariadb.ts';

const quoted = (name: string) => `\`${name.replaceAll('`', '``')}\``;
const text = (value: string) => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
const unescaped = (line: string) => line.replaceAll('\\\\', '\\');

/** A line for each object and each row, in an order of its own. */
export function witness(server: Pick<MariadbServer, 'sql'>, database: string): string[] {
  const rows = (statements: string) =>
    server
      .sql(statements, database)
      .split('\n')
      .filter((line) => line !== '');
  const named = (query: string) => rows(query).map(unescaped);
  const of = text(database);
  const statements: string[] = [];
  const tables = named(
    `SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${of} AND TABLE_TYPE <> 'VIEW' ORDER BY BINARY TABLE_NAME`,
  );
  for (const name of tables)
    statements.push(
      `SHOW CREATE TABLE ${quoted(name)}; SELECT ${text(name)}, t.* FROM ${quoted(name)} t ORDER BY 2;`,
    );
  const views = named(
    `SELECT TABLE_NAME FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ${of} ORDER BY BINARY TABLE_NAME`,
  );
  for (const name of views)
    statements.push(
      `SHOW CREATE VIEW ${quoted(name)}; SELECT ${text(name)}, t.* FROM ${quoted(name)} t ORDER BY 2;`,
    );
  statements.push(
    `SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_STATEMENT, DEFINER, SQL_MODE FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ${of} ORDER BY BINARY TRIGGER_NAME;`,
    `SELECT ROUTINE_NAME, ROUTINE_TYPE, DTD_IDENTIFIER, ROUTINE_DEFINITION, IS_DETERMINISTIC, SECURITY_TYPE, SQL_MODE, ROUTINE_COMMENT, DEFINER FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ${of} ORDER BY BINARY ROUTINE_NAME;`,
    `SELECT EVENT_NAME, EVENT_DEFINITION, INTERVAL_VALUE, INTERVAL_FIELD, STARTS, STATUS, EVENT_COMMENT, DEFINER FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${of} ORDER BY BINARY EVENT_NAME;`,
    `SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${of};`,
  );
  return rows(statements.join('\n'));
}

export function databases(server: Pick<MariadbServer, 'sql'>): string[] {
  return server
    .sql(
      "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema') ORDER BY 1",
    )
    .split('\n')
    .filter((name) => name !== '');
}
