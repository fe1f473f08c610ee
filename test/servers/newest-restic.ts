/** The newest restic that Debian has, beside that of this system. It is unpacked once, into `.cache` of the checkout. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const unpacked = fileURLToPath(new URL('../../.cache/restic', import.meta.url));
const unpack = fileURLToPath(new URL('./programs/unpack-restic', import.meta.url));

/** Gives the path of the command. */
export function newestRestic(): string {
  execFileSync(unpack, [unpacked], { stdio: ['ignore', 'ignore', 'inherit'] });
  return join(unpacked, 'restic');
}
