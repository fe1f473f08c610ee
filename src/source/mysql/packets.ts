/** Room for the longest row of a dump: bytes are twice as long in it, and a server refuses statements over its limit. */
import { isHikaeError } from '../../base/errors.ts';
import type { Connection } from './connection.ts';

/** The most that servers of both products take, in bytes. */
const MOST = 1_073_741_824;

/** The limit holds for sessions that begin while the work is done; afterwards it is what it was. */
export async function withLargePackets<Result>(
  connection: Connection,
  signal: AbortSignal,
  work: () => Promise<Result>,
): Promise<Result> {
  const [[limit = ''] = []] = await connection.query('SELECT @@GLOBAL.max_allowed_packet;', { signal });
  const before = Number(limit);
  if (before >= MOST || !(await setLimit(MOST, connection, signal))) return await work();
  try {
    return await work();
  } finally {
    await setLimit(before, connection, AbortSignal.timeout(30_000));
  }
}

/** False where we may not; then a row that is too long fails the load and says so. */
async function setLimit(bytes: number, connection: Connection, signal: AbortSignal): Promise<boolean> {
  try {
    await connection.query(`SET GLOBAL max_allowed_packet = ${bytes};`, { signal });
    return true;
  } catch (error) {
    if (!isHikaeError(error, 'DATABASE_FORBIDDEN', 'DATABASE_QUERY_FAILED', 'DATABASE_UNREACHABLE'))
      throw error;
    return false;
  }
}
