/**
 * Loading a dump into a fresh database. What has rows goes there; triggers, events, routines and views are kept aside for
 * the database's own name: the first two can name it, and none of them could be renamed along with the tables.
 */
import { databaseErrors } from '../database/errors.ts';
import { asBytes, type Connection, scriptCall } from './connection.ts';
import { type Dumped, DumpScanner, nameOf, type Piece } from './dump-scanner.ts';
import { Chunks, piecesOf } from './pieces.ts';
import { identifier, qualified } from './sql.ts';

export interface Loaded extends Dumped {
  /** a script that makes what the fresh database lacks */
  readonly objects: Buffer;
}

/** Of triggers, events, routines and views, in bytes. No application has as many. */
const MOST_OBJECTS = 256 * 1024 * 1024;

/** Where the part of a dump begins that has no more tables. */
const LATE = /^-- (?:Dumping (?:events|routines) for database|Final view structure for view) /;
/** What stands in for a view until it can be made, because others may name it. */
const VIEW = /^-- Temporary (?:table|view) structure for view /;
const OUTSIDE = /^(?:CREATE DATABASE |USE `)/;
/** What surrounds triggers among the tables. */
const TRIGGER = /^(?:\/\*!500(?:03|32) |ALTER DATABASE )/;

export interface LoadParts {
  /** who makes what the dump needs beforehand */
  readonly connection: Connection;
  /** who loads: a dump is a program */
  readonly loader: Connection;
}

/** `database` is the name that the dump knows. */
export async function loadInto(
  fresh: string,
  database: string,
  dump: AsyncIterable<Uint8Array>,
  { connection, loader }: LoadParts,
  signal: AbortSignal,
): Promise<Loaded> {
  const scanner = new DumpScanner();
  const kept: Buffer[] = [];
  const tables = tablesIn(dump, scanner, kept, (sequence) => prepare(database, sequence, connection, signal));
  const output = loader.clients.stream(scriptCall(loader, tables, fresh), signal);
  for await (const _ of output) signal.throwIfAborted();
  return { ...scanner.of(database), objects: Buffer.concat(kept) };
}

/** Runs a script of objects in a database, past every statement that fails; gives what the server said of those. */
export async function makeObjects(
  database: string,
  { objects }: Loaded,
  before: string,
  loader: Connection,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const call = scriptCall(loader, asBytes(before, objects), database);
  let failures: readonly string[] = [];
  const told = {
    ...call,
    arguments: [...call.arguments, '--force'],
    said: (text: string) => {
      failures = text.split('\n').filter((line) => /^ERROR \d/.test(line));
    },
  };
  for await (const _ of loader.clients.stream(told, signal)) signal.throwIfAborted();
  return failures;
}

async function* tablesIn(
  dump: AsyncIterable<Uint8Array>,
  scanner: DumpScanner,
  kept: Buffer[],
  needs: (sequence: string) => Promise<void>,
): AsyncGenerator<Uint8Array> {
  const chunks = new Chunks();
  const parting = new Parting();
  let size = 0;
  for await (const pieces of piecesOf(dump, scanner)) {
    for (const piece of pieces) {
      const where = parting.of(piece);
      if (where !== 'objects' && where !== 'nowhere') chunks.add(piece.bytes);
      if (where === 'objects' || where === 'both') {
        size += piece.bytes.length;
        if (size > MOST_OBJECTS) throw tooMany(piece);
        // It would keep the whole part in memory that it is a piece of.
        kept.push(Buffer.from(piece.bytes));
      }
      for (const sequence of sequencesIn(piece)) await needs(sequence);
    }
    yield* chunks.full();
  }
  yield* chunks.rest();
}

function tooMany({ database = '' }: Piece): Error {
  return databaseErrors.DATABASE_DUMP_DAMAGED({
    database,
    reason: 'its routines and views are of an impossible size',
  });
}

class Parting {
  #late = false;
  #view = false;

  of(piece: Piece): 'tables' | 'objects' | 'both' | 'nowhere' {
    if (piece.database === undefined) return 'both';
    if (piece.kind === 'rows') return 'tables';
    if (piece.kind === 'body') return 'objects';
    const line = piece.bytes.subarray(0, 64).toString('latin1');
    if (OUTSIDE.test(line)) return 'nowhere';
    this.#late ||= LATE.test(line);
    if (line.startsWith('-- ')) this.#view = VIEW.test(line);
    return this.#late || this.#view || TRIGGER.test(line) ? 'objects' : 'tables';
  }
}

/** Sequences that the columns of a table take their values from, by the name of the database that the dump was made of. */
function sequencesIn({ kind, bytes, database }: Piece): string[] {
  if (kind !== 'line' || database === undefined || !bytes.includes('DEFAULT nextval(`')) return [];
  const found = bytes.toString('utf8').matchAll(/DEFAULT nextval\(`((?:[^`]|``)+)`\.`((?:[^`]|``)+)`\)/g);
  return [...found].flatMap(([, owner = '', sequence = '']) =>
    nameOf(owner) === database ? [nameOf(sequence)] : [],
  );
}

/** The server wants a sequence to be there before a table names it, under the name that it is going to have. */
async function prepare(
  database: string,
  sequence: string,
  { query }: Connection,
  signal: AbortSignal,
): Promise<void> {
  await query(
    `SET SESSION sql_notes = 0;
CREATE DATABASE IF NOT EXISTS ${identifier(database)};
CREATE SEQUENCE IF NOT EXISTS ${qualified(database, sequence)};`,
    { signal },
  );
}
