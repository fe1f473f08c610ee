/**
 * Dumps that nobody reads any more. When `docker exec` is killed, the client inside the container goes on: it waits for
 * ever to be read, and keeps its locks. The session whose snapshot it uses ends by itself, because its input does; so a
 * dump without its session is one to end.
 */
import { isHikaeError } from '../../base/errors.ts';
import type { Connection } from './connection.ts';
import { meetingPlace } from './server.ts';
import { type Session, withSession } from './session.ts';

/** How long it may take to end them, in milliseconds; it goes on when the run is cancelled. */
const PATIENCE = 10_000;

/** What the server shows of the session that a dump's snapshot belongs to. */
export function dumpSession(random: Uint8Array): string {
  return `hikae ${Buffer.from(random).toString('hex')}`;
}

/** What it shows of the dump itself. */
export function dumpClient(session: string): string {
  return `${session} dump`;
}

export async function endOrphanedDumps(session: Session): Promise<void> {
  await session.run(`SELECT to_json(count(pg_terminate_backend(d.pid))) FROM pg_stat_activity d
    WHERE d.usename = current_user AND d.application_name ~ '^hikae [0-9a-f]{8} dump$' AND NOT EXISTS (
      SELECT FROM pg_stat_activity s WHERE s.application_name = left(d.application_name, -5));`);
}

/** After a dump that has failed or was cancelled. Where the server is gone there is nothing to end; the next run looks again. */
export async function endOrphans(connection: Connection): Promise<void> {
  try {
    await withSession(connection, meetingPlace(), AbortSignal.timeout(PATIENCE), endOrphanedDumps);
  } catch (error) {
    if (!isHikaeError(error) && !(error instanceof DOMException)) throw error;
  }
}
