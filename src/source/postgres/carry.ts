/**
 * Taking tables along that only the database which is being replaced has. Nobody writes to them from before they are read
 * until the database is out of the way.
 */
import { databaseErrors } from '../database/errors.ts';
import type { Swap } from '../database/restoring-server.ts';
import { type LoadingConnection, loadInto } from './load.ts';
import { withoutRestriction } from './restriction.ts';
import { Session, withSession } from './session.ts';
import { identifier, literal } from './sql.ts';

/** Copies the tables into the fresh database. The session that is returned holds writers off until it is closed. */
export async function carryTables(
  connection: LoadingConnection,
  swap: Swap,
  signal: AbortSignal,
): Promise<Session> {
  const { database, fresh, carried } = swap;
  const held = new Session(connection, database, signal);
  try {
    await held.run(`BEGIN; SET LOCAL lock_timeout = '1min'; LOCK TABLE ${carried.join(', ')} IN SHARE MODE;`);
    await makeSchemas(held, connection, swap, signal);
    const dump = connection.clients.stream(
      {
        program: 'pg_dump',
        arguments: ['--no-password', ...carried.map((table) => `--table=${table}`)],
        variables: { PGDATABASE: database, PGAPPNAME: 'hikae' },
        database,
      },
      signal,
    );
    await loadInto(fresh, withoutRestriction(dump), connection, signal);
    return held;
  } catch (error) {
    await held.close();
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    throw databaseErrors.DATABASE_EXTRA_TABLES({ database, tables: carried, reason }, { cause: error });
  }
}

/** A dump of tables takes it for granted that their schemas are there. */
async function makeSchemas(
  held: Session,
  connection: LoadingConnection,
  { fresh, carried }: Swap,
  signal: AbortSignal,
): Promise<void> {
  const tables = carried.map((table) => `${literal(table)}::regclass`).join(', ');
  const schemas = await held.rows<{ name: string; owner: string }>(`SELECT DISTINCT json_build_object(
      'name', n.nspname, 'owner', pg_get_userbyid(n.nspowner))::jsonb
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid IN (${tables});`);
  await withSession(connection, fresh, signal, async (session) => {
    for (const { name, owner } of schemas) {
      await session.run(
        `CREATE SCHEMA IF NOT EXISTS ${identifier(name)} AUTHORIZATION ${identifier(owner)};`,
      );
    }
  });
}
