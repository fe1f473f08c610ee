/** How a server of MySQL or MariaDB is reached, by whom, and with which of its clients. */
import { isHikaeError } from '../../base/errors.ts';
import type { Origin } from '../../model/snapshot.ts';
import { type ClientCall, type Clients, createClients } from '../database/clients.ts';
import { databaseErrors } from '../database/errors.ts';
import type { DatabaseHost } from '../database/host.ts';
import { serverText } from '../database/server-text.ts';
import { failureOf } from './failures.ts';
import { rowsOf } from './rows.ts';
import { type Version, versionOfServer } from './version.ts';

export type MysqlOrigin = Extract<Origin, { kind: 'mysql' }>;

export interface Connection {
  readonly clients: Clients;
  /** how the server is called when a person is told of it */
  readonly server: string;
  readonly version: Version;
  readonly user: string;
  /** the program that queries: `mariadb` or `mysql` */
  readonly program: string;
  /** what every client is told of the server and of who logs in */
  readonly arguments: readonly string[];
  /** the rows that a script prints, each value as text; a script that fails has no rows */
  query(script: string, options: { signal: AbortSignal; database?: string }): Promise<string[][]>;
}

/** Who logs in and as whom the clients run, where that is not who the origin says and who we are. */
export interface Login {
  readonly user?: string;
  readonly identity?: { readonly uid: number; readonly gid: number };
  readonly containerUser?: string;
}

/** Seconds until a server that doesn't answer counts as out of reach. */
const PATIENCE = 15;

/** Nobody's configuration is read: what is done does not depend on the machine that it is done on. */
const commonArguments = [
  '--no-defaults',
  '--default-character-set=utf8mb4',
  '--max-allowed-packet=1G',
] as const;

/**
 * `--binary-mode` takes every command of the client out of a script, such as `system`, and leaves line ends as they are;
 * without `local-infile` no file of this machine can be asked for.
 */
const scriptArguments = [
  '--binary-mode',
  '--local-infile=0',
  '--batch',
  '--skip-column-names',
  '--skip-reconnect',
  `--connect-timeout=${PATIENCE}`,
] as const;

/** So that names and texts mean the same whatever the server's own settings are. */
export const settings = "SET SESSION sql_mode = '', SESSION sql_quote_show_create = 1;";

export async function connect(
  origin: MysqlOrigin,
  host: DatabaseHost,
  options: { signal: AbortSignal; login?: Login },
): Promise<Connection> {
  const { signal, login = {} } = options;
  const { server: address, password } = origin;
  const user = login.user ?? origin.user ?? 'root';
  const secret = password === undefined ? undefined : await host.secret(password, { signal });
  const names = { server: serverText('MySQL', address), user };
  const clients = createClients({
    server: names.server,
    address,
    environment: host.environment,
    // Read by every client of both products; the environment of a process is nobody's but its user's.
    variables: secret === undefined ? {} : { MYSQL_PWD: secret.reveal() },
    ...(login.identity === undefined ? {} : { identity: login.identity }),
    ...(login.containerUser === undefined ? {} : { containerUser: login.containerUser }),
    explain: (reason, call) => failureOf(reason, call, names),
  });
  const program = await findProgram(['mariadb', 'mysql'], clients, signal);
  const places = [...commonArguments, ...placeOf(address), `--user=${user}`];
  const query: Connection['query'] = (script, { signal: asked, database }) => {
    const input = asBytes(`${settings}\n${script}\n`);
    return rowsOf(clients.stream(scriptCall({ program, arguments: places }, input, database), asked));
  };
  const [[said = '', comment = ''] = []] = await query('SELECT VERSION(), @@version_comment', { signal });
  const version = versionOfServer(`${said} ${comment}`);
  if (version === undefined)
    throw databaseErrors.DATABASE_QUERY_FAILED({ server: names.server, reason: said });
  names.server = serverText(version.product, address);
  return { clients, server: names.server, version, user, program, arguments: places, query };
}

/** A call of the querying client that runs a script. */
export function scriptCall(
  { program, arguments: places }: Pick<Connection, 'program' | 'arguments'>,
  input: AsyncIterable<Uint8Array>,
  database?: string,
): ClientCall {
  const chosen = database === undefined ? {} : { database };
  const named = database === undefined ? [] : [`--database=${database}`];
  return { program, arguments: [...places, ...scriptArguments, ...named], input, ...chosen };
}

export async function* asBytes(...parts: readonly (string | Buffer)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

/** The first of the names that there is; MariaDB's own images have lost the old ones, and others never had the new. */
export async function findProgram(
  names: readonly string[],
  clients: Clients,
  signal: AbortSignal,
): Promise<string> {
  let missing: unknown;
  for (const program of names) {
    try {
      await clients.run({ program, arguments: ['--version'] }, signal);
      return program;
    } catch (error) {
      if (!isHikaeError(error, 'DATABASE_CLIENT_MISSING')) throw error;
      missing ??= error;
    }
  }
  throw missing;
}

/** In a container the clients know by themselves where its server listens. */
function placeOf(address: MysqlOrigin['server']): string[] {
  const port = address.port === undefined ? [] : [`--port=${address.port}`];
  switch (address.via) {
    case 'docker':
      return port.length === 0 ? [] : ['--protocol=tcp', '--host=127.0.0.1', ...port];
    case 'socket':
      return ['--protocol=socket', `--socket=${address.path}`];
    case 'tcp':
      return ['--protocol=tcp', `--host=${address.host}`, ...port];
  }
}
