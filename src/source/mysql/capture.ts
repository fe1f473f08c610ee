/** One pass over the databases of a server: a dump for each, and the accounts. */
import { isHikaeError } from '../../base/errors.ts';
import { type RawName, textOf } from '../../base/raw-path.ts';
import type { Capture } from '../../model/capture.ts';
import type { DatabaseFacts } from '../../model/snapshot.ts';
import { trouble } from '../../model/trouble.ts';
import { dumpName } from '../database/dump-names.ts';
import { type Dump, dumpNodes } from '../database/dump-nodes.ts';
import { databaseErrors } from '../database/errors.ts';
import type { DatabaseHost } from '../database/host.ts';
import type { CaptureOptions } from '../source.ts';
import { type Account, listAccounts } from './accounts.ts';
import { ACCOUNTS, writeAccounts } from './accounts-script.ts';
import { alterations } from './alterations.ts';
import type { Connection, MysqlOrigin } from './connection.ts';
import { definitionOf } from './definition.ts';
import { DumpTogether, dumpOne } from './dump.ts';
import type { Dumped } from './dump-scanner.ts';
import { type Dumper, findDumper } from './dumper.ts';
import {
  type DatabaseEntry,
  listDatabases,
  listTables,
  type TableEntry,
  transactionalEngines,
  withoutStandIns,
} from './inventory.ts';
import { connectAs } from './login.ts';

interface Parts {
  readonly connection: Connection;
  readonly dumper: Dumper;
  readonly options: CaptureOptions;
}

export async function captureMysql(
  origin: MysqlOrigin,
  options: CaptureOptions,
  host: DatabaseHost,
): Promise<Capture> {
  const { signal } = options;
  const connection = await connectAs(origin, host, options);
  const parts = { connection, dumper: await findDumper(connection, options), options };
  const databases = await chooseDatabases(origin, parts);
  const names = databases.map(({ name }) => name);
  const tables = await listTables(names, connection, options);
  await tellOfEngines(tables, parts);
  const accounts = accountsDump(await readAccounts(parts));
  const files = databases.map((entry) => ({ entry, file: fileOf(entry.name) }));
  files.sort((one, other) => (one.file < other.file ? -1 : 1));
  const together = origin.together
    ? new DumpTogether(
        files.map(({ entry }) => entry.name),
        parts,
      )
    : undefined;
  const facts: DatabaseFacts[] = [];
  const closing = new AbortController();
  const dumps = files.map(({ entry, file }): Dump => {
    const before = tables.filter(({ database }) => database === entry.name);
    return {
      file,
      open: (asked) => {
        const stop = AbortSignal.any([asked, closing.signal]);
        return dumpWatched({ entry, file, before, tables, together }, parts, stop, (found) =>
          facts.push(found),
        );
      },
    };
  });
  signal.throwIfAborted();
  return {
    async *nodes() {
      yield dumpNodes([accounts, ...dumps], host);
    },
    facts: () => ({ server: `${connection.version.product} ${connection.version.text}`, databases: facts }),
    async close() {
      closing.abort();
      await together?.close();
    },
  };
}

/** Those of the origin, or all; what restores have left behind is told of and not taken. */
async function chooseDatabases(
  { databases: wanted }: MysqlOrigin,
  { connection, options }: Parts,
): Promise<readonly DatabaseEntry[]> {
  const { server } = connection;
  const { ordinary, standIns } = withoutStandIns(await listDatabases(connection, options));
  for (const { name, of } of standIns)
    options.troubles(trouble('left-over', `${options.component}/${name}`, of));
  if (wanted === 'all') {
    if (ordinary.length === 0) throw databaseErrors.DATABASE_NONE({ server });
    return ordinary;
  }
  return [...new Set(wanted)].map((name) => {
    const found = ordinary.find((one) => one.name === name);
    if (found === undefined) throw databaseErrors.DATABASE_MISSING({ server, database: name });
    return found;
  });
}

/** A table of an engine without transactions is read as it is when its turn comes. */
async function tellOfEngines(tables: readonly TableEntry[], { connection, options }: Parts): Promise<void> {
  const transactional = await transactionalEngines(connection, options);
  for (const { database, name, type, engine } of tables) {
    if ((type === 'table' || type === 'versioned') && !transactional.has(engine))
      options.troubles(trouble('not-transactional', `${options.component}/${database}.${name}`, engine));
  }
}

/** Data without accounts are worth more than nothing at all: what may not be read is a problem, and the rest goes on. */
async function readAccounts({ connection, options }: Parts): Promise<readonly Account[]> {
  try {
    const { accounts, unreadable } = await listAccounts(connection, options);
    for (const { name, reason } of unreadable) options.troubles(trouble('unreadable', name, reason));
    return accounts;
  } catch (error) {
    if (!isHikaeError(error, 'DATABASE_FORBIDDEN')) throw error;
    const { component, troubles } = options;
    troubles(trouble('unreadable', `${component}/${ACCOUNTS}.sql`, error.details.reason));
    return [];
  }
}

function accountsDump(accounts: readonly Account[]): Dump {
  const script = Buffer.from(writeAccounts(accounts));
  return {
    file: `${ACCOUNTS}.sql` as RawName,
    async *open() {
      yield script;
    },
  };
}

function fileOf(database: string): RawName {
  const file = dumpName(database, [ACCOUNTS]);
  if (file === undefined) throw databaseErrors.DATABASE_NAME_TOO_LONG({ database });
  return file;
}

interface Watched {
  readonly entry: DatabaseEntry;
  readonly file: RawName;
  /** its tables, and those of all databases of the component, as they were before */
  readonly before: readonly TableEntry[];
  readonly tables: readonly TableEntry[];
  readonly together: DumpTogether | undefined;
}

/** A dump, after which the tables are looked at again: their definitions are no part of its transaction. */
async function* dumpWatched(
  { entry, file, before, tables, together }: Watched,
  parts: Parts,
  signal: AbortSignal,
  found: (facts: DatabaseFacts) => void,
): AsyncGenerator<Uint8Array> {
  const { connection, options } = parts;
  const { name } = entry;
  let dumped: Dumped | undefined;
  const done = (all: Dumped) => {
    dumped = all;
  };
  if (together === undefined) yield* dumpOne(name, parts, signal, done);
  else yield* together.open(name, viewsByDatabase(tables), signal, done);
  if (dumped === undefined) throw new TypeError('a dump that ended without a word');
  const after = await listTables([name], connection, { signal });
  const { altered, vanished } = alterations({ before, after, dumped: dumped.tables });
  const [first] = altered;
  if (first !== undefined)
    throw databaseErrors.DATABASE_CHANGED({ database: name, server: connection.server, reason: first });
  for (const table of vanished)
    options.troubles(trouble('vanished', `${options.component}/${name}.${table}`));
  const rows = [...dumped.rows].map(([table, count]) => ({ name: table, rows: count }));
  found({
    name,
    file: textOf(file) ?? file,
    tables: rows.sort((one, other) => (one.name < other.name ? -1 : 1)),
    definition: definitionOf(entry),
  });
}

function viewsByDatabase(tables: readonly TableEntry[]): ReadonlyMap<string, readonly string[]> {
  const views = tables.filter(({ type }) => type === 'view');
  return new Map(
    [...new Set(views.map(({ database }) => database))].map((database) => [
      database,
      views
        .filter((view) => view.database === database)
        .map(({ name }) => name)
        .sort(),
    ]),
  );
}
