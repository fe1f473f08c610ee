/**
 * Where objects lie until they are complete: `.partial/<random>/`, one folder for each open storage. It holds a lock
 * that dies with its process, so that the next who writes can tell what a killed one has left, and removes it.
 */
import { closeSync, constants } from 'node:fs';
import { delay } from '../../base/abort.ts';
import { systemCode } from '../../base/errors.ts';
import {
  listDirectory,
  makeDirectoryAt,
  openAt,
  removeDirectoryAt,
  tryLock,
  unlinkAt,
} from '../../base/libc.ts';
import type { OpenDirectory } from '../../base/open-directory.ts';
import type { RawName } from '../../base/raw-path.ts';
import { PARTIAL } from '../key.ts';

const LOCK = 'lock' as RawName;
const PARTIAL_FOLDER = PARTIAL as RawName;

/** What `makeFolder` calls its folders. */
const OURS = /^[0-9a-f]{32}$/;

/** Others hold the lock only while they make or clear away a folder. */
const POLL = 20;

export interface PartialFolder {
  readonly folder: OpenDirectory;
  /** A name in it that is not taken. */
  nextName(): RawName;
  /** Removes it with all that is in it. */
  close(): Promise<void>;
}

/** Makes a folder of our own, and removes those whose process is gone. */
export async function openPartialFolder(
  root: OpenDirectory,
  random: (size: number) => Uint8Array,
  signal: AbortSignal,
): Promise<PartialFolder> {
  makeUnlessThere(root, PARTIAL_FOLDER);
  const all = root.child(PARTIAL_FOLDER);
  try {
    return await alone(all, signal, (isAlone) => {
      if (isAlone) removeAbandoned(all);
      return makeFolder(all, Buffer.from(random(16)).toString('hex') as RawName);
    });
  } finally {
    all.release();
  }
}

/** Works while no other process makes or clears away folders, as far as the file system has locks to tell. */
async function alone<Result>(
  all: OpenDirectory,
  signal: AbortSignal,
  work: (isAlone: boolean) => Result,
): Promise<Result> {
  const lock = openLock(all);
  try {
    return work(await takeLock(lock, signal));
  } finally {
    closeSync(lock);
  }
}

function makeFolder(all: OpenDirectory, name: RawName): PartialFolder {
  makeDirectoryAt(all.descriptor, name, 0o700);
  const folder = all.child(name);
  const lock = openLock(folder);
  triesLock(lock);
  const parent = all.hold();
  let count = 0;
  return {
    folder,
    nextName: () => String(++count) as RawName,
    async close() {
      try {
        await alone(parent, new AbortController().signal, () => removeFolder(parent, name, folder, lock));
      } finally {
        folder.release();
        parent.release();
      }
    },
  };
}

function removeAbandoned(all: OpenDirectory): void {
  for (const name of listDirectory(all.descriptor)) {
    if (!OURS.test(name)) continue;
    const folder = all.child(name);
    const lock = openLock(folder);
    if (triesLock(lock) === 'taken') removeFolder(all, name, folder, lock);
    else closeSync(lock);
    folder.release();
  }
}

/** The lock is given back first, since NFS and FUSE keep a file that is open under another name; nobody else looks now. */
function removeFolder(all: OpenDirectory, name: RawName, folder: OpenDirectory, lock: number): void {
  closeSync(lock);
  for (const one of listDirectory(folder.descriptor)) unlinkAt(folder.descriptor, one);
  removeDirectoryAt(all.descriptor, name);
}

/** False where the file system has no locks: nobody can tell then whose folders are in use, so all are left alone. */
async function takeLock(lock: number, signal: AbortSignal): Promise<boolean> {
  for (;;) {
    const outcome = triesLock(lock);
    if (outcome !== 'held') return outcome === 'taken';
    await delay(POLL, signal);
  }
}

function triesLock(lock: number): 'taken' | 'held' | 'impossible' {
  try {
    return tryLock(lock, 'exclusive') ? 'taken' : 'held';
  } catch (error) {
    if (['ENOLCK', 'ENOSYS', 'ENOTSUP', 'EINVAL'].includes(systemCode(error) ?? '')) return 'impossible';
    throw error;
  }
}

function openLock(folder: OpenDirectory): number {
  return openAt(folder.descriptor, LOCK, constants.O_RDWR | constants.O_CREAT, 0o600);
}

function makeUnlessThere(parent: OpenDirectory, name: RawName): void {
  try {
    makeDirectoryAt(parent.descriptor, name, 0o700);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}
