/** What a server has: its databases, and what is in them. */
import { type StandIn, standInOf } from '../database/stand-ins.ts';
import type { Connection } from './connection.ts';
import { list } from './sql.ts';

export interface DatabaseEntry {
  readonly name: string;
  readonly charset: string;
  readonly collation: string;
}

export interface TableEntry {
  readonly database: string;
  readonly name: string;
  readonly type: 'table' | 'versioned' | 'sequence' | 'view';
  /** empty where the server can't tell, such as of a view */
  readonly engine: string;
  /** when it got its present form; empty where the server can't tell */
  readonly created: string;
}

type Options = { readonly signal: AbortSignal };

/** Those of the server itself; its data are not data of anybody. */
const OWN = new Set(['information_schema', 'mysql', 'ndbinfo', 'performance_schema', 'sys']);

/** Folders in the data directory that no server made, such as `lost+found`, appear under such names. */
const FOREIGN = '#mysql50#';

/** All but the server's own, in the server's order. */
export async function listDatabases(connection: Connection, options: Options): Promise<DatabaseEntry[]> {
  const rows = await connection.query(
    'SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA;',
    options,
  );
  return rows
    .map(([name = '', charset = '', collation = '']) => ({ name, charset, collation }))
    .filter(({ name }) => !OWN.has(name.toLowerCase()) && !name.startsWith(FOREIGN));
}

/** What restores have left behind, apart from the rest. */
export function withoutStandIns(databases: readonly DatabaseEntry[]): {
  readonly ordinary: readonly DatabaseEntry[];
  readonly standIns: readonly (DatabaseEntry & StandIn)[];
} {
  const ordinary: DatabaseEntry[] = [];
  const standIns: (DatabaseEntry & StandIn)[] = [];
  for (const entry of databases) {
    const standIn = standInOf(entry.name);
    if (standIn === undefined) ordinary.push(entry);
    else standIns.push({ ...entry, ...standIn });
  }
  return { ordinary, standIns };
}

const types: Readonly<Record<string, TableEntry['type']>> = {
  'BASE TABLE': 'table',
  'SYSTEM VERSIONED': 'versioned',
  SEQUENCE: 'sequence',
  VIEW: 'view',
};

export async function listTables(
  databases: readonly string[],
  connection: Connection,
  options: Options,
): Promise<TableEntry[]> {
  if (databases.length === 0) return [];
  const rows = await connection.query(
    `SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, IFNULL(ENGINE, ''), IFNULL(CREATE_TIME, '') FROM information_schema.TABLES WHERE TABLE_SCHEMA IN (${list(databases)});`,
    options,
  );
  return rows.flatMap(([database = '', name = '', said = '', engine = '', created = '']) => {
    const type = types[said];
    return type === undefined ? [] : [{ database, name, type, engine, created }];
  });
}

/** The engines whose tables a transaction sees as they were when it began. */
export async function transactionalEngines(
  connection: Connection,
  options: Options,
): Promise<ReadonlySet<string>> {
  const rows = await connection.query(
    "SELECT ENGINE FROM information_schema.ENGINES WHERE TRANSACTIONS = 'YES';",
    options,
  );
  return new Set(rows.map(([engine = '']) => engine));
}
