/** Which server a database that a program uses is on: one of this machine, one in a container, or another machine's. */
import type { Container } from './containers.ts';
import type { DatabaseServer } from './database-servers.ts';
import type { Discovery } from './discovery.ts';
import type { DatabaseUse } from './wordpress.ts';

export type Claim =
  | { readonly on: 'server'; readonly server: DatabaseServer; readonly database: string }
  | { readonly on: 'container'; readonly container: Container }
  | {
      readonly on: 'elsewhere';
      readonly use: DatabaseUse;
      readonly host: string;
      readonly port: number | undefined;
    }
  /** it should be on this machine, and nothing of the kind was found */
  | { readonly on: 'nowhere' };

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);
const usualPorts = { mysql: 3306, postgres: 5432 } as const;

export function claimOf(use: DatabaseUse, { servers, docker }: Discovery): Claim {
  const own = servers.filter(({ kind }) => kind === use.kind);
  const { at, kind, database } = use;
  if (at.via === 'local') {
    const server = own.find(({ socket }) => socket !== undefined && socket === normal(at.socket)) ?? own[0];
    return server === undefined ? { on: 'nowhere' } : { on: 'server', server, database };
  }
  const port = at.port ?? usualPorts[kind];
  const inContainer = docker.containers.filter((container) => container.database?.kind === kind);
  if (loopback.has(at.host)) {
    const container = inContainer.find(({ ports }) => ports.includes(port));
    if (container !== undefined) return { on: 'container', container };
    const server = own.find((one) => (one.port ?? usualPorts[kind]) === port);
    return server === undefined ? { on: 'nowhere' } : { on: 'server', server, database };
  }
  const container = inContainer.find(({ name, service }) => name === at.host || service === at.host);
  if (container !== undefined) return { on: 'container', container };
  return { on: 'elsewhere', use, host: at.host, port: at.port };
}

function normal(socket: string | undefined): string | undefined {
  return socket?.replace(/^\/var\/run\//, '/run/');
}
