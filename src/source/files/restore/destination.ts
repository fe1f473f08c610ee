/** Where the nodes of a component go, and how the folders on the way there are opened. */
import { closeSync, constants } from 'node:fs';
import { systemCode } from '../../../base/errors.ts';
import { goQuote } from '../../../base/go-quoting.ts';
import { makeDirectoryAt, openAt, readLinkAt, type Status, statusAt } from '../../../base/libc.ts';
import { type RawName, type RawPath, rawFromText } from '../../../base/raw-path.ts';
import type { RestoreRequest } from '../../source.ts';
import type { FilesOrigin } from '../selection.ts';
import { fatalError, restoreErrors } from './errors.ts';

/**
 * `between`: a folder above a root, which a restore in place makes if it is missing and else leaves alone.
 * `root`: one of the listed roots, where an administrator's link may stand for it.
 */
export type Region = 'inside' | 'root' | 'between';

export interface Destination {
  /** the folder that the component's own root lies in, absolute */
  readonly anchor: RawPath;
  /** the root's name there; `.` when the root is the anchor itself */
  readonly rootName: RawName;
  /** permissions of the folders above it that have to be made */
  readonly folderMode: number;
  /** undefined for a node that belongs to no root */
  region(path: RawPath): Region | undefined;
  /** absolute, as it is shown to a person */
  shown(path: RawPath): string;
}

const O_PATH = 0o10000000;
const MOST_LINKS = 40;

export function destinationOf(request: RestoreRequest, origin: FilesOrigin, uid: number): Destination {
  if (request.to.kind === 'folder') {
    return place(absolute(request.to.path), rawFromText(request.component), 0o700, () => 'inside');
  }
  const roots = origin.roots.map(absolute);
  if (origin.layout === 'list') {
    return place('/' as RawPath, '.' as RawName, 0o755, (path) => regionAmong(roots, `/${path}`));
  }
  // The administrator may have put the root behind a link; from here on it is the folder that the link led to.
  const names = resolve(roots[0] ?? absolute(''), uid);
  const rootName = names.pop() ?? ('.' as RawName);
  return place(`/${names.join('/')}` as RawPath, rootName, 0o755, () => 'inside');
}

function place(
  anchor: RawPath,
  rootName: RawName,
  folderMode: number,
  region: Destination['region'],
): Destination {
  const root = [anchor === '/' ? '' : anchor, ...(rootName === '.' ? [] : [rootName])].join('/');
  return {
    anchor,
    rootName,
    folderMode,
    region,
    shown: (path) => goQuote((path === '' ? root || '/' : `${root}/${path}`) as RawPath),
  };
}

/** The path without doubled and trailing slashes; an origin that isn't absolute and straight is no place to write to. */
function absolute(text: string): RawPath {
  const names = text.split('/').filter((name) => name !== '' && name !== '.');
  if (!text.startsWith('/') || names.includes('..') || text.includes('\0')) {
    throw restoreErrors.RESTORE_UNSAFE_PATH({ path: text, reason: 'it is not an absolute path' });
  }
  return rawFromText(`/${names.join('/')}`);
}

function regionAmong(roots: readonly RawPath[], path: string): Region | undefined {
  const folder = path === '/' ? '/' : `${path}/`;
  if (roots.some((root) => root === '/' || path.startsWith(`${root}/`))) return 'inside';
  if (roots.some((root) => path === root)) return 'root';
  return roots.some((root) => root.startsWith(folder)) ? 'between' : undefined;
}

/** The names of a path after its links, and of what is missing of it. */
function resolve(path: RawPath, uid: number): RawName[] {
  const reached = reachFolder(undefined, path, { uid });
  closeSync(reached.descriptor);
  return [...reached.trail, ...reached.missing];
}

/** Opens the folder that the component's root lies in, or the deepest above it that is there. */
export function openAnchor(
  destination: Destination,
  options: { uid: number; make: boolean },
): { readonly descriptor: number; readonly there: boolean } {
  const { anchor, folderMode } = destination;
  const path = goQuote(anchor);
  try {
    const { descriptor, missing } = reachFolder(undefined, anchor, {
      uid: options.uid,
      ...(options.make ? { makeMode: folderMode } : {}),
    });
    const [first] = missing;
    if (first === undefined) return { descriptor, there: true };
    if (statusIfThere(descriptor, first) === undefined) return { descriptor, there: false };
    closeSync(descriptor);
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw (
      fatalError(code, path, error) ??
      restoreErrors.RESTORE_DESTINATION({ path, reason: code }, { cause: error })
    );
  }
  throw restoreErrors.RESTORE_DESTINATION({ path, reason: 'ENOTDIR' });
}

/** An entry by the open folder that it lies in. */
export interface EntryPlace {
  readonly directory: number;
  readonly name: RawName;
}

/**
 * Where an entry on the way to a root really is, should an administrator's link stand in its place. The folder that was
 * opened for that is `opened`, for who asked to close.
 */
export function throughLinks(at: EntryPlace, uid: number): EntryPlace & { readonly opened?: number } {
  const status = statusIfThere(at.directory, at.name);
  if (status?.type !== 'symlink') return at;
  const { descriptor, missing } = reachFolder(at.directory, at.name, { uid });
  if (missing.length <= 1) return { directory: descriptor, name: missing[0] ?? DOT, opened: descriptor };
  closeSync(descriptor);
  return at;
}

/** undefined where there is no such entry */
export function statusIfThere(directory: number, name: RawName): Status | undefined {
  try {
    return statusAt(directory, name);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

export interface Reached {
  /** of the deepest folder that is there, for resolving names from */
  readonly descriptor: number;
  /** its path from where the walk began, without links */
  readonly trail: readonly RawName[];
  /** what is not there below it, or is no folder; empty when all was reached */
  readonly missing: readonly RawName[];
}

/**
 * Walks to a folder from the root of the file system or an open folder. Links are followed only if they belong to root
 * or to who runs hikae, each seen by descriptor, so that nobody else decides where a restore goes.
 */
export function reachFolder(
  from: number | undefined,
  path: RawPath,
  options: { uid: number; makeMode?: number },
): Reached {
  const pending = path.split('/') as RawName[];
  const trail: RawName[] = [];
  let descriptor = step(from ?? ROOT, from === undefined ? SLASH : DOT);
  let links = 0;
  const enter = (next: number) => {
    closeSync(descriptor);
    descriptor = next;
  };
  try {
    for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
      if (name === '' || name === '.') continue;
      const next = stepInto(descriptor, name, options.makeMode);
      if (typeof next === 'number') {
        enter(next);
        if (name === '..') trail.pop();
        else trail.push(name);
        continue;
      }
      if (next === 'missing') return { descriptor, trail, missing: [name, ...pending] };
      const status = statusAt(descriptor, name);
      if (status.type !== 'symlink') return { descriptor, trail, missing: [name, ...pending] };
      if ((status.uid !== 0 && status.uid !== options.uid) || ++links > MOST_LINKS) {
        throw restoreErrors.RESTORE_UNTRUSTED_LINK({ path: goQuote(path), uid: status.uid });
      }
      const target = readLinkAt(descriptor, name);
      pending.unshift(...(target.split('/') as RawName[]));
      if (!target.startsWith('/')) continue;
      enter(step(ROOT, SLASH));
      trail.length = 0;
    }
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  return { descriptor, trail, missing: [] };
}

const ROOT = -1;
const SLASH = '/' as RawName;
const DOT = '.' as RawName;

/** Without the right to list a folder one may still pass through it. */
function step(directory: number, name: RawName): number {
  return openAt(directory, name, O_PATH | constants.O_DIRECTORY);
}

function stepInto(
  directory: number,
  name: RawName,
  makeMode: number | undefined,
): number | 'missing' | 'other' {
  try {
    return step(directory, name);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOTDIR' || code === 'ELOOP') return 'other';
    if (code !== 'ENOENT') throw error;
  }
  if (makeMode === undefined) return 'missing';
  makeDirectoryAt(directory, name, makeMode);
  return step(directory, name);
}
