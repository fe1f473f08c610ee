/** What has to be known of a server before anything is taken from it or put into it. */
import { databaseErrors } from '../database/errors.ts';
import { readServer, type ServerFacts } from './catalog.ts';
import type { Connection } from './connection.ts';
import { type Session, withSession } from './session.ts';

/** The database that one is logged into to look at the others; another one when that is the one in question. */
export function meetingPlace(but?: string): string {
  return but === 'postgres' ? 'template1' : 'postgres';
}

export async function lookAround<Result>(
  connection: Connection,
  signal: AbortSignal,
  look: (session: Session, server: ServerFacts) => Promise<Result>,
): Promise<Result> {
  return withSession(connection, meetingPlace(), signal, async (session) =>
    look(session, await readServer(session)),
  );
}

export interface ClientVersion {
  readonly text: string;
  readonly major: number;
  readonly minor: number;
}

async function clientVersion(
  program: string,
  { clients }: Connection,
  signal: AbortSignal,
): Promise<ClientVersion> {
  const said = (await clients.run({ program, arguments: ['--version'] }, signal)).toString();
  const [, text = '', major = '0', minor = '0'] = /\) ((\d+)(?:\.(\d+))?\S*)/.exec(said) ?? [];
  return { text, major: Number(major), minor: Number(minor) };
}

/** An older client does not know what a newer server holds. */
export async function requireClient(
  program: string,
  server: ServerFacts,
  connection: Connection,
  signal: AbortSignal,
): Promise<ClientVersion> {
  const version = await clientVersion(program, connection, signal);
  if (version.major >= Math.floor(server.number / 10_000)) return version;
  throw databaseErrors.DATABASE_CLIENT_OLD({
    program,
    version: version.text,
    server: connection.server,
    serverVersion: server.version,
  });
}

/** Whether psql knows \restrict, which came to all versions that were kept in August 2025. */
export function knowsRestrict({ major, minor }: ClientVersion): boolean {
  const since: Readonly<Record<number, number>> = { 13: 22, 14: 19, 15: 14, 16: 10, 17: 6 };
  return major > 17 || minor >= (since[major] ?? Number.POSITIVE_INFINITY);
}
