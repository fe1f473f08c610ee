/** Dumps of databases: of each in a transaction of its own, or of several in a single one, parted into one for each. */
import type { ClientCall } from '../database/clients.ts';
import { withEnd } from '../database/dump-end.ts';
import { databaseErrors } from '../database/errors.ts';
import type { Connection } from './connection.ts';
import { type Dumped, DumpScanner, type Piece } from './dump-scanner.ts';
import type { Dumper } from './dumper.ts';
import { Chunks, piecesOf } from './pieces.ts';

export const COMPLETED = '-- Dump completed';

/**
 * The first line of newer clients of MariaDB, by which such a client refuses commands of a script. Any other client stops
 * at it, so a dump is kept without; what hikae loads itself, it loads with all commands off.
 */
const SANDBOX = /^\/\*M!999999\\- /;

/** Where the end of a dump begins: settings that a session would need only if it went on. */
const EPILOGUE = /^\/\*!40103 SET TIME_ZONE=@OLD_TIME_ZONE \*\/;/;

export interface DumpParts {
  readonly connection: Connection;
  readonly dumper: Dumper;
}

/** One database, as its dump. What it holds is told to `done` when it is whole. */
export async function* dumpOne(
  database: string,
  parts: DumpParts,
  signal: AbortSignal,
  done: (dumped: Dumped) => void,
): AsyncGenerator<Uint8Array> {
  const scanner = new DumpScanner();
  const chunks = new Chunks();
  for await (const pieces of piecesOf(streamOf([database], parts, signal), scanner)) {
    for (const piece of pieces) {
      if (!isSandbox(piece)) chunks.add(piece.bytes);
    }
    yield* chunks.full();
  }
  done(scanner.of(database));
  yield* chunks.rest();
}

/**
 * Several databases as they were at one instant: they come out of one transaction, one after the other, and are asked
 * for in the same order. Their views have no rows and come apart, because the client gives them after all tables of all
 * databases.
 */
export class DumpTogether {
  readonly #names: readonly string[];
  readonly #parts: DumpParts;
  readonly #scanner = new DumpScanner();
  readonly #preamble: Buffer[] = [];
  readonly #views = new Map<string, readonly Uint8Array[]>();
  #pieces: AsyncGenerator<readonly Piece[]> | undefined;
  #waiting: Piece[] = [];
  #over = false;

  /** `views` of each database by its name. */
  constructor(names: readonly string[], parts: DumpParts) {
    this.#names = names;
    this.#parts = parts;
  }

  async *open(
    database: string,
    views: ReadonlyMap<string, readonly string[]>,
    signal: AbortSignal,
    done: (dumped: Dumped) => void,
  ): AsyncGenerator<Uint8Array> {
    if (this.#pieces === undefined) await this.#begin(views, signal);
    const chunks = new Chunks();
    for (const line of this.#preamble) chunks.add(headed(line, database));
    for (;;) {
      const piece = await this.#next(database);
      if (piece === undefined) break;
      chunks.add(piece.bytes);
      yield* chunks.full();
    }
    for (const bytes of this.#views.get(database) ?? []) chunks.add(bytes);
    chunks.add(Buffer.from(`\n${COMPLETED}\n`));
    done(this.#scanner.of(database));
    yield* chunks.rest();
  }

  async close(): Promise<void> {
    await this.#pieces?.return(undefined);
  }

  async #begin(views: ReadonlyMap<string, readonly string[]>, signal: AbortSignal): Promise<void> {
    for (const name of this.#names)
      this.#views.set(name, await viewsOf(name, views.get(name) ?? [], this.#parts, signal));
    const ignored = [...views].flatMap(([name, own]) => own.map((view) => `--ignore-table=${name}.${view}`));
    this.#pieces = piecesOf(streamOf(this.#names, this.#parts, signal, ignored), this.#scanner);
    for (;;) {
      const piece = await this.#peek();
      if (piece === undefined || piece.database !== undefined) return;
      this.#waiting.shift();
      if (!isSandbox(piece)) this.#preamble.push(piece.bytes);
    }
  }

  /** The next piece of the database; undefined when there is no more of it, and, after the last one, when all went well. */
  async #next(database: string): Promise<Piece | undefined> {
    const piece = await this.#peek();
    if (piece === undefined) return undefined;
    if (piece.kind === 'line' && EPILOGUE.test(piece.bytes.toString('latin1'))) return await this.#finish();
    if (piece.database !== database) return undefined;
    this.#waiting.shift();
    return piece;
  }

  async #finish(): Promise<undefined> {
    while ((await this.#peek()) !== undefined) this.#waiting.shift();
  }

  async #peek(): Promise<Piece | undefined> {
    while (this.#waiting.length === 0 && !this.#over) {
      const { value, done } = (await this.#pieces?.next()) ?? { value: undefined, done: true };
      this.#over = done === true;
      if (value !== undefined) this.#waiting = [...value];
    }
    return this.#waiting[0];
  }
}

/** The definitions of views: no data, so nothing that a transaction would have to keep still. */
async function viewsOf(
  database: string,
  views: readonly string[],
  parts: DumpParts,
  signal: AbortSignal,
): Promise<readonly Uint8Array[]> {
  const { dumper } = parts;
  if (views.length === 0) return [];
  const without = ['--no-data', '--skip-triggers', '--skip-routines', '--skip-events'];
  const call = {
    program: dumper.program,
    arguments: [...dumper.arguments, ...without, '--', database, ...views],
    database,
  };
  const kept: Uint8Array[] = [];
  for await (const pieces of piecesOf(whole(call, parts, signal), new DumpScanner())) {
    for (const piece of pieces) {
      if (!isSandbox(piece) && !isCompleted(piece)) kept.push(piece.bytes);
    }
  }
  return kept;
}

function streamOf(
  databases: readonly string[],
  parts: DumpParts,
  signal: AbortSignal,
  more: readonly string[] = [],
): AsyncGenerator<Uint8Array> {
  const { dumper } = parts;
  const call = {
    program: dumper.program,
    arguments: [...dumper.arguments, ...more, '--databases', '--', ...databases],
    database: databases.join(', '),
  };
  return whole(call, parts, signal);
}

/** A client that was cut off may still report success: a dump is whole when it says so at its end. */
function whole(call: ClientCall, { connection }: DumpParts, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { program, database = '' } = call;
  return withEnd(connection.clients.stream(call, signal), COMPLETED, () =>
    databaseErrors.DATABASE_DUMP_CUT({ database, server: connection.server, program }),
  );
}

export function isCompleted({ kind, bytes }: Piece): boolean {
  return kind === 'line' && bytes.subarray(0, COMPLETED.length).equals(Buffer.from(COMPLETED));
}

function isSandbox({ kind, bytes }: Piece): boolean {
  return kind === 'line' && SANDBOX.test(bytes.subarray(0, 32).toString('latin1'));
}

/** The client names only the first of several databases in the head of its output. */
function headed(line: Buffer, database: string): Buffer {
  const [, before] = /^(-- Host: .*? {4}Database: )/.exec(line.toString('latin1')) ?? [];
  return before === undefined ? line : Buffer.from(`${before}${database.replaceAll('\n', ' ')}\n`);
}
