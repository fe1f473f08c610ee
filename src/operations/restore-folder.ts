/** The folder of `--to`: looked at before anything else is done. */
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { systemCode } from '../base/errors.ts';
import { operationErrors } from './errors.ts';

/** A folder with something in it is restored into only by those who say so, and one in a vault by nobody. */
export function requireRestorable(path: string, overwrite: boolean): void {
  try {
    requireOutsideVaults(path);
    const names = existsSync(path) ? readdirSync(path) : [];
    if (names.length > 0 && !overwrite) throw operationErrors.RESTORE_NOT_EMPTY({ path });
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw operationErrors.RESTORE_NO_FOLDER({ path, reason }, { cause: error });
  }
}

/** Its files are shared by many snapshots: to give one of them another owner would change it in all. */
function requireOutsideVaults(path: string): void {
  for (let folder = realOf(path); ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.hikae', 'vault.json')))
      throw operationErrors.RESTORE_INTO_VAULT({ path, vault: folder });
    if (folder === dirname(folder)) return;
  }
}

/** Where a path leads, as far as it exists. */
function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || path === dirname(path)) throw error;
    return join(realOf(dirname(path)), basename(path));
  }
}
