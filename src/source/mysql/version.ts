/** Versions of servers and of their clients, as they print them. */

export type Product = 'MariaDB' | 'MySQL';

export interface Version {
  readonly product: Product;
  /** `10.11.19` */
  readonly text: string;
  readonly major: number;
  readonly minor: number;
}

/** Of what a server calls itself: `10.11.19-MariaDB-0+deb12u1`, `9.7.4-2`. */
export function versionOfServer(said: string): Version | undefined {
  return versionIn(said, said);
}

/**
 * Of what a client prints: `mysqldump  Ver 8.0.36 for Linux`, `mariadb-dump  Ver 10.19 Distrib 10.11.19-MariaDB, for …`,
 * `mariadb-dump from 11.4.2-MariaDB, client 10.19 for …`. `Ver` beside another number is that of the client's own dialect.
 */
export function versionOfClient(said: string): Version | undefined {
  const [, numbers = said] = /(?:Distrib|from) (\S+)/.exec(said) ?? /Ver (\S+)/.exec(said) ?? [];
  return versionIn(numbers, said);
}

/** Of one product: a client of an earlier series may leave out what the server has learned since, and not say so. */
export function isOlder(client: Version, server: Version): boolean {
  return client.major < server.major || (client.major === server.major && client.minor < server.minor);
}

export function isAtLeast(
  { major, minor }: Version,
  wanted: readonly [major: number, minor: number],
): boolean {
  return major > wanted[0] || (major === wanted[0] && minor >= wanted[1]);
}

function versionIn(numbers: string, said: string): Version | undefined {
  const [text, major, minor] = /(\d+)\.(\d+)(?:\.\d+)*/.exec(numbers) ?? [];
  if (text === undefined) return undefined;
  const product = /mariadb/i.test(said) ? 'MariaDB' : 'MySQL';
  return { product, text, major: Number(major), minor: Number(minor) };
}
