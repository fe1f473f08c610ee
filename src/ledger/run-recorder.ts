/**
 * The record of one run. What engines tell is gathered in memory, in bounded room, and written where a component or
 * a target has ended: thousands of events cost a handful of transactions, and a ledger that fails costs no more.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { ProcessIdentity } from '../base/process-identity.ts';
import type { Event, Failure } from '../model/events.ts';
import type { Outcome } from '../model/run.ts';
import type { Trouble } from '../model/trouble.ts';
import { KEPT_WORD_FOR_WORD, type RunRecorder, type RunStart, type TargetResult } from './records.ts';
import { transaction } from './sqlite.ts';

interface Work {
  files: number;
  bytes: number;
}

export interface RecorderParts {
  readonly database: DatabaseSync;
  readonly owner: ProcessIdentity;
  readonly now: () => number;
  /** runs what writes, and tells the trouble when it fails; true when it succeeded */
  readonly attempt: (write: () => void) => boolean;
}

/** Troubles are kept so long, in milliseconds; those of the last runs even so, because a clock may be wrong. */
const KEPT_FOR = 400 * 86_400_000;
const KEPT_RUNS = 100;

export function recordRun(run: RunStart, parts: RecorderParts): RunRecorder {
  forgetTroubles(parts);
  const recorder = new Recorder(run, parts);
  recorder.write();
  return {
    record: (event) => recorder.take(event),
    finish: async (outcome, error) => recorder.write({ outcome, error, finished: parts.now() }),
  };
}

/** A busy server has thousands of notes in each run, and nobody reads those of the year before last. */
function forgetTroubles({ database, attempt, now }: RecorderParts): void {
  attempt(() => {
    database
      .prepare(
        `DELETE FROM troubles WHERE run IN (
           SELECT number FROM runs WHERE started < ? AND number <= (SELECT max(number) FROM runs) - ?)`,
      )
      .run(now() - KEPT_FOR, KEPT_RUNS);
  });
}

interface End {
  readonly outcome: Outcome;
  readonly error: Failure | undefined;
  readonly finished: number;
}

class Recorder {
  readonly #run: RunStart;
  readonly #parts: RecorderParts;
  readonly #started: number;
  readonly #done: Work = { files: 0, bytes: 0 };
  readonly #components = { files: 0, bytes: 0, newBytes: 0, ended: 0 };
  readonly #counts = { note: 0, problem: 0 };
  readonly #troubles: { target: string; trouble: Trouble }[] = [];
  readonly #results: TargetResult[] = [];
  /** that which is at work */
  #target = '';
  readonly #locks: { target: string; time: number; set: LocksSet }[] = [];
  /** how many of these lists are in the database */
  readonly #written = { troubles: 0, results: 0, locks: 0 };

  constructor(run: RunStart, parts: RecorderParts) {
    this.#run = run;
    this.#parts = parts;
    this.#started = parts.now();
  }

  take(event: Event): void {
    switch (event.type) {
      case 'work.done':
        this.#done.files += event.files;
        this.#done.bytes += event.bytes;
        break;
      case 'component.finished':
        this.#components.files += event.files;
        this.#components.bytes += event.bytes;
        this.#components.newBytes += event.newBytes;
        this.#components.ended += 1;
        this.write();
        break;
      case 'snapshot.copied':
        // In a backup the figures are those of what was captured.
        if (this.#run.verb !== 'copy') break;
        this.#components.files += event.files;
        this.#components.bytes += event.bytes;
        this.#components.newBytes += event.newBytes;
        this.#components.ended += 1;
        this.write();
        break;
      case 'trouble':
        this.#counts[event.trouble.weight] += 1;
        if (this.#troubles.length < KEPT_WORD_FOR_WORD) this.#troubles.push(event);
        break;
      case 'target.started':
        this.#target = event.target;
        break;
      case 'locks.set':
        this.#locks.push({ target: this.#target, time: this.#parts.now(), set: event });
        this.write();
        break;
      case 'target.finished':
        this.#results.push(event);
        this.write();
        break;
    }
  }

  /** Writes what isn't written yet, all of it or nothing; what fails now is tried again with the next write. */
  write(end?: End): void {
    const { database, attempt } = this.#parts;
    const succeeded = attempt(() => {
      transaction(database, () => {
        const number = this.#writeRun(end);
        this.#writeTroubles(number);
        this.#writeResults(number);
        this.#writeLocks(number);
      });
    });
    if (!succeeded) return;
    this.#written.troubles = this.#troubles.length;
    this.#written.results = this.#results.length;
    this.#written.locks = this.#locks.length;
  }

  #writeRun(end: End | undefined): number {
    const { database, owner } = this.#parts;
    const { id, verb, host, targets } = this.#run;
    // A component's own figures know what was tried twice; what has no components is measured by the work done.
    const { files, bytes } = this.#components.ended > 0 ? this.#components : this.#done;
    const row = database
      .prepare(
        `INSERT INTO runs (id, verb, host, targets, started, finished, outcome, error_code, error_message,
           error_hint, error_message_ja, error_hint_ja, files, bytes, new_bytes, notes, problems, pid,
           process_started, boot)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET finished = excluded.finished, outcome = excluded.outcome,
           error_code = excluded.error_code, error_message = excluded.error_message,
           error_hint = excluded.error_hint, error_message_ja = excluded.error_message_ja,
           error_hint_ja = excluded.error_hint_ja, files = excluded.files, bytes = excluded.bytes,
           new_bytes = excluded.new_bytes, notes = excluded.notes, problems = excluded.problems
         RETURNING number`,
      )
      .get(
        id,
        verb,
        host,
        JSON.stringify(targets),
        this.#started,
        end?.finished ?? null,
        end?.outcome ?? null,
        ...errorColumns(end?.error),
        files,
        bytes,
        this.#components.newBytes,
        this.#counts.note,
        this.#counts.problem,
        owner.pid,
        owner.started,
        owner.boot,
      );
    return Number(row?.number);
  }

  #writeTroubles(number: number): void {
    const insert = this.#parts.database.prepare('INSERT INTO troubles VALUES (?, ?, ?, ?, ?, ?, ?)');
    for (const [position, { target, trouble }] of this.#troubles.entries()) {
      if (position < this.#written.troubles) continue;
      insert.run(number, position, target, trouble.weight, trouble.code, trouble.path, trouble.reason);
    }
  }

  #writeResults(number: number): void {
    const insert = this.#parts.database.prepare(
      `INSERT INTO results (run, position, verb, target, vault, outcome, seconds, error_code, error_message,
         error_hint, error_message_ja, error_hint_ja) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    for (const [position, { verb, target, vault, outcome, seconds, error }] of this.#results.entries()) {
      if (position < this.#written.results) continue;
      insert.run(number, position, verb, target, vault ?? null, outcome, seconds, ...errorColumns(error));
    }
  }

  #writeLocks(number: number): void {
    const insert = this.#parts.database.prepare(
      `INSERT INTO locks (run, vault, target, time, objects, bytes, new_objects, new_bytes, extended, puts, gets,
         until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    for (const { target, time, set } of this.#locks.slice(this.#written.locks)) {
      const { vault, objects, bytes, extended, until } = set;
      const { stored = nothing.stored, requests = nothing.requests } = set;
      const added = [stored.objects, stored.bytes, extended, requests.puts, requests.gets];
      insert.run(number, vault, target, time, objects, bytes, ...added, Math.round(until));
    }
  }
}

type LocksSet = Extract<Event, { type: 'locks.set' }>;

const nothing = { stored: { objects: 0, bytes: 0 }, requests: { puts: 0, gets: 0 } };

function errorColumns(error: Failure | undefined): (string | null)[] {
  if (error === undefined) return [null, null, null, null, null];
  const { code, message, hint, ja } = error;
  return [code, message, hint, ja?.message ?? null, ja?.hint ?? null];
}
