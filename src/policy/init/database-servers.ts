/** Database servers on the machine itself, by the sockets that they listen on and the folders that they keep. */
import { basename, dirname, join } from 'node:path';
import type { Asked, InitHost } from './host.ts';

export interface DatabaseServer {
  readonly kind: 'mysql' | 'postgres';
  /** a socket, or for PostgreSQL the folder that it lies in; undefined: installed, but it doesn't run now */
  readonly socket: string | undefined;
  /** where it isn't the usual one */
  readonly port: number | undefined;
  /** the databases that it has, where its folder tells */
  readonly databases: readonly string[] | undefined;
}

/** Anybody may listen in these, under any name. */
const everybodys = /^\/(?:tmp|var\/tmp|dev\/shm|home|run\/user|run\/lock)\//;
const mysqlSocket = /^(?:mysqld?|mariadbd?)(?:[-_.]?\d+)?\.sock$/;
const postgresSocket = /^\.s\.PGSQL\.(\d+)$/;
const usualPort = 5432;
const ofTheServer = new Set(['mysql', 'sys', 'performance_schema', 'information_schema']);

export async function findServers(host: InitHost, options: Asked): Promise<readonly DatabaseServer[]> {
  const sockets: string[] = [];
  for (const path of await host.listening(options)) {
    const normal = path.replace(/^\/var\/run\//, '/run/');
    if (everybodys.test(normal) || sockets.includes(normal)) continue;
    if ((await host.kindOf(normal, options)) === 'socket') sockets.push(normal);
  }
  const mysql = sockets.filter((path) => mysqlSocket.test(basename(path)));
  const postgres = sockets.filter((path) => postgresSocket.test(basename(path)));
  const servers: DatabaseServer[] = [];
  if (mysql.length > 0 || (await hasMysql(host, options))) {
    const databases = mysql.length < 2 ? await mysqlDatabases(host, options) : undefined;
    for (const socket of mysql.length > 0 ? mysql : [undefined])
      servers.push({ kind: 'mysql', socket, port: undefined, databases });
  }
  for (const path of postgres) {
    const port = Number(postgresSocket.exec(basename(path))?.[1]);
    servers.push({
      kind: 'postgres',
      socket: dirname(path),
      port: port === usualPort ? undefined : port,
      databases: undefined,
    });
  }
  if (postgres.length === 0 && (await hasPostgres(host, options)))
    servers.push({ kind: 'postgres', socket: undefined, port: undefined, databases: undefined });
  return servers;
}

async function hasMysql(host: InitHost, options: Asked): Promise<boolean> {
  return (await host.kindOf('/var/lib/mysql/ibdata1', options)) === 'file';
}

async function hasPostgres(host: InitHost, options: Asked): Promise<boolean> {
  for (const { name, kind } of await host.entries('/var/lib/postgresql', options)) {
    if (kind === 'folder' && /^\d+$/.test(name)) return true;
  }
  return (await host.kindOf('/var/lib/pgsql/data/PG_VERSION', options)) === 'file';
}

/** Each database is a folder, whose name writes what isn't a letter or digit as `@002d`. */
async function mysqlDatabases(host: InitHost, options: Asked): Promise<readonly string[] | undefined> {
  const folder = '/var/lib/mysql';
  if ((await host.kindOf(join(folder, 'ibdata1'), options)) !== 'file') return undefined;
  const entries = await host.entries(folder, options);
  return entries
    .filter(
      ({ name, kind }) => kind === 'folder' && !ofTheServer.has(name) && !/^[#.]|^lost\+found$/.test(name),
    )
    .map(({ name }) =>
      name.replace(/@([0-9a-f]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))),
    );
}
