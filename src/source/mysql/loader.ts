/**
 * Who loads dumps. A dump is a program, so where we are root it is run by somebody who owns nothing: with a password, or
 * over the network, by nobody. A server that knows its users by those of the system has, as Debian's MariaDB does, an
 * account for the user that it runs as itself; that one loads then. Where it has none such, root does, with all commands
 * of the client off, as they are for everybody.
 */
import { statSync } from 'node:fs';
import { isHikaeError, systemCode } from '../../base/errors.ts';
import type { DatabaseHost } from '../database/host.ts';
import { readAccounts } from '../files/accounts.ts';
import { type Connection, connect, type Login, type MysqlOrigin } from './connection.ts';

const NOBODY = { uid: 65_534, gid: 65_534 };

export async function connectLoader(
  origin: MysqlOrigin,
  host: DatabaseHost,
  connection: Connection,
  { signal }: { signal: AbortSignal },
): Promise<Connection> {
  const { server, password } = origin;
  const withLogin = (login: Login) => connect(origin, host, { signal, login });
  if (server.via === 'docker') {
    return password === undefined ? connection : withLogin({ containerUser: `${NOBODY.uid}:${NOBODY.gid}` });
  }
  if (host.owner.uid !== 0) return connection;
  if (password !== undefined || server.via === 'tcp') return withLogin({ identity: NOBODY });
  const account = serverAccount(server.path);
  if (account === undefined) return connection;
  const { user, ...identity } = account;
  try {
    const loader = await withLogin({ user, identity });
    return (await mayDoAll(loader, signal)) ? loader : connection;
  } catch (error) {
    if (!isHikaeError(error, 'DATABASE_LOGIN_REFUSED', 'DATABASE_FORBIDDEN')) throw error;
    return connection;
  }
}

/** The user that the server runs as, to whom its socket belongs; undefined when that is root or has no name. */
function serverAccount(socket: string): { user: string; uid: number; gid: number } | undefined {
  try {
    const { uid, gid } = statSync(socket);
    const user = readAccounts('/etc').names.user(uid);
    return uid === 0 || user === '' ? undefined : { user, uid, gid };
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

async function mayDoAll({ query }: Connection, signal: AbortSignal): Promise<boolean> {
  const grants = await query('SHOW GRANTS;', { signal });
  return grants.some(([grant = '']) => grant.startsWith('GRANT ALL PRIVILEGES ON *.* '));
}
