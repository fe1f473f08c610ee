/** What a verification has found wrong with the entries of snapshots, as what has to be put right. */
import { join } from 'node:path';
import { goUnquote } from '../../../base/go-quoting.ts';
import { parentOf, type RawPath } from '../../../base/raw-path.ts';
import type { Finding, FindingKind } from '../../../model/finding.ts';
import type { Node } from '../../../model/node.ts';
import { MANIFEST, OWN } from '../layout.ts';
import { Manifest } from '../manifest.ts';
import { statusIfThere } from '../sharing.ts';
import { storedAs } from '../stored-form.ts';
import { StoredTree } from '../stored-tree.ts';

/** Of an entry that the manifest names; everything else is of the snapshot as a whole, or nothing that was stored. */
const ofEntries: ReadonlySet<FindingKind> = new Set([
  'content',
  'missing',
  'size',
  'attribute',
  'unreadable',
]);

export interface Member {
  readonly place: string;
  readonly path: RawPath;
}

/** A stored file that is to be made anew, once for all names that it has. */
export interface LostFile {
  /** as one of its members has it */
  readonly node: Node;
  readonly members: readonly Member[];
}

/** A folder or a symlink. */
export interface LostEntry extends Member {
  readonly node: Node;
}

export interface Losses {
  /** by `sharingKey` */
  readonly files: ReadonlyMap<string, LostFile>;
  /** each behind the folder that it lies in */
  readonly folders: readonly LostEntry[];
  readonly symlinks: readonly LostEntry[];
  /** True of an entry whose stored content is good, whatever else may be wrong with it. */
  hasContent(place: string, path: RawPath): boolean;
  /** True when nothing at all is wrong with it. */
  isSound(place: string, path: RawPath): boolean;
}

export async function findLosses(
  root: string,
  findings: readonly Finding[],
  signal: AbortSignal,
): Promise<Losses> {
  const flaws = flawsOf(findings);
  const files = new Map<string, { node: Node; members: Member[] }>();
  const folders: LostEntry[] = [];
  const symlinks: LostEntry[] = [];
  // What a manifest that is damaged itself says of an entry may be the damage.
  const doubtful = new Set(findings.flatMap(({ kind, places }) => (kind === 'manifest' ? places : [])));
  for (const [place, paths] of flaws) {
    if (doubtful.has(place)) continue;
    for await (const node of nodesAt(root, place, signal)) {
      const { path, type } = node;
      if (!paths.has(path)) continue;
      if (type === 'dir') folders.push({ place, path, node });
      if (type === 'dir' || isBlocked(root, place, node)) continue;
      if (type === 'symlink') symlinks.push({ place, path, node });
      if (type !== 'file') continue;
      const key = sharingKey(place, node);
      const known = files.get(key) ?? { node, members: [] };
      known.members.push({ place, path });
      files.set(key, known);
    }
  }
  return {
    files,
    folders,
    symlinks,
    hasContent: (place, path) => flaws.get(place)?.get(path) !== 'content',
    isSound: (place, path) => !doubtful.has(place) && flaws.get(place)?.has(path) !== true,
  };
}

/** A folder lies where it should be: whose that is, and what is in it, nobody knows. */
function isBlocked(root: string, place: string, node: Node): boolean {
  const tree = StoredTree.open(join(root, place));
  try {
    const stored = storedAs(node).path;
    const folder = tree.folder(parentOf(stored));
    return folder !== undefined && statusIfThere(folder.descriptor, stored)?.type === 'dir';
  } finally {
    tree.close();
  }
}

async function* nodesAt(root: string, place: string, signal: AbortSignal): AsyncGenerator<Node> {
  const manifest = Manifest.open(join(root, place, OWN, MANIFEST), place);
  try {
    for await (const batch of manifest.nodes(signal)) yield* batch;
  } finally {
    manifest.close();
  }
}

/**
 * The same of files that are one and the same stored file, or may be: what a snapshot would share with the one before it.
 * Names of one hard-link group have it from the first of them.
 */
export function sharingKey(place: string, { path, hardlink = path, ...node }: Node): string {
  const { sha256, mode, uid, gid, mtime, xattrs, stored } = node;
  const attributes = xattrs.map(({ name, value }) => [name, value.toString('base64')]);
  const target = place.split('/')[1];
  return JSON.stringify([
    target,
    hardlink,
    sha256,
    mode,
    uid,
    gid,
    String(mtime),
    attributes,
    stored?.sha256,
    stored?.name,
  ]);
}

/** By place and path: whether the content is lost, or attributes alone. */
function flawsOf(findings: readonly Finding[]): ReadonlyMap<string, Map<RawPath, 'content' | 'attribute'>> {
  const flaws = new Map<string, Map<RawPath, 'content' | 'attribute'>>();
  for (const { kind, places, path: shown } of findings) {
    if (shown === '' || !ofEntries.has(kind)) continue;
    const path = goUnquote(shown);
    for (const place of places) {
      const ofPlace = flaws.get(place) ?? new Map<RawPath, 'content' | 'attribute'>();
      flaws.set(place, ofPlace);
      if (kind !== 'attribute') ofPlace.set(path, 'content');
      else if (!ofPlace.has(path)) ofPlace.set(path, 'attribute');
    }
  }
  return flaws;
}

export function isOfEntry({ kind, path }: Finding): boolean {
  return path !== '' && ofEntries.has(kind);
}
