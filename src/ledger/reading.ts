/** Rows of the database as the values of the ledger's face. Each fails with LEDGER_VALUE on what can't be. */

import type { ProcessIdentity } from '../base/process-identity.ts';
import { findingTexts } from '../model/finding.ts';
import { type Trouble, troubles } from '../model/trouble.ts';
import type { LockRecord, RunRecord, TargetResult, VaultSeen, Verification, VerifyFact } from './records.ts';
import { count, failure, integer, optional, type Row, seconds, text, texts, word } from './rows.ts';
import { levels, outcomes, verbs, weights } from './vocabulary.ts';

export function runFrom(row: Row, results: readonly TargetResult[]): RunRecord {
  const finished = optional(row, 'finished', () => integer(row, 'finished'));
  const outcome = optional(row, 'outcome', () => word(row, 'outcome', outcomes));
  const error = failure(row);
  return {
    id: text(row, 'id'),
    verb: word(row, 'verb', verbs),
    host: text(row, 'host'),
    targets: texts(row, 'targets'),
    started: integer(row, 'started'),
    ...(finished === undefined ? {} : { finished }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(error === undefined ? {} : { error }),
    files: count(row, 'files'),
    bytes: count(row, 'bytes'),
    newBytes: integer(row, 'new_bytes'),
    notes: count(row, 'notes'),
    problems: count(row, 'problems'),
    results,
  };
}

export function processFrom(row: Row): ProcessIdentity {
  return { pid: count(row, 'pid'), started: count(row, 'process_started'), boot: text(row, 'boot') };
}

export function resultFrom(row: Row): TargetResult {
  const error = failure(row);
  const vault = optional(row, 'vault', () => text(row, 'vault'));
  return {
    verb: word(row, 'verb', verbs),
    target: text(row, 'target'),
    ...(vault === undefined ? {} : { vault }),
    outcome: word(row, 'outcome', outcomes),
    seconds: seconds(row, 'seconds'),
    ...(error === undefined ? {} : { error }),
  };
}

export function troubleFrom(row: Row): Trouble {
  return {
    weight: word(row, 'weight', weights),
    code: word(row, 'code', troubles),
    path: text(row, 'path'),
    reason: text(row, 'reason'),
  };
}

export function lockFrom(row: Row): LockRecord {
  return {
    time: integer(row, 'time'),
    objects: count(row, 'objects'),
    bytes: count(row, 'bytes'),
    newObjects: count(row, 'new_objects'),
    newBytes: count(row, 'new_bytes'),
    extended: count(row, 'extended'),
    puts: count(row, 'puts'),
    gets: count(row, 'gets'),
    until: integer(row, 'until'),
  };
}

export function vaultFrom(row: Row): VaultSeen {
  return {
    id: text(row, 'id'),
    name: text(row, 'name'),
    path: text(row, 'path'),
    firstSeen: integer(row, 'first_seen'),
    lastSeen: integer(row, 'last_seen'),
  };
}

export function verificationFrom(row: Row): Omit<Verification, 'first'> {
  return {
    vault: text(row, 'vault'),
    snapshot: text(row, 'snapshot'),
    level: word(row, 'level', levels),
    time: integer(row, 'time'),
    outcome: word(row, 'outcome', outcomes),
    findings: count(row, 'findings'),
  };
}

export function findingFrom(row: Row): VerifyFact['findings'][number] {
  return { kind: word(row, 'kind', findingTexts), path: text(row, 'path'), reason: text(row, 'reason') };
}
