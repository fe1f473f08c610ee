/** Holds the lock of the vault at VAULT until it is killed. */
import { writeSync } from 'node:fs';
import { never, openVault, silent } from '../../vault/taking.ts';

const [place = ''] = process.argv.slice(2);
const vault = await openVault(place);
await vault.acquire({ wait: 0, emit: silent, signal: never });
writeSync(1, 'held\n');
setInterval(() => undefined, 60_000);
