/** The folders that a restore is in: opened or made when something in them is to be done, by descriptors only. */
import { closeSync } from 'node:fs';
import { systemCode } from '../../../base/errors.ts';
import {
  listXattrs,
  makeDirectoryAt,
  openDirectoryAt,
  statusOf,
  syncFileSystem,
  unlinkAt,
} from '../../../base/libc.ts';
import { parentOf, type RawName, type RawPath } from '../../../base/raw-path.ts';
import type { Node } from '../../../model/node.ts';
import type { Decision } from './decisions.ts';
import { type Destination, type EntryPlace, openAnchor, type Region, throughLinks } from './destination.ts';
import { restoreErrors } from './errors.ts';

/** How often an entry that a neighbour puts in a folder's place is removed before that folder is given up. */
const TRIES = 16;

export interface Folder {
  readonly parent: Folder | undefined;
  readonly index: number;
  readonly node: Node;
  readonly name: RawName;
  readonly path: RawPath;
  readonly region: Region;
  readonly decision: Decision;
  descriptor: number | undefined;
  /** made by this restore, so that nothing in it is what the plan saw */
  fresh: boolean;
  /** fresh, nobody else's to enter yet, and with nothing that new entries inherit */
  bare: boolean;
  /** something in it was changed, and with it the folder's own time */
  dirty: boolean;
  /** it can't be entered: nothing in it is restored */
  lost: boolean;
  /** entries and folders in it that are not finished */
  pending: number;
  /** the snapshot has nothing more in it */
  left: boolean;
}

export class Folders {
  readonly #destination: Destination;
  readonly #uid: number;
  readonly #anchor: number;
  readonly #open = new Set<number>();
  /** one descriptor on every file system that was written to */
  readonly #written = new Map<bigint, number>();
  /** open folders whose file system is among these */
  readonly #noted = new Set<number>();

  constructor(destination: Destination, uid: number) {
    this.#destination = destination;
    this.#uid = uid;
    this.#anchor = this.#keep(openAnchor(destination, { uid, make: true }).descriptor);
  }

  /** The folder's descriptor; the folder is made when it isn't there. Throws the system's error when it can't be. */
  enter(folder: Folder): number {
    if (folder.descriptor !== undefined) return folder.descriptor;
    const { parent, region } = folder;
    const place = this.placeIn(parent, folder.name, region);
    let made = parent?.fresh === true && this.#make(folder, place);
    for (let tries = 0; ; tries++) {
      try {
        folder.descriptor = this.#keep(openDirectoryAt(place.directory, place.name));
        folder.bare = made && listXattrs(folder.descriptor).length === 0;
        return folder.descriptor;
      } catch (error) {
        const code = systemCode(error);
        // Above the roots nothing is ours to remove.
        const otherEntry = (code === 'ENOTDIR' || code === 'ELOOP') && region !== 'between';
        if (tries === TRIES || !(otherEntry || code === 'ENOENT')) throw error;
        if (otherEntry) unlessGone(() => unlinkAt(place.directory, place.name));
      }
      made = this.#make(folder, place);
    }
  }

  /** False when somebody else has made it just now. */
  #make(folder: Folder, place: EntryPlace): boolean {
    const made = unlessThere(() => makeDirectoryAt(place.directory, place.name, 0o700));
    folder.fresh = true;
    if (folder.parent !== undefined) folder.parent.dirty = true;
    return made;
  }

  /** Where an entry of a folder is; the component's own root when there is no folder. */
  placeIn(parent: Folder | undefined, name: RawName, region: Region): EntryPlace {
    const place =
      parent === undefined
        ? { directory: this.#anchor, name: this.#destination.rootName }
        : { directory: this.enter(parent), name };
    return region === 'inside' ? place : this.#through(place);
  }

  /** Opens the folder of an entry that was restored before, anew from the top. The caller closes it. */
  reopen(path: RawPath): number {
    const folder = parentOf(path);
    let above = '' as RawPath;
    let descriptor = this.#openStep({ directory: this.#anchor, name: this.#destination.rootName }, above);
    for (const name of folder === '' ? [] : (folder.split('/') as RawName[])) {
      above = (above === '' ? name : `${above}/${name}`) as RawPath;
      const outer = descriptor;
      try {
        descriptor = this.#openStep({ directory: outer, name }, above);
      } finally {
        closeSync(outer);
      }
    }
    return descriptor;
  }

  #openStep(place: EntryPlace, path: RawPath): number {
    if (this.#destination.region(path) === 'inside') return openDirectoryAt(place.directory, place.name);
    const { directory, name, opened } = throughLinks(place, this.#uid);
    try {
      return openDirectoryAt(directory, name);
    } finally {
      if (opened !== undefined) closeSync(opened);
    }
  }

  #through(place: EntryPlace): EntryPlace {
    const { opened, ...found } = throughLinks(place, this.#uid);
    if (opened !== undefined) this.#keep(opened);
    return found;
  }

  /** Notes that the file system of this open folder was written to. */
  wrote(descriptor: number): void {
    if (this.#noted.has(descriptor)) return;
    this.#noted.add(descriptor);
    const { device } = statusOf(descriptor);
    if (!this.#written.has(device)) {
      this.#written.set(device, this.#keep(openDirectoryAt(descriptor, '.' as RawName)));
    }
  }

  /** Returns when all that was written is on the disk. */
  async sync(): Promise<void> {
    for (const descriptor of this.#written.values()) {
      try {
        await syncFileSystem(descriptor);
      } catch (error) {
        const reason = systemCode(error);
        if (reason === undefined) throw error;
        throw restoreErrors.RESTORE_SYNC_FAILED({ reason }, { cause: error });
      }
    }
  }

  leave(folder: Folder): void {
    if (folder.descriptor === undefined) return;
    this.#open.delete(folder.descriptor);
    this.#noted.delete(folder.descriptor);
    closeSync(folder.descriptor);
    folder.descriptor = undefined;
  }

  close(): void {
    for (const descriptor of this.#open) closeSync(descriptor);
    this.#open.clear();
  }

  #keep(descriptor: number): number {
    this.#open.add(descriptor);
    return descriptor;
  }
}

function unlessGone(change: () => void): void {
  unless('ENOENT', change);
}

function unlessThere(change: () => void): boolean {
  return unless('EEXIST', change);
}

function unless(code: string, change: () => void): boolean {
  try {
    change();
    return true;
  } catch (error) {
    if (systemCode(error) !== code) throw error;
    return false;
  }
}
