/**
 * The ledger's file: opened, brought to this version, and set aside when it is damaged. The built-in SQLite is loaded
 * here and only when a ledger is opened.
 */
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { delay } from '../base/abort.ts';
import { momentOf } from '../base/calendar.ts';
import type { Clock } from '../base/clock.ts';
import { isHikaeError, systemCode } from '../base/errors.ts';
import { ledgerErrors } from './errors.ts';
import { migrations } from './migrations.ts';
import { isDamage, isSqliteError, transaction } from './sqlite.ts';

export interface OpenedDatabase {
  readonly database: DatabaseSync;
  readonly file: string;
  readonly setAside?: string;
  /** why nothing can be written: then `database` is what could be read, or empty and in memory */
  readonly unwritable?: Error;
}

interface Options {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** other steps than the released ones, in a test of migrating */
  readonly steps?: readonly string[];
}

/** How long a statement waits for another process that writes. */
const BUSY_MILLISECONDS = 3_000;
/** How long opening waits for another process that sets the same file up. */
const SETUP_MILLISECONDS = 10_000;

/** Fails with LEDGER_NEWER and with no other error of the file: what can't be written is opened as far as it can be. */
export async function openDatabase(folder: string, options: Options): Promise<OpenedDatabase> {
  const file = join(folder, 'ledger.sqlite');
  const steps = options.steps ?? migrations;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await createPrivate(file);
    const ready = await openReady(file, steps);
    if (ready !== undefined) return { database: ready, file };
    return await setUp(file, steps, options);
  } catch (error) {
    const isOfTheFile =
      isSqliteError(error) || systemCode(error) !== undefined || isHikaeError(error, 'LEDGER_BUSY');
    if (!isOfTheFile || !(error instanceof Error)) throw error;
    const database = (await openToRead(file, steps)) ?? (await openInMemory(steps));
    return { database, file, unwritable: error };
  }
}

/** SQLite gives the files beside it the mode of the first one. */
async function createPrivate(file: string): Promise<void> {
  await (await open(file, 'a', 0o600)).close();
}

/** The usual case, which needs no lock: a sound file of this version. */
async function openReady(file: string, steps: readonly string[]): Promise<DatabaseSync | undefined> {
  const database = await connect(file);
  try {
    if (versionOf(database, file, steps) === steps.length && isWal(database) && isSound(database)) {
      database.exec('PRAGMA synchronous = NORMAL');
      return database;
    }
  } catch (error) {
    if (!isDamage(error)) {
      database.close();
      throw error;
    }
  }
  database.close();
  return undefined;
}

/** Under a lock, so that two processes neither migrate at once nor set aside what the other has just begun. */
async function setUp(
  file: string,
  steps: readonly string[],
  { clock, signal }: Options,
): Promise<OpenedDatabase> {
  await using _lock = await lock(`${file}.lock`, { signal });
  if (await isDamaged(file)) {
    const setAside = `${file}.damaged-${momentOf(clock.now(), 'UTC')}Z`;
    await moveAside(file, setAside);
    await createPrivate(file);
    return { database: await migrated(file, steps), file, setAside };
  }
  return { database: await migrated(file, steps), file };
}

async function isDamaged(file: string): Promise<boolean> {
  const database = await connect(file);
  try {
    return !isSound(database);
  } catch (error) {
    if (isDamage(error)) return true;
    throw error;
  } finally {
    database.close();
  }
}

/** With the write-ahead log, which belongs to this file and would spoil the next. */
async function moveAside(file: string, aside: string): Promise<void> {
  for (const suffix of ['', '-wal', '-shm']) {
    try {
      await rename(`${file}${suffix}`, `${aside}${suffix}`);
    } catch (error) {
      if (suffix === '' || systemCode(error) !== 'ENOENT') throw error;
    }
  }
}

async function migrated(file: string, steps: readonly string[]): Promise<DatabaseSync> {
  const database = await connect(file);
  return closingOnFailure(database, () => {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    migrate(database, file, steps);
    return database;
  });
}

function closingOnFailure<Result>(database: DatabaseSync, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    database.close();
    throw error;
  }
}

/** All missing steps or none of them. */
function migrate(database: DatabaseSync, file: string, steps: readonly string[]): void {
  transaction(database, () => {
    for (const step of steps.slice(versionOf(database, file, steps))) database.exec(step);
    database.exec(`PRAGMA user_version = ${steps.length}`);
  });
}

/** A file that can be read and not written, on a disk that is mounted read-only for example. */
async function openToRead(file: string, steps: readonly string[]): Promise<DatabaseSync | undefined> {
  // Reading a write-ahead log wants files beside it; `immutable` does without them where they can't be made.
  for (const query of ['', '?immutable=1']) {
    try {
      const database = await connect(new URL(`${pathToFileURL(file).href}${query}`), { readOnly: true });
      const isReady = closingOnFailure(database, () => versionOf(database, file, steps) === steps.length);
      if (isReady) return database;
      database.close();
    } catch (error) {
      if (!isSqliteError(error)) throw error;
    }
  }
  return undefined;
}

async function openInMemory(steps: readonly string[]): Promise<DatabaseSync> {
  const database = await connect(':memory:');
  migrate(database, ':memory:', steps);
  return database;
}

async function connect(
  place: string | URL,
  options: { readonly readOnly?: boolean } = {},
): Promise<DatabaseSync> {
  const { DatabaseSync } = await import('node:sqlite');
  return new DatabaseSync(place, {
    ...options,
    timeout: BUSY_MILLISECONDS,
    enableForeignKeyConstraints: true,
  });
}

function versionOf(database: DatabaseSync, file: string, steps: readonly string[]): number {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
  if (version > steps.length) {
    throw ledgerErrors.LEDGER_NEWER({ file, found: version, known: steps.length });
  }
  return version;
}

function isWal(database: DatabaseSync): boolean {
  return database.prepare('PRAGMA journal_mode').get()?.journal_mode === 'wal';
}

function isSound(database: DatabaseSync): boolean {
  return database.prepare('PRAGMA quick_check(1)').get()?.quick_check === 'ok';
}

/** The kernel gives the lock back with its descriptor, and so with its process, however that ends. */
async function lock(file: string, { signal }: { readonly signal: AbortSignal }): Promise<AsyncDisposable> {
  const { tryLock } = await import('../base/libc.ts');
  const handle = await open(file, 'a', 0o600);
  try {
    for (let waited = 0; !tryLock(handle.fd, 'exclusive'); waited += 50) {
      if (waited >= SETUP_MILLISECONDS) throw ledgerErrors.LEDGER_BUSY({ file });
      await delay(50, signal);
    }
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}
