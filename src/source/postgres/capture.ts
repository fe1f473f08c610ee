/**
 * Capturing databases: a dump of each, made in a snapshot that a session of ours exports and counts the rows in, and one
 * of what the server has beyond its databases.
 */
import { textOf } from '../../base/raw-path.ts';
import type { Capture } from '../../model/capture.ts';
import type { ComponentFacts, DatabaseFacts, TableCount } from '../../model/snapshot.ts';
import { trouble } from '../../model/trouble.ts';
import { withEnd } from '../database/dump-end.ts';
import { dumpName } from '../database/dump-names.ts';
import { type Dump, dumpNodes } from '../database/dump-nodes.ts';
import { databaseErrors } from '../database/errors.ts';
import type { DatabaseHost } from '../database/host.ts';
import { standInOf } from '../database/stand-ins.ts';
import type { CaptureOptions } from '../source.ts';
import { countRows, readDatabases } from './catalog.ts';
import { type Connection, connect, type PostgresOrigin } from './connection.ts';
import { type DatabaseRow, definitionOf } from './definition.ts';
import { globalsName, globalsOf } from './globals-dump.ts';
import { dumpClient, dumpSession, endOrphanedDumps, endOrphans } from './orphans.ts';
import { withoutRestriction } from './restriction.ts';
import { lookAround, requireClient } from './server.ts';
import { Session } from './session.ts';

/** What a dump of pg_dump has near its end, and only when it got there. */
export const endMarker = '-- PostgreSQL database dump complete';

/** A table that somebody else has locked for longer than this fails the dump, instead of holding up the whole run. */
const LOCK_WAIT = '10min';

export async function capturePostgres(
  origin: PostgresOrigin,
  options: CaptureOptions,
  host: DatabaseHost,
): Promise<Capture> {
  const { signal } = options;
  const connection = await connect(origin, host, options);
  const { server, databases } = await lookAround(connection, signal, async (session, found) => {
    await endOrphanedDumps(session);
    return { server: found, databases: chosen(await readDatabases(session), origin, connection, options) };
  });
  for (const program of ['pg_dump', 'pg_dumpall']) await requireClient(program, server, connection, signal);
  const facts: DatabaseFacts[] = [];
  const dumps = databases.map((database) => dumpOf(database, connection, (found) => facts.push(found)));
  const globals = globalsOf(databases, server, connection, options);
  return {
    async *nodes() {
      signal.throwIfAborted();
      yield dumpNodes([...dumps, globals], host);
    },
    facts: (): ComponentFacts => ({ server: `PostgreSQL ${server.version}`, databases: facts }),
    close: async () => {},
  };
}

/** Those that the origin wants, without what an interrupted restore has left behind. */
function chosen(
  found: readonly DatabaseRow[],
  { databases: wanted }: PostgresOrigin,
  { server }: Connection,
  { troubles, component }: CaptureOptions,
): DatabaseRow[] {
  const names = new Set(found.map(({ name }) => name));
  for (const name of names) {
    const standIn = standInOf(name);
    if (standIn !== undefined) troubles(trouble('left-over', `${component}/${name}`, standIn.of));
  }
  if (wanted === 'all') {
    const all = found.filter(({ name }) => standInOf(name) === undefined);
    if (all.length === 0) throw databaseErrors.DATABASE_NONE({ server });
    return all;
  }
  return wanted.map((name) => {
    const row = found.find((one) => one.name === name);
    if (row === undefined) throw databaseErrors.DATABASE_MISSING({ server, database: name });
    return row;
  });
}

function dumpOf(row: DatabaseRow, connection: Connection, told: (facts: DatabaseFacts) => void): Dump {
  const { name } = row;
  const { server } = connection;
  const file = dumpName(name, [globalsName]);
  if (file === undefined) throw databaseErrors.DATABASE_NAME_TOO_LONG({ database: name });
  return {
    file,
    async *open(signal) {
      const tables: TableCount[] = [];
      const dump = dumpInSnapshot(name, connection, signal, (counts) => tables.push(...counts));
      const program = 'pg_dump';
      yield* withEnd(withoutRestriction(dump), endMarker, () =>
        databaseErrors.DATABASE_DUMP_CUT({ database: name, server, program }),
      );
      told({ name, file: textOf(file) ?? file, tables, definition: definitionOf(row) });
    },
  };
}

/** The rows are counted while the dump runs: they are the same as long as the session's transaction is open. */
async function* dumpInSnapshot(
  database: string,
  connection: Connection,
  signal: AbortSignal,
  counted: (tables: readonly TableCount[]) => void,
): AsyncGenerator<Uint8Array> {
  const name = dumpSession(connection.random(4));
  const session = new Session(connection, database, signal, name);
  let done = false;
  try {
    await session.run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;');
    const snapshot = await session.row<string>('SELECT to_json(pg_export_snapshot());');
    const counting = countRows(session);
    // It is looked at when the dump has ended.
    counting.catch(() => {});
    yield* connection.clients.stream(
      {
        program: 'pg_dump',
        arguments: ['--no-password', `--snapshot=${snapshot}`, `--lock-wait-timeout=${LOCK_WAIT}`],
        variables: { PGDATABASE: database, PGAPPNAME: dumpClient(name) },
        database,
      },
      signal,
    );
    counted(await counting);
    done = true;
  } finally {
    await session.close();
    if (!done) await endOrphans(connection);
  }
}
