/** Captures a folder without root's rights and prints what it saw, as JSON. */
import { capture } from '../../doubles/read-capture.ts';

const [root = '', ...exclude] = process.argv.slice(2);
process.setgid?.(65_534);
process.setuid?.(65_534);
const { paths, troubles } = await capture({ roots: [root], exclude });
const told = troubles.map(({ weight, code, path }) => `${weight} ${code} ${path}`);
process.stdout.write(JSON.stringify({ paths, troubles: told }));
