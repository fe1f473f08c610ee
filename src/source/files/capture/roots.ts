/**
 * What a component of files begins with: its roots, opened once. Links on the way to a root and the root itself are
 * followed, because the user named them; below a root nothing is followed.
 */
import { closeSync, constants, realpathSync } from 'node:fs';
import { systemCode } from '../../../base/errors.ts';
import { openAt, statusAt } from '../../../base/libc.ts';
import type { OpenDirectory } from '../../../base/open-directory.ts';
import {
  nameOf,
  parentOf,
  type RawName,
  type RawPath,
  rawFromBytes,
  rawFromText,
} from '../../../base/raw-path.ts';
import { sourceErrors } from '../../errors.ts';
import type { FilesOrigin } from '../selection.ts';
import type { OpenDirectories } from './open-directories.ts';

/** `way`: a folder that only leads to roots. */
export type Start =
  | { readonly kind: 'way'; readonly directory: OpenDirectory; readonly children: Map<RawName, Start> }
  | { readonly kind: 'folder'; readonly directory: OpenDirectory }
  | { readonly kind: 'entry'; readonly directory: OpenDirectory; readonly name: RawName };

type Way = Extract<Start, { kind: 'way' }>;

/** Opens what the component's own root `''` stands for: the one folder, or `/` with the ways to every root. */
export function openRoots(origin: FilesOrigin, component: string, directories: OpenDirectories): Start {
  const roots = mergedRoots(origin.roots, component);
  if (origin.layout === 'folder') {
    const [path] = roots;
    if (path === undefined) throw new TypeError(`component ${component} has no root`);
    const root = openRoot(path, component, directories);
    if (root.kind !== 'folder') throw sourceErrors.SOURCE_ROOT_NOT_FOLDER({ path, component });
    return root;
  }
  if (roots.includes('/')) return openRoot('/', component, directories);
  const top = directories.openWay('/' as RawPath);
  const tree: Way = { kind: 'way', directory: top, children: new Map() };
  for (const path of roots) {
    const names = rawFromText(path).slice(1).split('/') as RawName[];
    const last = names.pop() ?? ('' as RawName);
    let way = tree;
    let above = '' as RawPath;
    // The root first: when it is missing, that is what has to be said, and not that its parent is.
    const root = openRoot(path, component, directories);
    explained(path, component, () => {
      for (const name of names) {
        above = `${above}/${name}` as RawPath;
        way = wayTo(way, name, above, directories);
      }
    });
    way.children.set(last, root);
  }
  return tree;
}

/** Absolute, each once, and none inside another; one that is left out for that reason has to be there all the same. */
function mergedRoots(roots: readonly string[], component: string): string[] {
  const absolute = roots.map((path) => {
    const names = path.split('/').filter((name) => name !== '' && name !== '.');
    if (!path.startsWith('/') || names.includes('..') || path.includes('\0')) {
      throw sourceErrors.SOURCE_ROOT_NOT_ABSOLUTE({ path, component });
    }
    return `/${names.join('/')}`;
  });
  const once = [...new Set(absolute)];
  return once.filter((path) => {
    if (!once.some((other) => isBelow(path, other))) return true;
    explained(path, component, () => resolved(path));
    return false;
  });
}

function isBelow(path: string, folder: string): boolean {
  return path !== folder && path.startsWith(folder === '/' ? folder : `${folder}/`);
}

function wayTo(from: Way, name: RawName, path: RawPath, directories: OpenDirectories): Way {
  const known = from.children.get(name);
  // Roots are merged, so nothing but another way can be on the way.
  if (known?.kind === 'way') return known;
  const way: Way = { kind: 'way', directory: directories.openWay(path), children: new Map() };
  from.children.set(name, way);
  return way;
}

function openRoot(path: string, component: string, directories: OpenDirectories): Start {
  return explained(path, component, () => {
    const real = resolved(path);
    if (real === '/') return { kind: 'folder', directory: directories.openPath(real) };
    const parent = directories.openWay((parentOf(real) || '/') as RawPath);
    const name = nameOf(real);
    const { type } = statusAt(parent.descriptor, name);
    if (type !== 'dir') {
      if (type === 'file') assertReadable(parent, name);
      return { kind: 'entry', directory: parent, name };
    }
    const directory = directories.openAt(parent, name);
    parent.release();
    return { kind: 'folder', directory };
  });
}

function resolved(path: string): RawPath {
  return rawFromBytes(realpathSync.native(path, { encoding: 'buffer' }));
}

function explained<Result>(path: string, component: string, open: () => Result): Result {
  try {
    return open();
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw sourceErrors.SOURCE_ROOT_MISSING({ path, component }, { cause: error });
    }
    const reason = error instanceof Error ? error.message : code;
    throw sourceErrors.SOURCE_ROOT_UNREADABLE({ path, component, reason }, { cause: error });
  }
}

function assertReadable(parent: OpenDirectory, name: RawName): void {
  closeSync(openAt(parent.descriptor, name, constants.O_RDONLY | constants.O_NONBLOCK));
}
