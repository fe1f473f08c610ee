/** Removing a tree by descriptors, never through a symlink, however deep it is. */
import { breathe } from '../../base/abort.ts';
import { systemCode } from '../../base/errors.ts';
import { changeMode, removeDirectoryAt, unlinkAt } from '../../base/libc.ts';
import { OpenDirectory } from '../../base/open-directory.ts';
import type { RawName, RawPath } from '../../base/raw-path.ts';

/** Removes an entry and all below it; nothing happens when it isn't there. */
export async function removeTree(parent: OpenDirectory, name: RawName, signal: AbortSignal): Promise<void> {
  if (removedAsEntry(parent, name)) return;
  const folder = parent.child(name);
  try {
    // Whoever isn't root may have stored a folder that its mode locks him out of.
    changeMode(folder.descriptor, 0o700);
    for (const entry of folder.names()) await removeTree(folder, entry, signal);
  } finally {
    folder.release();
  }
  removeDirectoryAt(parent.descriptor, name);
  await breathe(signal);
}

/** The same for an entry of the folder at a path. */
export async function removeFrom(folder: string, name: string, signal: AbortSignal): Promise<void> {
  const parent = OpenDirectory.open(folder as RawPath);
  try {
    await removeTree(parent, name as RawName, signal);
  } finally {
    parent.release();
  }
}

/** False when it is a folder. */
function removedAsEntry(parent: OpenDirectory, name: RawName): boolean {
  try {
    unlinkAt(parent.descriptor, name);
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') return true;
    if (code === 'EISDIR' || code === 'EPERM') return false;
    throw error;
  }
}
