/**
 * Opens what a path leads to without being led astray. Links are followed as long as only root and who runs this could
 * have made them; from the first folder on that somebody else can write to, none is, and every step is taken from the
 * folder that is held open. What is opened is never waited for: a pipe or a device is told from a file first.
 */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readlink } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { systemCode } from '../../base/errors.ts';

export type EntryKind = 'folder' | 'file' | 'socket' | 'link' | 'other';

/** Something that is held open; it is closed by `await using`. */
export interface Opened extends AsyncDisposable {
  readonly kind: EntryKind;
  entries(): Promise<readonly { readonly name: string; readonly kind: EntryKind }[]>;
  /** undefined for anything but a file */
  text(most: number): Promise<string | undefined>;
}

export interface OpeningOptions {
  /** the folder that stands for `/` */
  readonly root: string;
  /** the user who runs */
  readonly uid: number;
  readonly onDenied: () => void;
}

const mostLinks = 40;
/** Only a place in the tree: nothing is read, no device or pipe is woken. Linux has it, Node.js doesn't name it. */
const O_PATH = 0o10000000;

/** Undefined for what isn't there, may not be seen, or lies behind a link that isn't to be believed. */
export async function openCarefully(path: string, options: OpeningOptions): Promise<Opened | undefined> {
  try {
    const { trusted, rest } = await boundary(path, options);
    if (rest.includes('..')) return undefined;
    return await descend(trusted, rest);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EACCES' || code === 'EPERM') options.onDenied();
    else if (code === undefined || !['ENOENT', 'ENOTDIR', 'ELOOP'].includes(code)) throw error;
    return undefined;
  }
}

/** How far a path leads through what only root and who runs this can change, and the names that are left behind it. */
async function boundary(
  path: string,
  { root, uid }: OpeningOptions,
): Promise<{ readonly trusted: string; readonly rest: readonly string[] }> {
  const ahead = parts(path);
  let here = root;
  let links = 0;
  for (let step = ahead.shift(); step !== undefined; step = ahead.shift()) {
    if (step === '..') {
      here = here === root ? root : dirname(here);
      continue;
    }
    const next = join(here, step);
    const found = await lstat(next);
    if (found.isSymbolicLink() && isOurs(found, uid)) {
      links += 1;
      if (links > mostLinks) return { trusted: here, rest: [step] };
      const aim = await readlink(next);
      if (isAbsolute(aim)) here = root;
      ahead.unshift(...parts(aim));
      continue;
    }
    if (!found.isDirectory() || !isOurs(found, uid)) return { trusted: here, rest: [step, ...ahead] };
    here = next;
  }
  return { trusted: here, rest: [] };
}

function isOurs(found: Stats, uid: number): boolean {
  if (found.uid !== 0 && found.uid !== uid) return false;
  return found.isSymbolicLink() || (found.mode & 0o022) === 0 || (found.mode & 0o1000) !== 0;
}

async function descend(folder: string, names: readonly string[]): Promise<Opened> {
  let handle = await open(folder, O_PATH | constants.O_DIRECTORY);
  try {
    for (const name of names) {
      const next = await open(within(handle, name), O_PATH | constants.O_NOFOLLOW);
      await handle.close();
      handle = next;
    }
    const kind = kindOf(await handle.stat());
    return openedAs(kind, handle);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function openedAs(kind: EntryKind, handle: FileHandle): Opened {
  return {
    kind,
    async entries() {
      if (kind !== 'folder') return [];
      const found = await readdir(`/proc/self/fd/${handle.fd}`, { withFileTypes: true });
      return found
        .map((entry) => ({ name: entry.name, kind: kindOf(entry) }))
        .sort((one, other) => (one.name < other.name ? -1 : 1));
    },
    async text(most) {
      if (kind !== 'file') return undefined;
      await using file = await open(`/proc/self/fd/${handle.fd}`, constants.O_RDONLY | constants.O_NONBLOCK);
      const { bytesRead, buffer } = await file.read(Buffer.alloc(most), 0, most, 0);
      return buffer.toString('utf8', 0, bytesRead);
    },
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

type Kinds = Pick<Stats, 'isDirectory' | 'isFile' | 'isSocket' | 'isSymbolicLink'>;

function kindOf(entry: Kinds): EntryKind {
  if (entry.isDirectory()) return 'folder';
  if (entry.isFile()) return 'file';
  if (entry.isSocket()) return 'socket';
  return entry.isSymbolicLink() ? 'link' : 'other';
}

function within(handle: FileHandle, name: string): string {
  return `/proc/self/fd/${handle.fd}/${name}`;
}

function parts(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
