/** Makes a tree, takes it through a vault and looks at it, all without root's rights; prints what it found, as JSON. */
import { join } from 'node:path';
import { fillTree } from '../every-kind.ts';
import { roundTrip } from '../round-trip.ts';

const [folder = ''] = process.argv.slice(2);
process.setgroups?.([]);
process.setgid?.(65_534);
process.setuid?.(65_534);
const root = join(folder, 'source');
fillTree(root);
process.stdout.write(JSON.stringify(await roundTrip(root, join(folder, 'vault'))));
