/** What is done with files that are stored already: sharing one with a new snapshot, and checking that it is sound. */
import { createHash } from 'node:crypto';
import { closeSync, constants, readSync } from 'node:fs';
import { systemCode } from '../../base/errors.ts';
import { linkAt, openAt, statusAt } from '../../base/libc.ts';
import type { CopyTools } from './file-copy.ts';
import type { EntryPlace, HashItem, ItemResult, Link, LinkItem } from './file-jobs.ts';

/** Why a link may be impossible although the file is sound: too many of them, or none allowed here. */
const unlinkable = new Set(['ENOENT', 'EMLINK', 'EXDEV', 'EPERM', 'ELOOP']);

/** False when it can't be shared, and has to be stored anew. */
export function linkStored({ from, to, size, mtime }: Link): boolean {
  try {
    if (!isAsStored(from, size, mtime)) return false;
    linkAt(from.directory, from.name, to.directory, to.name);
    return true;
  } catch (error) {
    if (unlinkable.has(systemCode(error) ?? '')) return false;
    throw error;
  }
}

/** Bit rot is not seen by this; but whoever wrote to the stored file, or cut it short, shows. Throws when it is gone. */
export function isAsStored({ directory, name }: EntryPlace, size: number, mtime: bigint): boolean {
  const stored = statusAt(directory, name);
  return stored.mtime === mtime && (stored.type !== 'file' || stored.size === size);
}

export function shareStored(item: LinkItem, tools: CopyTools): ItemResult {
  const { from, sha256 } = item;
  const isSound = sha256 === undefined || checkStored({ kind: 'hash', from, sha256 }, tools).kind === 'sound';
  return { kind: isSound && linkStored(item) ? 'linked' : 'not-linkable' };
}

export function checkStored(item: HashItem, tools: CopyTools): ItemResult {
  try {
    if (hashOf(item.from, tools) === item.sha256) return { kind: 'sound' };
    return { kind: 'damaged', reason: 'its bytes hash to something else' };
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    return { kind: 'unreadable', reason: error instanceof Error ? error.message : code };
  }
}

/** SHA-256 of a stored file, in hexadecimal. */
function hashOf(place: EntryPlace, tools: Pick<CopyTools, 'buffer' | 'advance'>): string {
  const file = openAt(place.directory, place.name, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const hash = createHash('sha256');
    while (true) {
      const read = readSync(file, tools.buffer, 0, tools.buffer.length, null);
      if (read === 0) return hash.digest('hex');
      hash.update(tools.buffer.subarray(0, read));
      tools.advance(read);
    }
  } finally {
    closeSync(file);
  }
}
