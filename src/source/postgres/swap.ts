/**
 * Putting a fresh database in the place of another. Both renames are one transaction, so that the name is never without a
 * database. The rename waits for a few seconds until nobody uses the old one, and whoever comes meanwhile waits for
 * the rename: so it is begun first, and then those who are there are sent away.
 */
import { delay } from '../../base/abort.ts';
import { isHikaeError } from '../../base/errors.ts';
import { databaseErrors } from '../database/errors.ts';
import type { Swap } from '../database/restoring-server.ts';
import { carryTables } from './carry.ts';
import { endSessions } from './catalog.ts';
import type { LoadingConnection } from './load.ts';
import { meetingPlace } from './server.ts';
import { Session, withSession } from './session.ts';
import { identifier } from './sql.ts';

/** PostgreSQL gives up a rename after 5 s when the database is still in use. */
const TRIES = 4;
/** How often those who came meanwhile are sent away, in milliseconds. */
const AGAIN = 200;

export async function swapDatabases(
  connection: LoadingConnection,
  swap: Swap,
  signal: AbortSignal,
): Promise<void> {
  const { database, old, carried } = swap;
  if (old === undefined) {
    await withSession(connection, meetingPlace(database), signal, (session) => session.run(renamesOf(swap)));
    return;
  }
  const held = carried.length === 0 ? undefined : await carryTables(connection, swap, signal);
  try {
    for (let turn = 1; ; turn++) {
      try {
        await renameWhileClearing(connection, swap, held, signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (!isHikaeError(error)) throw error;
        const { server } = connection;
        const reason = String(error.details.reason ?? error.message);
        if (turn === TRIES)
          throw databaseErrors.DATABASE_BUSY({ database, server, reason }, { cause: error });
      }
    }
  } finally {
    await held?.close();
  }
}

function renamesOf({ database, fresh, old }: Swap): string {
  const away =
    old === undefined ? '' : `ALTER DATABASE ${identifier(database)} RENAME TO ${identifier(old)}; `;
  return `BEGIN; ${away}ALTER DATABASE ${identifier(fresh)} RENAME TO ${identifier(database)}; COMMIT;`;
}

async function renameWhileClearing(
  connection: LoadingConnection,
  swap: Swap,
  held: Session | undefined,
  signal: AbortSignal,
): Promise<void> {
  const place = meetingPlace(swap.database);
  const renaming = new Session(connection, place, signal);
  const clearing = new Session(connection, place, signal);
  try {
    let ended = false;
    await clearing.run('SELECT;');
    const renamed = renaming.run(renamesOf(swap)).finally(() => {
      ended = true;
    });
    renamed.catch(() => {});
    // What holds writers off the carried tables goes last.
    await held?.close();
    while (!ended) {
      await endSessions(clearing, swap.database);
      await Promise.race([renamed.catch(() => {}), delay(AGAIN, signal)]);
    }
    await renamed;
  } finally {
    await renaming.close();
    await clearing.close();
  }
}
