/** The folder of `--to`. */
import { readdirSync } from 'node:fs';
import { systemCode } from '../base/errors.ts';
import { operationErrors } from './errors.ts';

/** A folder with something in it is restored into only by those who say so. */
export function requireEmpty(path: string, overwrite: boolean): void {
  if (overwrite) return;
  try {
    if (readdirSync(path).length > 0) throw operationErrors.RESTORE_NOT_EMPTY({ path });
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}
