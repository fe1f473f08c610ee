/**
 * Putting loaded tables in the place of others. All renames are one statement, so that no table is ever missing. Triggers
 * can't move to another database with their tables: those of the old tables go first, those of the new ones are made
 * right after, together with what else has no rows. Whoever writes in between writes without them; stop the services
 * that use the database, or let the policy's hooks do it, where that matters.
 */
import { isHikaeError } from '../../base/errors.ts';
import { databaseErrors } from '../database/errors.ts';
import type { Swap } from '../database/restoring-server.ts';
import type { Connection } from './connection.ts';
import { numberIn } from './failures.ts';
import { pointElsewhere } from './foreign-keys.ts';
import { listDatabases, listTables, type TableEntry } from './inventory.ts';
import type { Loaded } from './load.ts';
import { identifier, literal, qualified } from './sql.ts';
import { type SavedTriggers, saveTriggers } from './triggers.ts';

type Options = { readonly signal: AbortSignal };

/** Seconds that a rename waits for those who use the tables; then they are sent away, and it is tried again. */
const LOCK_WAIT = 5;
const TRIES = 4;
const LOCK_WAIT_TIMEOUT = 1205;

/** What the swap does to the database that is there. */
interface Moves {
  readonly renames: readonly string[];
  /** what has no rows and stands in the place of what comes */
  readonly drops: readonly string[];
  readonly triggers: SavedTriggers;
}

/** Where this fails nothing has changed. The fresh database is empty afterwards, and stays. */
export async function swapTables(
  swap: Swap,
  loaded: Loaded,
  connection: Connection,
  options: Options,
): Promise<void> {
  const { database, fresh, old } = swap;
  const settings = await settingsOf(fresh, connection, options);
  const there = await listTables([database], connection, options);
  const moves = await movesFor(swap, loaded, there, connection, options);
  const made = await makeDatabases(
    [database, ...(old === undefined ? [] : [old])],
    settings,
    connection,
    options,
  );
  try {
    await rename(moves, database, connection, options);
  } catch (error) {
    await moves.triggers.restore();
    for (const name of made.toReversed()) await dropIfEmpty(name, connection);
    throw error;
  }
  await connection.query(`ALTER DATABASE ${identifier(database)}${settings};`, options);
  if (old !== undefined) await pointElsewhere(old, database, connection, options);
}

async function movesFor(
  { database, fresh, old, removed }: Swap,
  { tables, sequences, views }: Loaded,
  there: readonly TableEntry[],
  connection: Connection,
  options: Options,
): Promise<Moves> {
  const coming = [...sequences, ...tables];
  const ours = new Set([...coming, ...views, ...removed]);
  const inTheWay = there.filter(({ name, type }) => type === 'view' && coming.includes(name));
  // Where there was no database, only what the load has put there beforehand can be there.
  const going = there.filter(({ name, type }) => type !== 'view' && old !== undefined && ours.has(name));
  const prepared = there.filter(({ type }) => type === 'sequence' && old === undefined);
  const away = going.map(({ name }) => `${qualified(database, name)} TO ${qualified(old ?? '', name)}`);
  return {
    renames: [...away, ...coming.map((name) => `${qualified(fresh, name)} TO ${qualified(database, name)}`)],
    drops: [
      ...inTheWay.map(({ name }) => `DROP VIEW IF EXISTS ${qualified(database, name)};`),
      ...prepared.map(({ name }) => `DROP SEQUENCE IF EXISTS ${qualified(database, name)};`),
    ],
    triggers: await saveTriggers(
      database,
      going.map(({ name }) => name),
      connection,
      options,
    ),
  };
}

async function rename(
  { renames, drops, triggers }: Moves,
  database: string,
  connection: Connection,
  options: Options,
): Promise<void> {
  if (renames.length === 0) return;
  const script = [
    `SET SESSION lock_wait_timeout = ${LOCK_WAIT}, SESSION foreign_key_checks = 0, SESSION sql_notes = 0;`,
    ...triggers.names.map((name) => `DROP TRIGGER IF EXISTS ${qualified(database, name)};`),
    ...drops,
    `RENAME TABLE ${renames.join(', ')};`,
  ].join('\n');
  for (let turn = 1; ; turn++) {
    try {
      await connection.query(script, options);
      return;
    } catch (error) {
      options.signal.throwIfAborted();
      if (!isHikaeError(error)) throw error;
      const reason = String(error.details.reason ?? error.message);
      if (numberIn(reason) !== LOCK_WAIT_TIMEOUT) throw error;
      const { server } = connection;
      if (turn === TRIES) throw databaseErrors.DATABASE_BUSY({ database, server, reason }, { cause: error });
      await endSessions(database, connection, options);
    }
  }
}

/** Those that have a transaction open hold its tables until it ends. */
async function endSessions(database: string, connection: Connection, options: Options): Promise<void> {
  const rows = await connection.query(
    `SELECT ID FROM information_schema.PROCESSLIST WHERE DB = ${literal(database)} AND ID <> CONNECTION_ID();`,
    options,
  );
  for (const [id = ''] of rows) {
    try {
      await connection.query(`KILL ${Number(id)};`, options);
    } catch (error) {
      // It may have ended by itself; and where we may not, the rename tells.
      if (!isHikaeError(error, 'DATABASE_QUERY_FAILED', 'DATABASE_FORBIDDEN')) throw error;
    }
  }
}

async function settingsOf(database: string, connection: Connection, options: Options): Promise<string> {
  const found = (await listDatabases(connection, options)).find(({ name }) => name === database);
  return found === undefined ? '' : ` CHARACTER SET ${found.charset} COLLATE ${found.collation}`;
}

/** Gives those that were not there before. */
async function makeDatabases(
  names: readonly string[],
  settings: string,
  connection: Connection,
  options: Options,
): Promise<string[]> {
  const there = new Set((await listDatabases(connection, options)).map(({ name }) => name));
  const missing = names.filter((name) => !there.has(name));
  for (const name of missing)
    await connection.query(`CREATE DATABASE ${identifier(name)}${settings};`, options);
  return missing;
}

/** A database in which something lies is somebody's, whoever has made it. */
async function dropIfEmpty(name: string, connection: Connection): Promise<void> {
  const options = { signal: AbortSignal.timeout(30_000) };
  const tables = await listTables([name], connection, options);
  if (tables.length === 0) await connection.query(`DROP DATABASE IF EXISTS ${identifier(name)};`, options);
}
