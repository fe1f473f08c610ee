/**
 * The note of containers that stand still because of us, on the disk before the first of them does: whatever ends us, it
 * says to the next run, and to a person, which ones have to go on.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThere, replaceFile } from '../../base/durable-files.ts';
import { systemCode } from '../../base/errors.ts';
import type { ProcessIdentity } from '../../base/process-identity.ts';
import { volumeErrors } from './errors.ts';

export interface Halted {
  readonly id: string;
  readonly name: string;
}

export interface HaltRecord {
  /** `paused` for a capture, `stopped` for a restore */
  readonly kind: 'paused' | 'stopped';
  readonly volume: string;
  /** of the engine */
  readonly socket: string;
  /** in the order in which they are to go on */
  readonly containers: readonly Halted[];
  /** in milliseconds since 1970 UTC */
  readonly since: number;
  /** whose halt it is */
  readonly owner: ProcessIdentity;
}

const SUFFIX = '.json';

/** Writes it, over an earlier one of the same name; fails with VOLUME_RECORD. */
export function writeHalt(path: string, record: HaltRecord): void {
  try {
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
    replaceFile(path, `${JSON.stringify(record)}\n`);
  } catch (error) {
    const reason = systemCode(error);
    if (reason === undefined) throw error;
    throw volumeErrors.VOLUME_RECORD({ path, reason }, { cause: error });
  }
}

export function removeHalt(path: string): void {
  rmSync(path, { force: true });
}

/** Undefined when there is none, or it isn't one of ours. */
export function readHalt(path: string): HaltRecord | undefined {
  const bytes = readIfThere(path);
  if (bytes === undefined) return undefined;
  try {
    const record: unknown = JSON.parse(bytes.toString());
    return isHaltRecord(record) ? record : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function haltPath(folder: string, kind: HaltRecord['kind'], name: string): string {
  return join(folder, `${kind}-${name}${SUFFIX}`);
}

/** The paths of all that are noted; none where there is no such folder, or it is not ours. */
export function listHalts(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => /^(?:paused|stopped)-.*\.json$/.test(name));
    return names.sort().map((name) => join(folder, name));
  } catch (error) {
    // Who may not look into the folder could not let anything go on either.
    if (['ENOENT', 'EACCES'].includes(systemCode(error) ?? '')) return [];
    throw error;
  }
}

function isHaltRecord(value: unknown): value is HaltRecord {
  if (!isFields(value) || !isFields(value.owner)) return false;
  const { kind, volume, socket, containers, since, owner } = value;
  return (
    (kind === 'paused' || kind === 'stopped') &&
    typeof volume === 'string' &&
    typeof socket === 'string' &&
    typeof since === 'number' &&
    Array.isArray(containers) &&
    containers.every((one) => isFields(one) && typeof one.id === 'string' && typeof one.name === 'string') &&
    typeof owner.pid === 'number' &&
    typeof owner.started === 'number' &&
    typeof owner.boot === 'string'
  );
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
