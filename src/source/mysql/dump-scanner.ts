/**
 * Reading a dump as it passes: which of its lines are statements of their own, which are the body of a routine, and how
 * many rows its INSERTs hold. A row in the dump is a row of the dump's transaction, so that counting costs no query.
 *
 * It knows what mysqldump and mariadb-dump write with our options: a comment before the rows of each table, line feeds
 * within texts as `\n`, and bodies between two DELIMITER lines.
 */

/**
 * `line`: one line outside of any body, with its line feed. `body`: one of a routine, a trigger or an event, the lines
 * DELIMITER among them. `rows`: any part of an INSERT.
 */
export interface Piece {
  readonly kind: 'line' | 'body' | 'rows';
  readonly bytes: Buffer;
  /** the database that it belongs to; undefined before the first one */
  readonly database: string | undefined;
}

export interface Dumped {
  /** the rows of each table that may have any, in the order of the dump */
  readonly rows: Map<string, number>;
  /** every table, but no view and no sequence */
  readonly tables: Set<string>;
  readonly sequences: Set<string>;
  readonly views: Set<string>;
}

const [LINE_FEED, QUOTE, OPEN, CLOSE, SEMICOLON, BACKSLASH, BACKTICK] = [
  0x0a, 0x27, 0x28, 0x29, 0x3b, 0x5c, 0x60,
];
const INSERT = Buffer.from('INSERT INTO `');
const VALUES = Buffer.from('VALUES');
/** No line that means something here is longer, in bytes: two names of 64 characters, doubled, and a few words. */
const LONGEST = 2_048;

const currentDatabase = /^-- Current Database: `((?:[^`]|``)+)`$/;
/** A view is named where its place is held, and again where it is made. */
const forms =
  /^(CREATE TABLE |CREATE SEQUENCE |-- Dumping data for table |-- Temporary (?:table|view) structure for view |-- Final view structure for view )`((?:[^`]|``)+)`/;

type State = 'line' | 'head' | 'values' | 'tail';

export class DumpScanner {
  #databases = new Map<string, Dumped>();
  #database: string | undefined;
  #state: State = 'line';
  #carry: Buffer = Buffer.alloc(0);
  #delimited = false;
  #table: string | undefined;
  #counted = 0;
  #quoted = false;
  #escaped = false;
  #depth = 0;
  #matched = 0;

  /** What has been seen of a database so far. */
  of(database: string): Dumped {
    const known = this.#databases.get(database);
    if (known !== undefined) return known;
    const dumped = {
      rows: new Map(),
      tables: new Set<string>(),
      sequences: new Set<string>(),
      views: new Set<string>(),
    };
    this.#databases.set(database, dumped);
    return dumped;
  }

  /** The pieces that are complete with this part. They may share its memory. */
  push(part: Uint8Array): Piece[] {
    const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    const pieces: Piece[] = [];
    let at = 0;
    while (at < bytes.length)
      at = this.#state === 'line' ? this.#line(bytes, at, pieces) : this.#insert(bytes, at, pieces);
    return pieces;
  }

  /** What is left when the dump has ended without a line feed. */
  end(): Piece[] {
    const rest = this.#carry;
    this.#carry = Buffer.alloc(0);
    return rest.length === 0 ? [] : [this.#piece(rest)];
  }

  #line(bytes: Buffer, from: number, pieces: Piece[]): number {
    const feed = bytes.indexOf(LINE_FEED, from);
    const to = feed < 0 ? bytes.length : feed + 1;
    const line =
      this.#carry.length === 0
        ? bytes.subarray(from, to)
        : Buffer.concat([this.#carry, bytes.subarray(from, to)]);
    const rows = this.#table !== undefined && !this.#delimited && startsAlike(line, INSERT);
    if (rows && line.length >= INSERT.length) {
      // The line may be of any length: it goes on in its own way, from behind its first words.
      const begun = from + INSERT.length - this.#carry.length;
      this.#carry = Buffer.alloc(0);
      this.#state = 'head';
      this.#quoted = true;
      this.#matched = 0;
      pieces.push(this.#rows(line.subarray(0, INSERT.length)));
      return begun;
    }
    if (feed < 0) {
      this.#carry = Buffer.from(line);
      return to;
    }
    this.#carry = Buffer.alloc(0);
    pieces.push(this.#piece(line));
    return to;
  }

  #rows(bytes: Buffer): Piece {
    return { kind: 'rows', bytes, database: this.#database };
  }

  #piece(bytes: Buffer): Piece {
    const kind = bytes.length > LONGEST ? this.#kind() : this.#read(bytes.toString('utf8').trimEnd());
    return { kind, bytes, database: this.#database };
  }

  #kind(): 'line' | 'body' {
    return this.#delimited ? 'body' : 'line';
  }

  #read(line: string): 'line' | 'body' {
    if (line.startsWith('DELIMITER ')) {
      this.#delimited = line !== 'DELIMITER ;';
      return 'body';
    }
    if (this.#delimited) return 'body';
    const [, database] = currentDatabase.exec(line) ?? [];
    if (database !== undefined) this.#database = nameOf(database);
    else if (this.#database !== undefined) this.#readWithin(line, this.of(this.#database));
    return 'line';
  }

  #readWithin(line: string, { rows, tables, sequences, views }: Dumped): void {
    const [, what, name] = forms.exec(line) ?? [];
    if (name === undefined) return;
    const named = nameOf(name);
    if (what === 'CREATE TABLE ') tables.add(named);
    else if (what === 'CREATE SEQUENCE ') sequences.add(named);
    else if (what === '-- Dumping data for table ') {
      this.#table = named;
      rows.set(named, rows.get(named) ?? 0);
    } else views.add(named);
  }

  /** Goes on in an INSERT, to its end or that of the bytes. */
  #insert(bytes: Buffer, from: number, pieces: Piece[]): number {
    let at = from;
    if (this.#state === 'head') at = this.#head(bytes, at);
    if (this.#state === 'values') at = this.#values(bytes, at);
    if (this.#state === 'tail') {
      const feed = bytes.indexOf(LINE_FEED, at);
      at = feed < 0 ? bytes.length : feed + 1;
      if (feed >= 0) this.#finish();
    }
    if (at > from) pieces.push(this.#rows(bytes.subarray(from, at)));
    return at;
  }

  /** The name of the table and perhaps those of its columns, up to VALUES. */
  #head(bytes: Buffer, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (byte === BACKTICK) {
        this.#quoted = !this.#quoted;
        this.#matched = 0;
      } else if (!this.#quoted) {
        if (byte !== VALUES[this.#matched]) this.#matched = byte === VALUES[0] ? 1 : 0;
        else if (++this.#matched === VALUES.length) {
          this.#state = 'values';
          this.#quoted = false;
          return at + 1;
        }
      }
    }
    return bytes.length;
  }

  #values(bytes: Buffer, from: number): number {
    let [quoted, depth, rows] = [this.#quoted, this.#depth, 0];
    let at = from;
    if (this.#escaped && at < bytes.length) {
      this.#escaped = false;
      at += 1;
    }
    for (; at < bytes.length; at++) {
      const byte = bytes[at];
      if (quoted) {
        if (byte === BACKSLASH) at += 1;
        else if (byte === QUOTE) quoted = false;
      } else if (byte === QUOTE) quoted = true;
      else if (byte === OPEN) {
        if (depth === 0) rows += 1;
        depth += 1;
      } else if (byte === CLOSE) depth -= 1;
      else if (byte === SEMICOLON && depth === 0) {
        this.#state = 'tail';
        at += 1;
        break;
      }
    }
    // A backslash was the last byte: what it stands before comes with the next part.
    if (at > bytes.length) this.#escaped = true;
    this.#quoted = quoted;
    this.#depth = depth;
    this.#counted += rows;
    return Math.min(at, bytes.length);
  }

  #finish(): void {
    const { rows } = this.of(this.#database as string);
    const table = this.#table as string;
    rows.set(table, (rows.get(table) ?? 0) + this.#counted);
    this.#counted = 0;
    this.#state = 'line';
  }
}

/** Whether one begins with the other, as far as both go. */
function startsAlike(line: Buffer, words: Buffer): boolean {
  const length = Math.min(line.length, words.length);
  return line.subarray(0, length).equals(words.subarray(0, length));
}

/** A name as it stands between backticks. */
export function nameOf(quoted: string): string {
  return quoted.replaceAll('``', '`');
}
