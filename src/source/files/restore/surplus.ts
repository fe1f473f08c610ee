/** What lies in the folders of a destination and not in the snapshot: found in the pass that compares. */
import { closeSync } from 'node:fs';
import { systemCode } from '../../../base/errors.ts';
import { listDirectory, openDirectoryAt, type Status, statusAt } from '../../../base/libc.ts';
import { joinRaw, type RawName, type RawPath } from '../../../base/raw-path.ts';
import type { Avoided } from '../avoided.ts';
import type { Selection } from '../selection.ts';

/** An entry to remove. A folder's own comes after those of all that is in it. */
export interface Removal {
  /** relative to the component */
  readonly path: RawPath;
  readonly folder: boolean;
}

/** Lists an open folder in the order of a snapshot, byte by byte. */
export function listFolder(descriptor: number): RawName[] {
  return listDirectory(descriptor).sort();
}

/** A folder's names, from which the snapshot's own are taken away in their order; what remains is surplus. */
export class Siblings {
  readonly #names: readonly RawName[];
  readonly #surplus: RawName[] = [];
  #next = 0;

  constructor(names: readonly RawName[]) {
    this.#names = names;
  }

  /** The snapshot has this one, and none before it that it hasn't had taken. */
  take(name: RawName): void {
    for (let other = this.#names[this.#next]; other !== undefined && other <= name; ) {
      if (other !== name) this.#surplus.push(other);
      other = this.#names[++this.#next];
    }
  }

  surplus(): readonly RawName[] {
    return [...this.#surplus, ...this.#names.slice(this.#next)];
  }
}

/** Deeper than this nothing is removed: whoever builds such a tree can't make the restore run out of memory. */
const DEEPEST = 4_096;

export interface SurplusRules {
  readonly selection: Selection;
  /** folders that are never entered nor removed */
  readonly avoid: Avoided;
}

export function identityOf(status: Pick<Status, 'device' | 'inode'>): string {
  return `${status.device}:${status.inode}`;
}

export interface SurplusPlace {
  readonly path: RawPath;
  /** whether captures keep everything, but for what is excluded, where the entry lies */
  readonly within: boolean;
  readonly device: bigint;
  readonly depth: number;
}

/**
 * What to remove of an entry that is surplus, into `removals`, the deepest first. Returns whether the entry itself goes:
 * it stays when it is left out of captures, another file system, to be avoided, or holds something that stays.
 */
export function collectSurplus(
  directory: number,
  name: RawName,
  where: SurplusPlace,
  rules: SurplusRules,
  removals: Removal[],
): boolean {
  const status = statusIfReachable(directory, name);
  if (status === undefined) return false;
  const folder = status.type === 'dir';
  const choice = rules.selection.choose(where.path, folder, where.within);
  if (choice === 'left-out') return false;
  if (folder) {
    if (status.device !== where.device || rules.avoid.has(status)) return false;
    const emptied = collectBelow(directory, name, { ...where, within: choice === 'kept' }, rules, removals);
    if (!emptied || choice === 'leads') return false;
  }
  removals.push({ path: where.path, folder });
  return true;
}

/** All that is in a folder; true when nothing of it stays. */
export function collectBelow(
  directory: number,
  name: RawName,
  where: SurplusPlace,
  rules: SurplusRules,
  removals: Removal[],
): boolean {
  const descriptor = where.depth > DEEPEST ? undefined : openIfReachable(directory, name);
  if (descriptor === undefined) return false;
  try {
    let emptied = true;
    for (const entry of listFolder(descriptor)) {
      const path = joinRaw(where.path, entry);
      if (!collectSurplus(descriptor, entry, { ...where, path, depth: where.depth + 1 }, rules, removals))
        emptied = false;
    }
    return emptied;
  } finally {
    closeSync(descriptor);
  }
}

/** What is gone meanwhile, or can't be looked at, is nothing to remove. */
const unreachable = new Set(['ENOENT', 'EACCES', 'ENOTDIR', 'ELOOP']);

function statusIfReachable(directory: number, name: RawName): Status | undefined {
  return unlessUnreachable(() => statusAt(directory, name));
}

function openIfReachable(directory: number, name: RawName): number | undefined {
  return unlessUnreachable(() => openDirectoryAt(directory, name));
}

function unlessUnreachable<Result>(look: () => Result): Result | undefined {
  try {
    return look();
  } catch (error) {
    if (unreachable.has(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}
