/** The ledger in SQLite. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { Clock } from '../base/clock.ts';
import { isHikaeError, systemCode } from '../base/errors.ts';
import { isRunning, type ProcessIdentity } from '../base/process-identity.ts';
import type { Schedule } from '../model/snapshot.ts';
import type { Trouble } from '../model/trouble.ts';
import { ledgerErrors } from './errors.ts';
import {
  findingFrom,
  lockFrom,
  processFrom,
  resultFrom,
  runFrom,
  troubleFrom,
  vaultFrom,
  verificationFrom,
} from './reading.ts';
import {
  KEPT_WORD_FOR_WORD,
  type Ledger,
  type LockRecord,
  type OnTrouble,
  type RunRecord,
  type RunRecorder,
  type RunStart,
  type SnapshotFact,
  type VaultFact,
  type VaultSeen,
  type Verification,
  type VerifyFact,
} from './records.ts';
import { count, integer, type Row, text } from './rows.ts';
import { recordRun } from './run-recorder.ts';
import { isSqliteError, transaction } from './sqlite.ts';

interface ReadOptions {
  readonly signal: AbortSignal;
}

export interface LedgerParts {
  readonly database: DatabaseSync;
  readonly file: string;
  /** the process that writes, for the runs that it starts */
  readonly owner: ProcessIdentity;
  readonly clock: Clock;
  readonly onTrouble: OnTrouble;
}

export class SqliteLedger implements Ledger {
  readonly #database: DatabaseSync;
  readonly #file: string;
  readonly #owner: ProcessIdentity;
  readonly #clock: Clock;
  readonly #onTrouble: OnTrouble;
  readonly #told = { LEDGER_UNWRITABLE: false, LEDGER_UNREADABLE: false };

  constructor({ database, file, owner, clock, onTrouble }: LedgerParts) {
    this.#database = database;
    this.#file = file;
    this.#owner = owner;
    this.#clock = clock;
    this.#onTrouble = onTrouble;
  }

  async startRun(run: RunStart, { signal }: ReadOptions): Promise<RunRecorder> {
    signal.throwIfAborted();
    return recordRun(run, {
      database: this.#database,
      owner: this.#owner,
      now: () => this.#clock.now(),
      attempt: (write) => this.#write(write),
    });
  }

  async markInterrupted({ signal }: ReadOptions): Promise<readonly RunRecord[]> {
    const withoutEnd = this.#rows('SELECT * FROM runs WHERE outcome IS NULL ORDER BY number', [], { signal });
    const marked: RunRecord[] = [];
    for (const row of withoutEnd) {
      const run = this.#read(() => ({ number: integer(row, 'number'), owner: processFrom(row) }), undefined);
      if (run === undefined || (await isRunning(run.owner, { signal }))) continue;
      let changes: number | bigint = 0;
      this.#write(() => {
        // Another process may have seen the same run; only one of them reports it.
        const mark = "UPDATE runs SET outcome = 'interrupted' WHERE number = ? AND outcome IS NULL";
        changes = this.#database.prepare(mark).run(run.number).changes;
      });
      if (changes === 0) continue;
      marked.push(...this.#runs('SELECT * FROM runs WHERE number = ?', [run.number], { signal }));
    }
    return marked;
  }

  async recentRuns(limit: number, { signal }: ReadOptions): Promise<readonly RunRecord[]> {
    return this.#runs('SELECT * FROM runs ORDER BY number DESC LIMIT ?', [limit], { signal });
  }

  async troublesOf(run: string, { signal }: ReadOptions): Promise<readonly Trouble[]> {
    const select = `SELECT troubles.* FROM troubles JOIN runs ON troubles.run = runs.number
                    WHERE runs.id = ? ORDER BY position`;
    return this.#each(this.#rows(select, [run], { signal }), troubleFrom);
  }

  async recordVault({ id, name, path }: VaultFact): Promise<void> {
    const now = this.#clock.now();
    this.#write(() => {
      this.#database
        .prepare(
          `INSERT INTO vaults (id, name, path, first_seen, last_seen) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (id) DO UPDATE SET name = excluded.name, path = excluded.path, last_seen = excluded.last_seen`,
        )
        .run(id, name, path, now, now);
    });
  }

  async vaultSeen(
    which: { readonly id: string } | { readonly path: string },
    { signal }: ReadOptions,
  ): Promise<VaultSeen | undefined> {
    // One folder may have held several vaults in turn.
    const rows =
      'id' in which
        ? this.#rows('SELECT * FROM vaults WHERE id = ?', [which.id], { signal })
        : this.#rows('SELECT * FROM vaults WHERE path = ? ORDER BY last_seen DESC LIMIT 1', [which.path], {
            signal,
          });
    return this.#each(rows, vaultFrom)[0];
  }

  async recordSnapshot(snapshot: SnapshotFact & { readonly bytes: number }): Promise<void> {
    const { vault, place, id, target, schedule, time, complete, bytes } = snapshot;
    this.#ordered((order) => {
      this.#database
        .prepare(
          `INSERT INTO snapshots (vault, place, id, target, schedule, time, complete, bytes, added_at, added_order)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (vault, place, id) DO NOTHING`,
        )
        .run(vault, place, id, target, schedule, time, Number(complete), bytes, this.#clock.now(), order);
    });
  }

  async recordRemoval(snapshot: SnapshotFact): Promise<void> {
    const { vault, place, id, target, schedule, time, complete } = snapshot;
    this.#ordered((order) => {
      this.#database
        .prepare(
          `INSERT INTO snapshots (vault, place, id, target, schedule, time, complete, removed_at, removed_order)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (vault, place, id) DO UPDATE
           SET removed_at = excluded.removed_at, removed_order = excluded.removed_order`,
        )
        .run(vault, place, id, target, schedule, time, Number(complete), this.#clock.now(), order);
    });
  }

  async snapshotsAddedSinceLastForget(
    vault: string,
    target: string,
    schedule: Schedule,
    { signal }: ReadOptions,
  ): Promise<number> {
    const select = `WITH own AS (SELECT added_order, removed_order FROM snapshots
                                 WHERE vault = ? AND target = ? AND schedule = ?)
                    SELECT count(*) AS added FROM own
                    WHERE added_order > (SELECT coalesce(max(removed_order), 0) FROM own)`;
    const rows = this.#rows(select, [vault, target, schedule], { signal });
    return this.#each(rows, (row) => count(row, 'added'))[0] ?? 0;
  }

  async recordVerify({ vault, snapshot, level, outcome, findings }: VerifyFact): Promise<void> {
    const now = this.#clock.now();
    this.#write(() => {
      transaction(this.#database, () => {
        const key = [vault, snapshot, level];
        const forget = 'DELETE FROM verifications WHERE vault = ? AND snapshot = ? AND level = ?';
        this.#database.prepare(forget).run(...key);
        const insert = 'INSERT INTO verifications VALUES (?, ?, ?, ?, ?, ?)';
        this.#database.prepare(insert).run(...key, now, outcome, findings.length);
        const insertFinding = this.#database.prepare('INSERT INTO findings VALUES (?, ?, ?, ?, ?, ?, ?)');
        for (const [position, { kind, path, reason }] of findings.slice(0, KEPT_WORD_FOR_WORD).entries()) {
          insertFinding.run(...key, position, kind, path, reason);
        }
      });
    });
  }

  async lastVerify(
    vault: string,
    snapshot: string,
    { signal }: ReadOptions,
  ): Promise<readonly Verification[]> {
    const select = 'SELECT * FROM verifications WHERE vault = ? AND snapshot = ? ORDER BY time DESC, level';
    const found = this.#each(this.#rows(select, [vault, snapshot], { signal }), verificationFrom);
    return found.map((verification) => {
      const one = 'SELECT * FROM findings WHERE vault = ? AND snapshot = ? AND level = ? ORDER BY position';
      const rows = this.#rows(one, [vault, snapshot, verification.level], { signal });
      return { ...verification, first: this.#each(rows, findingFrom) };
    });
  }

  async lastLocks(
    vault: string,
    target: string,
    limit: number,
    { signal }: ReadOptions,
  ): Promise<readonly LockRecord[]> {
    const select = 'SELECT * FROM locks WHERE vault = ? AND target = ? ORDER BY number DESC LIMIT ?';
    return this.#each(this.#rows(select, [vault, target, limit], { signal }), lockFrom);
  }

  async recordKit({ vault, key }: { readonly vault: string; readonly key: string }): Promise<void> {
    this.#write(() => {
      this.#database
        .prepare('INSERT OR REPLACE INTO kits VALUES (?, ?, ?)')
        .run(vault, key, this.#clock.now());
    });
  }

  async kitsConfirmed(vault: string, { signal }: ReadOptions): Promise<readonly string[]> {
    const rows = this.#rows('SELECT key FROM kits WHERE vault = ? ORDER BY key', [vault], { signal });
    return this.#each(rows, (row) => text(row, 'key'));
  }

  close(): void {
    this.#database.close();
  }

  /** Says once what keeps the ledger from being written, and once what keeps it from being read. */
  tell(code: 'LEDGER_UNWRITABLE' | 'LEDGER_UNREADABLE', cause: Error): void {
    if (this.#told[code]) return;
    this.#told[code] = true;
    this.#onTrouble(ledgerErrors[code]({ file: this.#file, reason: cause.message }, { cause }));
  }

  #runs(select: string, values: SQLInputValue[], { signal }: ReadOptions): readonly RunRecord[] {
    return this.#each(this.#rows(select, values, { signal }), (row) => {
      const own = 'SELECT * FROM results WHERE run = ? ORDER BY position';
      const results = this.#rows(own, [integer(row, 'number')], { signal });
      return runFrom(row, this.#each(results, resultFrom));
    });
  }

  #rows(select: string, values: SQLInputValue[], { signal }: ReadOptions): readonly Row[] {
    signal.throwIfAborted();
    return this.#read(() => this.#database.prepare(select).all(...values), []);
  }

  /** What can be read of the rows; one that holds what can't be is left out. */
  #each<Value>(rows: readonly Row[], from: (row: Row) => Value): readonly Value[] {
    return rows.flatMap((row) => this.#read(() => [from(row)], []));
  }

  /** Gives additions and removals one order. */
  #ordered(write: (order: number) => void): void {
    this.#write(() => {
      transaction(this.#database, () => {
        const last = `SELECT max(coalesce((SELECT max(added_order) FROM snapshots), 0),
                                 coalesce((SELECT max(removed_order) FROM snapshots), 0)) AS last`;
        const row = this.#database.prepare(last).get();
        write(row === undefined ? 1 : count(row, 'last') + 1);
      });
    });
  }

  #write(write: () => void): boolean {
    try {
      write();
      return true;
    } catch (error) {
      if (!isOfTheDatabase(error)) throw error;
      this.tell('LEDGER_UNWRITABLE', error);
      return false;
    }
  }

  #read<Value>(read: () => Value, otherwise: Value): Value {
    try {
      return read();
    } catch (error) {
      if (!isOfTheDatabase(error)) throw error;
      this.tell('LEDGER_UNREADABLE', error);
      return otherwise;
    }
  }
}

/** SQLite's own errors, values that can't be, and integers beyond what a number holds. */
function isOfTheDatabase(error: unknown): error is Error {
  return (
    isSqliteError(error) ||
    isHikaeError(error, 'LEDGER_VALUE') ||
    (error instanceof RangeError && systemCode(error) === 'ERR_OUT_OF_RANGE')
  );
}
