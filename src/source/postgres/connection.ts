/**
 * How a server of PostgreSQL is reached and by whom.
 *
 * Clients never run as root. Where no password is given, the server may know its users by those of the system (peer), so a
 * client runs as the one that is called like the role; with a password it needs no such thing and runs as nobody.
 */
import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isHikaeError, systemCode } from '../../base/errors.ts';
import type { Origin } from '../../model/snapshot.ts';
import { type Clients, createClients } from '../database/clients.ts';
import type { DatabaseHost } from '../database/host.ts';
import { serverText } from '../database/server-text.ts';
import { readAccounts } from '../files/accounts.ts';
import { failureOf } from './failures.ts';

export type PostgresOrigin = Extract<Origin, { kind: 'postgres' }>;

export interface Connection {
  readonly clients: Clients;
  /** how the server is called when a person is told of it */
  readonly server: string;
  readonly user: string;
  readonly random: DatabaseHost['random'];
}

const NOBODY = 65_534;
const PORT = 5_432;
/** Seconds until a server that doesn't answer counts as out of reach. */
const PATIENCE = '15';

export async function connect(
  origin: PostgresOrigin,
  host: DatabaseHost,
  options: { signal: AbortSignal },
): Promise<Connection> {
  const { server: address, user = 'postgres', password } = origin;
  const secret = password === undefined ? undefined : await host.secret(password, options);
  const server = serverText('PostgreSQL', address);
  const clientsAs = (containerUser: string) =>
    createClients({
      server,
      address,
      environment: { ...host.environment, LC_ALL: 'C.UTF-8' },
      variables: {
        ...placeOf(address),
        PGUSER: user,
        PGCONNECT_TIMEOUT: PATIENCE,
        // The environment of a container may have options of its own.
        PGOPTIONS: '',
        ...(secret === undefined ? {} : { PGPASSWORD: secret.reveal() }),
      },
      ...(host.owner.uid === 0 ? identityFor(address, user, secret !== undefined) : {}),
      containerUser,
      explain: (reason, call) => failureOf(reason, call, { server, user }),
    });
  const nobody = clientsAs(`${NOBODY}:${NOBODY}`);
  const asksWho = address.via === 'docker' && secret === undefined && (await isRefused(nobody, options));
  return { clients: asksWho ? clientsAs(user) : nobody, server, user, random: host.random };
}

/** Whether the server in a container knows its users by those of the system. */
async function isRefused(clients: Clients, { signal }: { signal: AbortSignal }): Promise<boolean> {
  const call = {
    program: 'psql',
    arguments: ['--no-psqlrc', '--no-password', '--command=SELECT'],
    variables: { PGDATABASE: 'postgres' },
  };
  try {
    await clients.run(call, signal);
    return false;
  } catch (error) {
    if (isHikaeError(error, 'DATABASE_LOGIN_REFUSED')) return true;
    throw error;
  }
}

/** In a container the clients know by themselves where its server listens. */
function placeOf(address: PostgresOrigin['server']): Record<string, string> {
  const port = address.port === undefined ? {} : { PGPORT: String(address.port) };
  switch (address.via) {
    case 'docker':
      return port;
    case 'tcp':
      return { PGHOST: address.host, PGPORT: String(PORT), ...port };
    case 'socket': {
      const { folder, port: named } = socketOf(address);
      return { PGHOST: folder, PGPORT: String(named) };
    }
  }
}

/** The policy may name the socket itself or the folder that it lies in, as PostgreSQL does. */
function socketOf({ path, port }: Extract<PostgresOrigin['server'], { via: 'socket' }>): {
  folder: string;
  port: number;
} {
  const named = /^\.s\.PGSQL\.(\d+)$/.exec(basename(path))?.[1];
  return named === undefined
    ? { folder: path, port: port ?? PORT }
    : { folder: dirname(path), port: Number(named) };
}

function identityFor(
  address: PostgresOrigin['server'],
  user: string,
  withPassword: boolean,
): { identity: { uid: number; gid: number } } {
  if (address.via === 'socket' && !withPassword) {
    const account = accountOf(user) ?? ownerOf(socketOf(address));
    if (account !== undefined && account.uid !== 0) return { identity: account };
  }
  return { identity: { uid: NOBODY, gid: NOBODY } };
}

function accountOf(name: string): { uid: number; gid: number } | undefined {
  const { ids } = readAccounts('/etc');
  const uid = ids.userId(name);
  return uid === undefined ? undefined : { uid, gid: ids.groupId(name) ?? NOBODY };
}

/** Undefined where there is no socket: to connect to it will tell. */
function ownerOf({
  folder,
  port,
}: {
  folder: string;
  port: number;
}): { uid: number; gid: number } | undefined {
  try {
    const { uid, gid } = statSync(join(folder, `.s.PGSQL.${port}`));
    return { uid, gid };
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}
