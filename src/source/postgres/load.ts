/**
 * Loading a dump. It is a program of psql's, so psql runs as nobody who owns anything, and where it can be told so, it obeys
 * none of its own commands until it hears a word that the dump can't know.
 */
import type { Connection } from './connection.ts';
import { psqlArguments } from './session.ts';

/** What the database's own settings say is for its users, not for this. */
const OPTIONS = '-c default_transaction_read_only=off -c statement_timeout=0';

export interface LoadingConnection extends Connection {
  /** whether psql can be told to obey nothing but SQL */
  readonly restricts: boolean;
}

export async function loadInto(
  database: string,
  dump: AsyncIterable<Uint8Array>,
  { clients, random, restricts }: LoadingConnection,
  signal: AbortSignal,
): Promise<void> {
  const word = Buffer.from(random(24)).toString('hex');
  const output = clients.stream(
    {
      program: 'psql',
      arguments: psqlArguments,
      variables: { PGDATABASE: database, PGAPPNAME: 'hikae', PGOPTIONS: OPTIONS },
      input: restricts ? restricted(dump, word) : dump,
      database,
    },
    signal,
  );
  for await (const _ of output) signal.throwIfAborted();
}

async function* restricted(dump: AsyncIterable<Uint8Array>, word: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`\\restrict ${word}\n`);
  yield* dump;
  yield Buffer.from(`\n\\unrestrict ${word}\n`);
}
