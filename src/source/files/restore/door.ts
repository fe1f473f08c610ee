/**
 * The door that every node of a snapshot passes before a restore believes it. The reader has checked names and order
 * already; here stands what a forged snapshot would need to get past to write elsewhere, so it is checked again.
 */
import { goQuote } from '../../../base/go-quoting.ts';
import { compareRawPaths, nameOf, parentOf, type RawName, type RawPath } from '../../../base/raw-path.ts';
import { isSha256 } from '../../../base/sha256-text.ts';
import type { Node, NodeType } from '../../../model/node.ts';
import { restoreErrors } from './errors.ts';

const DEEPEST = 4_096;
/** chown takes the highest number to mean "leave it". */
const HIGHEST_OWNER = 2 ** 32 - 2;
const LONGEST_TARGET = 4_095;
const LARGEST_XATTR = 65_536;
const TIME_LIMIT = 2n ** 63n;

const types: ReadonlySet<NodeType> = new Set([
  'dir',
  'file',
  'symlink',
  'fifo',
  'chardev',
  'dev',
  'socket',
] as const);

export interface Admitted {
  /** 0 for the component's own root */
  readonly level: number;
  readonly name: RawName;
  /** relative to the component, `''` for its root */
  readonly path: RawPath;
}

/** Admits the nodes of one component, in order. Throws RESTORE_UNSAFE_PATH for the first that can't be. */
export class Door {
  readonly #component: RawPath;
  /** the folders that the last node lies in, outermost first; the node itself when it is one */
  readonly #folders: RawPath[] = [];
  #last: RawPath | undefined;

  constructor(component: RawPath) {
    this.#component = component;
  }

  admit(node: Node): Admitted {
    const fault = this.#placeFault(node) ?? nodeFault(node);
    if (fault !== undefined)
      throw restoreErrors.RESTORE_UNSAFE_PATH({ path: goQuote(node.path), reason: fault });
    this.#last = node.path;
    const level = this.#folders.length;
    if (node.type === 'dir') this.#folders.push(node.path);
    const path = node.path.slice(this.#component.length + 1) as RawPath;
    return { level, name: nameOf(node.path), path };
  }

  #placeFault(node: Node): string | undefined {
    const { path } = node;
    if (this.#last === undefined) {
      if (path !== this.#component || faultyName(path)) return 'the component does not begin with its folder';
      return node.type === 'dir' ? undefined : 'the component is not a folder';
    }
    if (compareRawPaths(this.#last, path) >= 0) return 'it is out of order';
    if (faultyName(nameOf(path))) return 'its name is not one';
    const parent = parentOf(path);
    while (this.#folders.length > 0 && this.#folders.at(-1) !== parent) this.#folders.pop();
    if (this.#folders.length === 0) return 'it lies in no folder of the snapshot';
    return this.#folders.length > DEEPEST ? 'it lies too deep' : undefined;
  }
}

function faultyName(name: string): boolean {
  return name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0');
}

function nodeFault(node: Node): string | undefined {
  if (!types.has(node.type)) return 'its type is unknown';
  if (!isCount(node.size)) return 'its size is absurd';
  if (!isCount(node.mode) || node.mode > 0o7777) return 'its mode is absurd';
  if (!isOwner(node.uid) || !isOwner(node.gid)) return 'its owner is absurd';
  if (node.mtime >= TIME_LIMIT || node.mtime < -TIME_LIMIT) return 'its time is absurd';
  if (node.rdev < 0n || node.rdev >= 2n ** 64n) return 'its device is absurd';
  if (node.type === 'symlink' && !isTarget(node.target)) return 'its target is not a path';
  if (node.type === 'file' && node.hardlink === undefined && !isSha256(node.sha256 ?? '') && !node.inParts)
    return 'it has no hash';
  for (const { name, value } of node.xattrs) {
    if (name === '' || name.length > 255 || name.includes('\0') || value.length > LARGEST_XATTR)
      return 'an attribute is absurd';
  }
  return undefined;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isOwner(value: number): boolean {
  return isCount(value) && value <= HIGHEST_OWNER;
}

function isTarget(target: RawPath | undefined): boolean {
  return target !== undefined && target !== '' && target.length <= LONGEST_TARGET && !target.includes('\0');
}
