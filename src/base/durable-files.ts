/** Small files that are either the old one or the new one after a crash, never something in between. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { systemCode } from './errors.ts';

/** Writes beside it, syncs, renames into place and syncs the folder. */
export function replaceFile(path: string, content: string | Uint8Array, mode = 0o600): void {
  const beside = join(dirname(path), `.${basename(path)}.new`);
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const file = openSync(beside, 'w', mode);
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(beside, path);
  syncDirectory(dirname(path));
}

/** After this the names in a folder are on the disk: what was renamed or created there stays. */
export function syncDirectory(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** The file's bytes, or undefined when there is no such file. */
export function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
