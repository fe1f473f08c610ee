/**
 * Putting into snapshots what was made anew, each by one rename. Every folder that something is put into gets its own
 * attributes back at the end, because each rename moves its time.
 */
import { join } from 'node:path';
import { systemCode } from '../../../base/errors.ts';
import {
  changeMode,
  changeOwner,
  changeOwnerAt,
  linkAt,
  listXattrs,
  makeDirectoryAt,
  removeXattr,
  renameAt,
  setTimes,
  setTimesAt,
  symlinkAt,
  unlinkAt,
} from '../../../base/libc.ts';
import { nameOf, parentOf, type RawName, type RawPath } from '../../../base/raw-path.ts';
import type { Node } from '../../../model/node.ts';
import type { Keeps } from '../file-jobs.ts';
import { MANIFEST, OWN } from '../layout.ts';
import { Manifest } from '../manifest.ts';
import { statusIfThere } from '../sharing.ts';
import { isKept, setKeptXattrs, storedMode } from '../stored-attributes.ts';
import { storedAs } from '../stored-form.ts';
import { StoredTree } from '../stored-tree.ts';
import type { Beside } from './beside.ts';
import type { LostEntry, LostFile, Member } from './losses.ts';

export class Placing {
  readonly #root: string;
  readonly #keeps: Keeps;
  readonly #beside: Beside;
  /** folders that have changed, by place */
  readonly #touched = new Map<string, Set<RawPath>>();

  constructor(root: string, keeps: Keeps, beside: Beside) {
    this.#root = root;
    this.#keeps = keeps;
    this.#beside = beside;
  }

  /** Makes a missing folder; one that is there gets its attributes with `finish`. False where it can't be had. */
  folder({ place, path }: LostEntry): boolean {
    return this.#within(place, parentOf(path), (parent) => {
      const there = statusIfThere(parent, nameOf(path));
      if (there?.type !== 'dir') {
        if (there !== undefined) unlinkAt(parent, nameOf(path));
        makeDirectoryAt(parent, nameOf(path), 0o700);
        this.#touch(place, parentOf(path));
      }
      this.#touch(place, path);
    });
  }

  symlink({ place, path, node }: LostEntry): boolean {
    const { descriptor } = this.#beside;
    const name = this.#beside.newName();
    symlinkAt(node.target ?? ('' as RawPath), descriptor, name);
    if (this.#keeps.owners) changeOwnerAt(descriptor, name, node.uid, node.gid);
    setTimesAt(descriptor, name, node.mtime);
    return this.#put({ place, path }, nameOf(path), name);
  }

  /** Gives the file all its names; those that it got. */
  file({ node, members }: LostFile, name: RawName): readonly Member[] {
    const stored = nameOf(storedAs(node).path);
    const { descriptor } = this.#beside;
    return members.filter((member) => {
      const another = this.#beside.newName();
      linkAt(descriptor, name, descriptor, another);
      // Names of a hard-link group differ; a packed file belongs to none.
      return this.#put(member, node.stored === undefined ? nameOf(member.path) : stored, another);
    });
  }

  /** The folders that were changed are made to be as their snapshots list them. */
  async finish(signal: AbortSignal): Promise<void> {
    for (const [place, paths] of this.#touched) {
      const manifest = Manifest.open(join(this.#root, place, OWN, MANIFEST), place);
      try {
        for await (const batch of manifest.nodes(signal))
          for (const node of batch) if (node.type === 'dir' && paths.has(node.path)) this.#dress(place, node);
      } finally {
        manifest.close();
      }
    }
  }

  /** False where its folder can't be had. */
  #put({ place, path }: Member, stored: RawName, made: RawName): boolean {
    const { descriptor } = this.#beside;
    const isPut = this.#within(place, parentOf(path), (parent) => {
      renameAt(descriptor, made, parent, stored);
      this.#touch(place, parentOf(path));
    });
    if (!isPut) unlinkAt(descriptor, made);
    return isPut;
  }

  #within(place: string, folder: RawPath, work: (descriptor: number) => void): boolean {
    const tree = StoredTree.open(join(this.#root, place));
    try {
      const directory = tree.folder(folder);
      if (directory === undefined) return false;
      work(directory.descriptor);
      return true;
    } catch (error) {
      // Somebody has put a folder there since.
      if (systemCode(error) !== 'EISDIR') throw error;
      return false;
    } finally {
      tree.close();
    }
  }

  #dress(place: string, { path, uid, gid, mode, mtime, xattrs }: Node): void {
    this.#within(place, path, (folder) => {
      if (this.#keeps.owners) changeOwner(folder, uid, gid);
      for (const name of listXattrs(folder))
        if (isKept(name, this.#keeps) && !xattrs.some((one) => one.name === name)) removeXattr(folder, name);
      setKeptXattrs(folder, xattrs, this.#keeps);
      changeMode(folder, storedMode(mode, 'dir', this.#keeps));
      setTimes(folder, mtime);
    });
  }

  #touch(place: string, path: RawPath): void {
    this.#touched.set(place, (this.#touched.get(place) ?? new Set()).add(path));
  }
}
