/**
 * The program that dumps, and what it is told. It must be of the server's own product: each has options that the other
 * refuses, and mariadb-dump writes values for the generated columns of MySQL, which no server of MySQL takes back.
 */
import { databaseErrors } from '../database/errors.ts';
import { type Connection, findProgram } from './connection.ts';
import { isAtLeast, isOlder, type Version, versionOfClient } from './version.ts';

export interface Dumper {
  readonly program: string;
  readonly version: Version;
  /** what every dump is made with, before the names of what is dumped */
  readonly arguments: readonly string[];
}

/**
 * One transaction for all that is dumped, nothing locked. No date and rows in the order of their keys, so that the same
 * data are the same bytes.
 */
const options = [
  '--single-transaction',
  '--quick',
  '--routines',
  '--events',
  '--triggers',
  '--hex-blob',
  '--skip-dump-date',
  '--order-by-primary',
  // MariaDB can't load rows whose columns take their values from a sequence while tables are locked.
  '--skip-add-locks',
] as const;

/** Given where `--help` names them. */
const productOptions = [
  // To turn replication positions of the old server into those of the new one would stop its replicas.
  ['set-gtid-purged', '--set-gtid-purged=OFF'],
  // They need a right that reading data does not.
  ['no-tablespaces', '--no-tablespaces'],
  // Asked of a server that knows none, it fails the dump.
  ['column-statistics', '--skip-column-statistics'],
] as const;

export async function findDumper(connection: Connection, options: { signal: AbortSignal }): Promise<Dumper> {
  const { clients, version: server } = connection;
  const names = ['mariadb-dump', 'mysqldump'];
  const program = await findProgram(
    server.product === 'MariaDB' ? names : names.toReversed(),
    clients,
    options.signal,
  );
  const said = (await clients.run({ program, arguments: ['--version'] }, options.signal)).toString();
  const version = versionOfClient(said);
  if (version === undefined)
    throw databaseErrors.DATABASE_CLIENT_MISSING({ program, server: connection.server, reason: said.trim() });
  if (version.product !== server.product) {
    throw databaseErrors.DATABASE_CLIENT_OTHER({
      program,
      clientProduct: version.product,
      server: connection.server,
      serverProduct: server.product,
    });
  }
  if (isOlder(version, server)) {
    throw databaseErrors.DATABASE_CLIENT_OLD({
      program,
      version: version.text,
      server: connection.server,
      serverVersion: server.text,
    });
  }
  const help = (
    await clients.run({ program, arguments: ['--no-defaults', '--help'] }, options.signal)
  ).toString();
  return { program, version, arguments: [...connection.arguments, ...optionsFor(version, server, help)] };
}

function optionsFor(client: Version, server: Version, help: string): string[] {
  const known = productOptions.flatMap(([name, option]) => (help.includes(`--${name}`) ? [option] : []));
  const both = [client, server].every((one) => one.product === 'MariaDB' && isAtLeast(one, [10, 11]));
  return [...options, ...known, ...(both ? ['--dump-history'] : [])];
}
