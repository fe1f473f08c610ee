/** From keys to entries of directories, walked from the root by open directories, so that no link leads out of it. */
import { fsync } from 'node:fs';
import { promisify } from 'node:util';
import { systemCode } from '../../base/errors.ts';
import { makeDirectoryAt } from '../../base/libc.ts';
import type { OpenDirectory } from '../../base/open-directory.ts';
import { type RawName, rawFromText } from '../../base/raw-path.ts';
import type { Key } from '../key.ts';

const syncDescriptor = promisify(fsync);

/** The folder that an object is in; who asked for it releases it. */
export interface Place {
  readonly folder: OpenDirectory;
  readonly name: RawName;
}

/** Finds the folder of an object; ENOENT when it isn't there, ELOOP or ENOTDIR when something else is in the way. */
export function findPlace(root: OpenDirectory, key: Key): Place {
  return walkTo(root, key, (folder, name) => folder.child(name));
}

/** Finds it too, and makes what is missing of it; `changed` is told each folder that got a new one in it. */
export function makePlace(root: OpenDirectory, key: Key, changed: (folder: OpenDirectory) => void): Place {
  return walkTo(root, key, (folder, name) => {
    try {
      return folder.child(name);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
    try {
      makeDirectoryAt(folder.descriptor, name, 0o700);
    } catch (error) {
      // Another was faster; whether its folder is on the disk yet is unknown, so it counts as ours.
      if (systemCode(error) !== 'EEXIST') throw error;
    }
    changed(folder);
    return folder.child(name);
  });
}

/** After this the names in these folders are on the disk. */
export async function syncFolders(folders: readonly OpenDirectory[]): Promise<void> {
  for (const { descriptor } of folders) await syncDescriptor(descriptor);
}

function walkTo(
  root: OpenDirectory,
  key: Key,
  step: (folder: OpenDirectory, name: RawName) => OpenDirectory,
): Place {
  const names = rawFromText(key).split('/') as RawName[];
  const name = names.pop() as RawName;
  let folder = root.hold();
  for (const next of names) {
    try {
      const inner = step(folder, next);
      folder.release();
      folder = inner;
    } catch (error) {
      folder.release();
      throw error;
    }
  }
  return { folder, name };
}
