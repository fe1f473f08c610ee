/**
 * A hostile neighbour of a restore: swaps a folder with a symlink to elsewhere, as fast as it can, until it is ended. A
 * folder that the restore makes in between is taken over and swapped as well.
 */
import { renameSync, rmSync, symlinkSync, unlinkSync, writeSync } from 'node:fs';

const [folder = '', elsewhere = ''] = process.argv.slice(2);
const away = `${folder}.away`;
writeSync(1, 'ready\n');
for (;;) {
  attempt(() => renameSync(folder, away));
  attempt(() => symlinkSync(elsewhere, folder));
  attempt(() => unlinkSync(folder));
  attempt(() => renameSync(away, folder));
}

function attempt(swap: () => void): void {
  try {
    swap();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOTEMPTY') rmSync(away, { recursive: true, force: true });
    else if (code !== 'ENOENT' && code !== 'EEXIST' && code !== 'EISDIR' && code !== 'ENOTDIR') throw error;
  }
}
