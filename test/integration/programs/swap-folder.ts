/** A hostile neighbour: swaps a folder with a symlink to elsewhere, as fast as it can, until it is ended. */
import { renameSync, symlinkSync, writeSync } from 'node:fs';

const [folder = '', elsewhere = ''] = process.argv.slice(2);
symlinkSync(elsewhere, `${folder}.link`);
writeSync(1, 'ready\n');
for (;;) {
  renameSync(folder, `${folder}.away`);
  renameSync(`${folder}.link`, folder);
  renameSync(folder, `${folder}.link`);
  renameSync(`${folder}.away`, folder);
}
