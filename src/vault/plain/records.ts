/**
 * What a vault remembers about its snapshots besides what they hold: stored files that were found damaged, and
 * snapshots that nobody may remove. It lies in the vault, so that it travels with it and needs no ledger.
 */
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readIfThere, replaceFile } from '../../base/durable-files.ts';
import { goQuote, goUnquote } from '../../base/go-quoting.ts';
import { tryLock } from '../../base/libc.ts';
import type { RawPath } from '../../base/raw-path.ts';
import { vaultErrors } from '../errors.ts';
import { OWN } from './layout.ts';

/** How long the lock of the record of damage is waited for, in milliseconds. */
const LONGEST_WAIT = 10_000;

/** Damaged stored files by the place of their snapshot. */
export type Damage = ReadonlyMap<string, ReadonlySet<RawPath>>;

const damageSchema = z.strictObject({
  version: z.literal(1),
  damaged: z.record(z.string(), z.array(z.string())),
});
const protectionSchema = z.strictObject({ version: z.literal(1), until: z.record(z.string(), z.number()) });

export function readDamage(root: string): Damage {
  const { damaged } = readRecord(root, 'damaged.json', damageSchema, { version: 1, damaged: {} });
  return new Map(Object.entries(damaged).map(([place, paths]) => [place, new Set(paths.map(goUnquote))]));
}

/**
 * Changes what is known of damage; `change` gives undefined where nothing is new. A verification reads without the vault's
 * lock, so that this has one of its own: two who wrote at once would lose what one of them has found.
 */
export function changeDamage(root: string, change: (known: Damage) => Damage | undefined): void {
  const lock = openSync(join(root, OWN, 'vault.json'), 'r');
  try {
    // It is held for moments only; a process that was stopped in one of them must not hold up a night's backup.
    const pause = new Int32Array(new SharedArrayBuffer(4));
    for (let waited = 0; !tryLock(lock, 'exclusive') && waited < LONGEST_WAIT; waited++)
      Atomics.wait(pause, 0, 0, 1);
    const changed = change(readDamage(root));
    if (changed !== undefined) writeDamage(root, changed);
  } finally {
    closeSync(lock);
  }
}

function writeDamage(root: string, damage: Damage): void {
  const damaged = Object.fromEntries(
    [...damage].map(([place, paths]) => [place, [...paths].map(goQuote).sort()]),
  );
  writeRecord(root, 'damaged.json', { version: 1, damaged });
}

/** Until when each protected snapshot is, by its place, in milliseconds since 1970 UTC. */
export function readProtections(root: string): ReadonlyMap<string, number> {
  const { until } = readRecord(root, 'protected.json', protectionSchema, { version: 1, until: {} });
  return new Map(Object.entries(until));
}

export function writeProtections(root: string, protections: ReadonlyMap<string, number>): void {
  writeRecord(root, 'protected.json', { version: 1, until: Object.fromEntries(protections) });
}

/** Of a snapshot that is gone nothing needs to be remembered. */
export function forgetRecords(root: string, place: string): void {
  changeDamage(root, (known) => {
    const damage = new Map(known);
    return damage.delete(place) ? damage : undefined;
  });
  const protections = new Map(readProtections(root));
  if (protections.delete(place)) writeProtections(root, protections);
}

function readRecord<Record>(root: string, name: string, schema: z.ZodType<Record>, empty: Record): Record {
  const path = join(root, OWN, name);
  const bytes = readIfThere(path);
  if (bytes === undefined) return empty;
  try {
    return schema.parse(JSON.parse(bytes.toString('utf8')));
  } catch (error) {
    // To read on as if nothing were damaged or protected would be the dangerous way to fail.
    throw vaultErrors.VAULT_DAMAGED(
      { path, reason: error instanceof Error ? error.message : String(error) },
      { cause: error },
    );
  }
}

function writeRecord(root: string, name: string, record: unknown): void {
  replaceFile(join(root, OWN, name), `${JSON.stringify(record, undefined, 1)}\n`);
}
