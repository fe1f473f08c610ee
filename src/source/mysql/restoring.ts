/** A server of MySQL or MariaDB that databases are restored into. */
import { isHikaeError } from '../../base/errors.ts';
import type { TableCount } from '../../model/snapshot.ts';
import { trouble } from '../../model/trouble.ts';
import { databaseErrors } from '../database/errors.ts';
import type { DatabaseHost } from '../database/host.ts';
import type { LiveDatabase, RestoringServer } from '../database/restoring-server.ts';
import { standInOf } from '../database/stand-ins.ts';
import { planAccounts, run, type WaitingRights } from './accounts-restore.ts';
import { ACCOUNTS } from './accounts-script.ts';
import type { Connection, MysqlOrigin } from './connection.ts';
import { settingsIn } from './definition.ts';
import { COMPLETED } from './dump.ts';
import { pointElsewhere } from './foreign-keys.ts';
import { listDatabases, listTables, type TableEntry } from './inventory.ts';
import { type Loaded, type LoadParts, loadInto, makeObjects } from './load.ts';
import { connectAs, connectLoader } from './login.ts';
import { withLargePackets } from './packets.ts';
import { identifier, qualified } from './sql.ts';
import { swapTables } from './swap.ts';
import { saveTriggers } from './triggers.ts';

/** Characters of a database's name. */
const LONGEST = 64;
/** Tables that are asked for in one statement. */
const AT_ONCE = 200;
/** How long what follows the renames may take, in milliseconds: it belongs to them, so that a cancelled run still does it. */
const AFTERWARDS = 300_000;
/** How long tidying up after a failure may take, in milliseconds. */
const TIDYING = 30_000;

export async function openRestoring(
  origin: MysqlOrigin,
  host: DatabaseHost,
  { component, signal }: { readonly component: string; readonly signal: AbortSignal },
): Promise<RestoringServer> {
  const connection = await connectAs(origin, host, { signal });
  const loader = await connectLoader(origin, host, connection, { signal });
  const parts: LoadParts = { connection, loader };
  const loads = new Map<string, Loaded>();
  const unmade = new Map<string, Loaded>();
  const waiting: WaitingRights[] = [];
  return {
    name: connection.server,
    accounts: ACCOUNTS,
    ends: { accounts: COMPLETED, database: COMPLETED },
    longestName: { length: LONGEST, unit: 'characters' },
    look: (databases, stop) => look(connection, databases, stop),
    planAccounts: (script, options) => planAccounts(script, parts, options, (rights) => waiting.push(rights)),
    async create(name, definition, stop) {
      const settings = settingsIn(definition, component);
      await connection.query(`CREATE DATABASE ${identifier(name)}${settings};`, { signal: stop });
    },
    async load({ database, fresh }, dump, stop) {
      loads.set(fresh, await load(fresh, database, dump, parts, stop));
    },
    async count(name, stop) {
      return countRows(name, loads.get(name) as Loaded, connection, stop);
    },
    async swap(swap, stop) {
      const { database, fresh } = swap;
      const loaded = loads.get(fresh) as Loaded;
      stop.throwIfAborted();
      const signal = AbortSignal.timeout(AFTERWARDS);
      await swapTables(swap, loaded, connection, { signal });
      // What they need may be in a database that comes later.
      const failures = await makeObjects(database, loaded, '', loader, signal);
      if (failures.length > 0) unmade.set(database, loaded);
      await drop(fresh, connection, signal);
    },
    drop: (name, stop) => drop(name, connection, stop),
    async finish({ troubles, signal: stop }) {
      for (const [database, loaded] of unmade) {
        const before = await withoutTriggers(database, loaded, connection, stop);
        for (const failure of await makeObjects(database, loaded, before, loader, stop))
          troubles(trouble('unwritable', `${component}/${database}`, failure));
      }
      for (const { account, statements } of waiting) await run(account, statements, loader, stop, troubles);
    },
  };
}

async function look(
  connection: Connection,
  wanted: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<LiveDatabase[]> {
  const databases = await listDatabases(connection, { signal });
  const tables = await listTables([...wanted], connection, { signal });
  const rows = await connection.query("SELECT DISTINCT IFNULL(DB, '') FROM information_schema.PROCESSLIST;", {
    signal,
  });
  const used = new Set(rows.map(([name]) => name));
  return databases.map(({ name }) => ({
    name,
    idle: !used.has(name),
    tables: tables.filter((table) => table.database === name && isTable(table)).map((table) => table.name),
  }));
}

async function load(
  fresh: string,
  database: string,
  dump: AsyncIterable<Uint8Array>,
  parts: LoadParts,
  signal: AbortSignal,
): Promise<Loaded> {
  const { connection } = parts;
  const there = (await listDatabases(connection, { signal })).some(({ name }) => name === database);
  try {
    const loaded = await withLargePackets(connection, signal, () =>
      loadInto(fresh, database, dump, parts, signal),
    );
    const tables = [...loaded.tables].map(
      (table) => `ANALYZE NO_WRITE_TO_BINLOG TABLE ${qualified(fresh, table)};\n`,
    );
    await connection.query(tables.join(''), { signal });
    return loaded;
  } catch (error) {
    if (!there) await dropPrepared(database, connection);
    signal.throwIfAborted();
    if (!isHikaeError(error) || !error.code.startsWith('DATABASE_')) throw error;
    const { server } = connection;
    const reason = error.details.reason ?? error.message;
    throw databaseErrors.DATABASE_LOAD_FAILED({ database, server, reason }, { cause: error });
  }
}

/** Of a database that was not there, a load that failed leaves no more than the sequences it has put there beforehand. */
async function dropPrepared(database: string, connection: Connection): Promise<void> {
  const signal = AbortSignal.timeout(TIDYING);
  const inside = await listTables([database], connection, { signal });
  if (inside.every(({ type }) => type === 'sequence')) await drop(database, connection, signal);
}

/** The rows of a table with a history are those of its history, as they are in the dump. */
async function countRows(
  database: string,
  { rows }: Loaded,
  connection: Connection,
  signal: AbortSignal,
): Promise<TableCount[]> {
  const tables = (await listTables([database], connection, { signal })).filter(
    (table) => isTable(table) && rows.has(table.name),
  );
  const counts: TableCount[] = [];
  for (let from = 0; from < tables.length; from += AT_ONCE) {
    const asked = tables.slice(from, from + AT_ONCE);
    const script = asked.map(({ name, type }) => {
      const all = type === 'versioned' ? ' FOR SYSTEM_TIME ALL' : '';
      return `SELECT COUNT(*) FROM ${qualified(database, name)}${all};\n`;
    });
    const answers = await connection.query(script.join(''), { signal });
    counts.push(...asked.map(({ name }, index) => ({ name, rows: Number(answers[index]?.[0]) })));
  }
  return counts;
}

/** Removes the triggers of tables that came back, so that a script which makes them can be run again. */
async function withoutTriggers(
  database: string,
  { tables }: Loaded,
  connection: Connection,
  signal: AbortSignal,
): Promise<string> {
  const { names } = await saveTriggers(database, [...tables], connection, { signal });
  return names.map((name) => `DROP TRIGGER IF EXISTS ${qualified(database, name)};\n`).join('');
}

/** What still points into a database that has been replaced is told of its successor before. */
async function drop(name: string, connection: Connection, signal: AbortSignal): Promise<void> {
  const standIn = standInOf(name);
  if (standIn?.kind === 'replaced') await pointElsewhere(name, standIn.of, connection, { signal });
  await connection.query(
    `SET SESSION foreign_key_checks = 0, SESSION sql_notes = 0;\nDROP DATABASE IF EXISTS ${identifier(name)};`,
    { signal },
  );
}

function isTable({ type }: TableEntry): boolean {
  return type === 'table' || type === 'versioned';
}
