/** Objects as files of this machine, for who reads them line by line; a manifest may be larger than memory. */
import { hash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { isHikaeError } from '../../../base/errors.ts';
import type { SnapshotHeader } from '../../../model/snapshot.ts';
import { type CallOptions, type Key, keyFrom, type Storage } from '../../../storage/storage.ts';
import { vaultErrors } from '../../errors.ts';
import { parseHeader } from '../header-line.ts';
import { MANIFEST, OWN } from '../layout.ts';
import { writeFully } from '../packing.ts';
import type { Spool } from './spool.ts';

/** The objects one behind the other, in a new file. */
export async function fetchTo(
  spool: Spool,
  storage: Storage,
  keys: readonly Key[],
  options: CallOptions,
): Promise<string> {
  const path = spool.next();
  const file = openSync(path, 'wx', 0o600);
  try {
    for (const key of keys) for await (const piece of storage.stream(key, options)) writeFully(file, piece);
  } finally {
    closeSync(file);
  }
  return path;
}

export function manifestIn(folder: Key): Key {
  return keyFrom(`${folder}/${OWN}/${MANIFEST}`);
}

/** No header of a snapshot is longer, whatever a foreign object claims. */
const LONGEST_HEADER = 64 * 1024 * 1024;

/** The header of the snapshot in a folder; SNAPSHOT_DAMAGED when it has none that can be read. */
export async function fetchHeader(
  storage: Storage,
  folder: Key,
  place: string,
  options: CallOptions,
): Promise<SnapshotHeader> {
  const damaged = (reason: string, cause: unknown) =>
    vaultErrors.SNAPSHOT_DAMAGED({ place, reason }, { cause });
  try {
    return parseHeader(await firstLine(storage, manifestIn(folder), options), place);
  } catch (error) {
    if (isHikaeError(error, 'STORAGE_NOT_FOUND')) throw damaged('it has no manifest', error);
    if (error instanceof SyntaxError) throw damaged(error.message, error);
    throw error;
  }
}

async function firstLine(storage: Storage, key: Key, options: CallOptions): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of storage.stream(key, options)) {
    const end = piece.indexOf(0x0a);
    pieces.push(end < 0 ? piece : piece.subarray(0, end));
    if (end >= 0) return Buffer.concat(pieces).toString('utf8');
    length += piece.length;
    if (length > LONGEST_HEADER) break;
  }
  throw new SyntaxError('the manifest has no header');
}

export function sha256Of(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}
