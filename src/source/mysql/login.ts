/**
 * Who the clients run as. None needs to be root but where a server knows its users by those of the system: with a password
 * they run as the user that the server itself runs as, to whom its socket belongs, and over the network as nobody.
 *
 * A dump is a program, so who loads it matters more. Where root logs in by being root, Debian's MariaDB has an account for
 * its own user as well, and that one loads then. Where there is none such, root does, with all commands of the client
 * off, as they are for everybody.
 */
import { statSync } from 'node:fs';
import { isHikaeError, systemCode } from '../../base/errors.ts';
import type { DatabaseHost } from '../database/host.ts';
import { readAccounts } from '../files/accounts.ts';
import { type Connection, connect, type Login, type MysqlOrigin } from './connection.ts';

const NOBODY = { uid: 65_534, gid: 65_534 };

export async function connectAs(
  origin: MysqlOrigin,
  host: DatabaseHost,
  { signal }: { signal: AbortSignal },
): Promise<Connection> {
  return connect(origin, host, { signal, login: loginFor(origin, host) });
}

export async function connectLoader(
  origin: MysqlOrigin,
  host: DatabaseHost,
  connection: Connection,
  { signal }: { signal: AbortSignal },
): Promise<Connection> {
  const { server, password } = origin;
  if (server.via !== 'socket' || password !== undefined || host.owner.uid !== 0) return connection;
  const identity = ownerOf(server.path);
  const user = identity === undefined ? '' : readAccounts('/etc').names.user(identity.uid);
  if (identity === undefined || user === '') return connection;
  try {
    const loader = await connect(origin, host, { signal, login: { user, identity } });
    return (await mayDoAll(loader, signal)) ? loader : connection;
  } catch (error) {
    if (!isHikaeError(error, 'DATABASE_LOGIN_REFUSED', 'DATABASE_FORBIDDEN')) throw error;
    return connection;
  }
}

function loginFor({ server, password }: MysqlOrigin, host: DatabaseHost): Login {
  if (server.via === 'docker')
    return password === undefined ? {} : { containerUser: `${NOBODY.uid}:${NOBODY.gid}` };
  if (host.owner.uid !== 0) return {};
  if (server.via === 'tcp') return { identity: NOBODY };
  return password === undefined ? {} : { identity: ownerOf(server.path) ?? NOBODY };
}

/** Undefined when that is root, and where there is no socket: to connect to it will tell. */
function ownerOf(socket: string): { uid: number; gid: number } | undefined {
  try {
    const { uid, gid } = statSync(socket);
    return uid === 0 ? undefined : { uid, gid };
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

async function mayDoAll({ query }: Connection, signal: AbortSignal): Promise<boolean> {
  const grants = await query('SHOW GRANTS;', { signal });
  return grants.some(([grant = '']) => grant.startsWith('GRANT ALL PRIVILEGES ON *.* '));
}
