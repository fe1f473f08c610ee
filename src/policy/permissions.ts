/**
 * Who could change a file before we read it. The policy runs commands as the user who reads it, so neither it
 * nor any folder or link on the way may be in the hands of anybody but that user and root.
 */
import type { Stats } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { systemCode } from '../base/errors.ts';
import { policyErrors } from './errors.ts';

export interface TrustOptions {
  /** the user who runs */
  readonly uid: number;
  readonly signal: AbortSignal;
}

const mostLinks = 40;

/**
 * Checks a file and all that leads to it; gives the path of the file itself, with every link followed.
 * `file` must be absolute. Fails with POLICY_WRITABLE, POLICY_OWNER, POLICY_MISSING and their like.
 */
export async function checkTrusted(file: string, { uid, signal }: TrustOptions): Promise<string> {
  if (!isAbsolute(file)) throw new TypeError(`not an absolute path: ${file}`);
  let links = 0;
  let here = '/';
  checkEntry(here, await statOf(here, file), file, uid);
  const ahead = parts(file);
  for (let step = ahead.shift(); step !== undefined; step = ahead.shift()) {
    signal.throwIfAborted();
    // A folder was reached through links, so its parent is that of the real path.
    if (step === '..') {
      here = dirname(here);
      continue;
    }
    const path = join(here, step);
    const stat = await statOf(path, file);
    checkEntry(path, stat, file, uid);
    if (!stat.isSymbolicLink()) {
      here = path;
      continue;
    }
    links += 1;
    if (links > mostLinks) throw policyErrors.POLICY_LINK_LOOP({ file });
    const aim = await readlink(path);
    if (isAbsolute(aim)) here = '/';
    ahead.unshift(...parts(aim));
  }
  const last = await statOf(here, file);
  if (!last.isFile()) throw policyErrors.POLICY_NOT_A_FILE({ path: here });
  return here;
}

/** The same for a file with a secret in it, which moreover nobody but its owner may read. */
export async function checkSecretFile(file: string, options: TrustOptions): Promise<string> {
  const path = await checkTrusted(file, options);
  const stat = await statOf(path, file);
  if ((stat.mode & 0o077) !== 0) {
    throw policyErrors.POLICY_SECRET_EXPOSED({ path, command: `chmod 600 ${quoted(path)}` });
  }
  return path;
}

function checkEntry(path: string, stat: Stats, file: string, uid: number): void {
  if (stat.uid !== 0 && stat.uid !== uid) {
    const owner = uid === 0 ? 'root' : String(uid);
    // Without -h the owner of what a link points to would change.
    const option = stat.isSymbolicLink() ? '-h ' : '';
    const command = `chown ${option}${owner} ${quoted(path)}`;
    throw policyErrors.POLICY_OWNER({ path, owner: stat.uid, file, command });
  }
  // Everybody may write a link as far as its mode goes, which the system ignores.
  if (stat.isSymbolicLink() || (stat.mode & 0o022) === 0) return;
  // In a sticky folder others can't replace what isn't theirs, and whose the next step is was or will be checked.
  if (stat.isDirectory() && (stat.mode & 0o1000) !== 0) return;
  throw policyErrors.POLICY_WRITABLE({ path, file, command: `chmod go-w ${quoted(path)}` });
}

async function statOf(path: string, file: string): Promise<Stats> {
  try {
    return await lstat(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw policyErrors.POLICY_MISSING({ file }, { cause: error });
    if (code === undefined) throw error;
    throw policyErrors.POLICY_UNREADABLE({ file, reason: code }, { cause: error });
  }
}

function parts(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

/** As a shell takes it. */
function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
