/**
 * A session with the server: psql with its input kept open. It is there wherever pg_dump is, inside containers as well,
 * and its transaction is the one that a dump is made in. The first error ends it.
 */
import { databaseErrors } from '../database/errors.ts';
import type { Connection } from './connection.ts';

/** No row of JSON looks like it. */
const DONE = '--done--';

/** Options that every psql of ours has: no file of anybody's is read, and nothing but what was asked for is printed. */
export const psqlArguments = [
  '--no-psqlrc',
  '--no-password',
  '--quiet',
  '--no-align',
  '--tuples-only',
  '--set=ON_ERROR_STOP=1',
  // Neither statements nor rows belong into an error: they may hold secrets.
  '--set=VERBOSITY=terse',
  '--set=SHOW_CONTEXT=never',
] as const;

/** What settings of the server, the database or the role say of such things is meant for others. */
const ownSettings = `${[
  'client_min_messages = error',
  'default_transaction_read_only = off',
  'statement_timeout = 0',
  'lock_timeout = 0',
  'idle_in_transaction_session_timeout = 0',
]
  .map((setting) => `SET ${setting};`)
  .join(' ')}\n`;

export class Session {
  readonly #connection: Connection;
  readonly #statements = new Statements();
  readonly #lines: AsyncIterator<string>;
  readonly #abort = new AbortController();
  #asked = 0;
  #closed = false;

  /** `name` is what the server shows of the session to who looks */
  constructor(connection: Connection, database: string, signal: AbortSignal, name = 'hikae') {
    this.#connection = connection;
    const output = connection.clients.stream(
      {
        program: 'psql',
        arguments: psqlArguments,
        variables: { PGDATABASE: database, PGAPPNAME: name, PGCLIENTENCODING: 'UTF8' },
        input: this.#statements,
        database,
      },
      AbortSignal.any([signal, this.#abort.signal]),
    );
    this.#lines = linesOf(output)[Symbol.asyncIterator]();
    this.#statements.add(ownSettings);
  }

  /** Each row is one value of JSON, so that a text in it may hold anything. */
  async rows<Row>(query: string): Promise<Row[]> {
    this.#statements.add(`${query}\n\\echo ${DONE}\n`);
    this.#asked += 1;
    const rows: Row[] = [];
    let foreign: string | undefined;
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done === true) {
        const { server } = this.#connection;
        throw databaseErrors.DATABASE_UNREACHABLE({ server, reason: 'psql ended before it answered' });
      }
      if (value === DONE) break;
      // `docker exec` tells on stdout that it could not start psql; its end says that it failed.
      if (/^[[{"\-0-9tfn]/.test(value)) rows.push(JSON.parse(value) as Row);
      else if (value !== '') foreign ??= value;
    }
    if (foreign !== undefined) throw new TypeError(`psql answered ${foreign}`);
    this.#asked -= 1;
    return rows;
  }

  async row<Row>(query: string): Promise<Row> {
    const [row] = await this.rows<Row>(query);
    if (row === undefined) throw new TypeError(`no row for ${query}`);
    return row;
  }

  async run(statement: string): Promise<void> {
    await this.rows(statement);
  }

  /** Ends psql, and with it whatever transaction is open; also while an answer is awaited, which then fails. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#statements.end();
    if (this.#asked > 0) this.#abort.abort();
    await this.#lines.return?.();
  }
}

/** Does the work in a session of its own, which is closed afterwards. */
export async function withSession<Result>(
  connection: Connection,
  database: string,
  signal: AbortSignal,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  const session = new Session(connection, database, signal);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

async function* linesOf(output: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const part of output) {
    const lines = (rest + decoder.decode(part, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

/** What is still to be sent, in order. */
class Statements implements AsyncIterable<Uint8Array> {
  #waiting: string[] = [];
  #ended = false;
  #wake: () => void = () => {};

  add(statement: string): void {
    this.#waiting.push(statement);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    while (!this.#ended) {
      const waiting = this.#waiting.splice(0);
      for (const statement of waiting) yield Buffer.from(statement);
      if (this.#waiting.length > 0 || this.#ended) continue;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
