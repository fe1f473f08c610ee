/** The triggers of tables that are about to be renamed, kept so that they can be made again should that fail. */
import { isHikaeError } from '../../base/errors.ts';
import type { Connection } from './connection.ts';
import { identifier, list, literal, qualified } from './sql.ts';

type Options = { readonly signal: AbortSignal };

export interface SavedTriggers {
  readonly names: readonly string[];
  /** Makes those again that are not there any more. */
  restore(): Promise<void>;
}

/** How long making them again may take, in milliseconds; it goes on when the run is cancelled. */
const MENDING = 30_000;

export async function saveTriggers(
  database: string,
  tables: readonly string[],
  connection: Connection,
  options: Options,
): Promise<SavedTriggers> {
  if (tables.length === 0) return { names: [], restore: async () => {} };
  const rows = await connection.query(
    `SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ${literal(database)} AND EVENT_OBJECT_TABLE IN (${list(tables)}) ORDER BY ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER;`,
    options,
  );
  const names = rows.map(([name = '']) => name);
  const scripts: string[] = [];
  for (const name of names) scripts.push(await scriptFor(database, name, connection, options));
  return {
    names,
    async restore() {
      for (const script of scripts) {
        try {
          await connection.query(script, { signal: AbortSignal.timeout(MENDING), database });
        } catch (error) {
          // One that was not removed is still there.
          if (!isHikaeError(error)) throw error;
        }
      }
    },
  };
}

/** A trigger means what it meant only in the settings that it was made in. */
async function scriptFor(
  database: string,
  name: string,
  connection: Connection,
  options: Options,
): Promise<string> {
  const shown = await connection.query(`SHOW CREATE TRIGGER ${qualified(database, name)};`, options);
  const [, mode = '', statement = '', charset = '', collation = ''] = shown[0] ?? [];
  return `SET SESSION sql_mode = ${literal(mode)}, SESSION character_set_client = ${identifier(charset)}, SESSION collation_connection = ${identifier(collation)};
DELIMITER ;;hikae;;
${statement}
;;hikae;;
DELIMITER ;`;
}
