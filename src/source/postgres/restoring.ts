/** A server of PostgreSQL that databases are restored into. */
import { isHikaeError } from '../../base/errors.ts';
import type { NamedStatement } from '../../model/snapshot.ts';
import { databaseErrors } from '../database/errors.ts';
import type { DatabaseHost } from '../database/host.ts';
import type { LiveDatabase, RestoringServer } from '../database/restoring-server.ts';
import { standInOf } from '../database/stand-ins.ts';
import { endMarker } from './capture.ts';
import { countRows, readTables } from './catalog.ts';
import { type Connection, connect, type PostgresOrigin } from './connection.ts';
import { globalsEnd, globalsName } from './globals-dump.ts';
import { planGlobals } from './globals-restore.ts';
import { type LoadingConnection, loadInto } from './load.ts';
import { knowsRestrict, lookAround, meetingPlace, requireClient } from './server.ts';
import { withSession } from './session.ts';
import { identifier, isOneStatement } from './sql.ts';
import { swapDatabases } from './swap.ts';

/** NAMEDATALEN - 1 */
const LONGEST = 63;

export async function openRestoring(
  origin: PostgresOrigin,
  host: DatabaseHost,
  { signal }: { signal: AbortSignal },
): Promise<RestoringServer> {
  const connected = await connect(origin, host, { signal });
  const version = await lookAround(connected, signal, (_, server) =>
    requireClient('psql', server, connected, signal),
  );
  const connection: LoadingConnection = { ...connected, restricts: knowsRestrict(version) };
  return {
    name: connection.server,
    accounts: globalsName,
    ends: { accounts: globalsEnd, database: endMarker },
    longestName: { length: LONGEST, unit: 'bytes' },
    look: (databases, stop) => look(connection, databases, stop),
    planAccounts: (script, options) => planGlobals(script, connection, options),
    create: (name, definition, stop) => create(connection, name, definition, stop),
    load: ({ fresh }, dump, stop) => load(connection, fresh, dump, stop),
    count: (name, stop) => withSession(connection, name, stop, countRows),
    swap: (swap, stop) => swapDatabases(connection, swap, stop),
    drop: (name, stop) =>
      withSession(connection, meetingPlace(), stop, async (session) => {
        await session.run(`DROP DATABASE IF EXISTS ${identifier(name)} WITH (FORCE);`);
      }),
  };
}

/** Each statement by itself: to create a database is nothing that could be undone with the rest. */
async function create(
  connection: Connection,
  name: string,
  definition: readonly NamedStatement[],
  signal: AbortSignal,
): Promise<void> {
  const statements = definition.map(([before, after]) => `${before}${identifier(name)}${after};`);
  if (!statements.every(isOneStatement)) {
    const reason = 'the snapshot tells to make it in a way that no backup writes';
    throw databaseErrors.DATABASE_DUMP_DAMAGED({ database: standInOf(name)?.of ?? name, reason });
  }
  await withSession(connection, meetingPlace(), signal, async (session) => {
    for (const statement of statements) await session.run(statement);
  });
}

async function look(
  connection: Connection,
  wanted: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<LiveDatabase[]> {
  const found = await lookAround(connection, signal, (session) =>
    session.rows<{ name: string; open: boolean; idle: boolean }>(`SELECT json_build_object('name', datname,
        'open', datallowconn, 'idle', NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = d.datname))
      FROM pg_database d WHERE NOT datistemplate ORDER BY datname COLLATE "C";`),
  );
  const databases: LiveDatabase[] = [];
  for (const { name, open, idle } of found) {
    const tables = open && wanted.has(name) ? await withSession(connection, name, signal, readTables) : [];
    databases.push({ name, idle, tables });
  }
  return databases;
}

async function load(
  connection: LoadingConnection,
  database: string,
  dump: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  try {
    await loadInto(database, dump, connection, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!isHikaeError(error) || !error.code.startsWith('DATABASE_')) throw error;
    const { server } = connection;
    const shown = standInOf(database)?.of ?? database;
    const reason = error.details.reason ?? error.message;
    throw databaseErrors.DATABASE_LOAD_FAILED({ database: shown, server, reason }, { cause: error });
  }
  await withSession(connection, database, signal, (session) => session.run('ANALYZE;'));
}
