/** Putting entries where they belong, in the main thread: all but the writing of files. */
import { closeSync, constants } from 'node:fs';
import { systemCode } from '../../../base/errors.ts';
import { openAt, removeDirectoryAt, renameAt, statusAt, statusOf } from '../../../base/libc.ts';
import { nameOf, type RawName, type RawPath } from '../../../base/raw-path.ts';
import { attributesOf, setAttributes } from './attributes.ts';
import type { EntryPlace } from './destination.ts';
import type { Folder, Folders } from './folders.ts';
import type { Survey } from './found.ts';
import type { Owners } from './host.ts';
import type { Progress } from './progress.ts';
import { Remover } from './removal.ts';
import { makeLink, makeSpecial } from './special.ts';
import { identityOf } from './surplus.ts';
import { removeTemporary } from './write.ts';

/** A node that is no folder, on its way into one. */
export interface Entry extends Pick<Folder, 'index' | 'node' | 'name' | 'path' | 'region' | 'decision'> {
  readonly folder: Folder;
}

/** The identity of a file that is the one which was there. */
export const KEPT = 'kept';

export interface PlacingParts {
  readonly survey: Survey;
  readonly owners: Owners;
  readonly folders: Folders;
  readonly progress: Progress;
  temporaryName(): RawName;
}

export class Placing {
  readonly #parts: PlacingParts;

  constructor(parts: PlacingParts) {
    this.#parts = parts;
  }

  /** Makes a symlink, FIFO, socket or device. */
  special(entry: Entry): void {
    const { node, folder, name, path, region, decision } = entry;
    this.#parts.progress.attempt(path, () => {
      const place = this.#parts.folders.placeIn(folder, name, node.type === 'symlink' ? 'inside' : region);
      const temporary = this.#parts.temporaryName();
      const unset = makeSpecial(place.directory, temporary, node, attributesOf(node, this.#parts.owners));
      this.#publish(entry, place, temporary);
      this.#parts.progress.unset(path, unset);
      this.#parts.progress.restored(decision, 0);
    });
  }

  /** Gives an entry's name to the file at `first`. Throws the system's error when that can't be. */
  link(entry: Entry, first: RawPath, identity: string): void {
    const opened = this.#parts.folders.reopen(first);
    try {
      const from = { directory: opened, name: nameOf(first) };
      const known = identity === KEPT ? identityOf(statusAt(from.directory, from.name)) : identity;
      const place = this.#parts.folders.placeIn(entry.folder, entry.name, 'inside');
      const temporary = this.#parts.temporaryName();
      makeLink(from, place.directory, temporary, known);
      this.#publish(entry, place, temporary);
      // Of two names of one file, rename leaves both.
      removeTemporary(place.directory, temporary);
    } finally {
      closeSync(opened);
    }
  }

  /** Sets attributes on the inode that is there. False when it is not alone or not readable: it is then replaced. */
  change({ node, folder, name, region, path, decision }: Entry): boolean {
    const changed = this.#parts.progress.attempt(path, () => {
      const place = this.#parts.folders.placeIn(folder, name, region);
      const file = openIfAlone(place);
      if (file === undefined) return false;
      try {
        this.#parts.progress.unset(path, setAttributes(file, attributesOf(node, this.#parts.owners)));
        this.#parts.folders.wrote(place.directory);
        this.#parts.progress.restored(decision, 0);
        return true;
      } finally {
        closeSync(file);
      }
    });
    // What was refused is told already, and not tried in another way.
    return changed ?? true;
  }

  /** Moves a whole entry to its name, after what lies there and can't be replaced by that is gone. */
  #publish(entry: Entry, place: EntryPlace, temporary: RawName): void {
    try {
      this.clear(entry, place);
      renameAt(place.directory, temporary, place.directory, place.name);
    } catch (error) {
      removeTemporary(place.directory, temporary);
      throw error;
    }
    entry.folder.dirty = true;
    this.#parts.folders.wrote(place.directory);
  }

  /** Removes the folder that lies where an entry belongs, as the plan lists it. */
  clear({ index, folder }: Entry, place: EntryPlace): void {
    const removals = folder.fresh ? undefined : this.#parts.survey.inTheWay.get(index);
    if (removals === undefined) return;
    const remover = new Remover(place.directory, folder.path);
    try {
      for (const removal of removals) remover.remove(removal);
    } finally {
      remover.close();
    }
    removeDirectoryAt(place.directory, place.name);
  }
}

/** Opens a file whose only name this is; undefined for any other entry, and for what can't be opened. */
function openIfAlone({ directory, name }: EntryPlace): number | undefined {
  let file: number;
  try {
    file = openAt(directory, name, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
  const status = statusOf(file);
  if (status.type === 'file' && status.links === 1) return file;
  closeSync(file);
  return undefined;
}
