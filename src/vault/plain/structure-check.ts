/** The stored tree of a snapshot against its manifest: nothing missing, nothing added, every attribute as it was. */

import { closeSync, constants } from 'node:fs';
import { join } from 'node:path';
import { goQuote } from '../../base/go-quoting.ts';
import { getXattr, listXattrs, openAt, readLinkAt, type Status } from '../../base/libc.ts';
import { nameOf, parentOf, type RawName, type RawPath } from '../../base/raw-path.ts';
import type { Emit } from '../../model/events.ts';
import type { FindingKind } from '../../model/finding.ts';
import type { Node, Xattr } from '../../model/node.ts';
import type { SnapshotEntry } from '../../model/snapshot.ts';
import { ChecksumsCheck } from './checksums-check.ts';
import type { StoredFile } from './content-check.ts';
import type { Keeps } from './file-jobs.ts';
import type { Flaw } from './flaw.ts';
import { CHECKSUMS, MANIFEST, OWN, POLICY } from './layout.ts';
import { Manifest } from './manifest.ts';
import { hashIfThere } from './manifest-file.ts';
import { statusIfThere } from './sharing.ts';
import { isKept, storedMode } from './stored-attributes.ts';
import { storedAs } from './stored-form.ts';
import { StoredTree } from './stored-tree.ts';

interface StructureOptions {
  readonly report: (flaw: Flaw) => void;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** gets every stored file that is there and has the right size */
  readonly take: (file: StoredFile) => Promise<void>;
}

/** Returns the number of nodes. Throws SNAPSHOT_DAMAGED when the manifest can't be read to its end. */
export async function checkStructure(
  root: string,
  entry: SnapshotEntry,
  keeps: Keeps,
  options: StructureOptions,
): Promise<number> {
  const { report, emit, signal, take } = options;
  const folder = join(root, entry.place);
  const manifest = Manifest.open(join(folder, OWN, MANIFEST), entry.place);
  const tree = StoredTree.open(folder);
  const checksums = new ChecksumsCheck(join(folder, CHECKSUMS), report);
  const names = new NameCheck(tree, report);
  let count = 0;
  try {
    names.enter('' as RawPath, [OWN, CHECKSUMS]);
    for await (const batch of manifest.nodes(signal)) {
      for (const node of batch) {
        const stored = checkNode(node, tree, names, keeps, report);
        if (node.type === 'dir' && stored !== undefined) names.enter(node.path);
        if (node.type !== 'file') continue;
        checksums.expect(storedAs(node));
        if (stored !== undefined && stored.size === storedAs(node).size)
          await take({ node, inode: stored.inode });
      }
      count += batch.length;
      emit({ type: 'work.done', files: batch.length, bytes: 0, unchanged: 0, changed: 0 });
    }
    names.finish();
    checksums.finish(ownHashes(folder));
    return count;
  } finally {
    checksums.close();
    tree.close();
    manifest.close();
  }
}

/** What is stored for a node, if it is what it should be or at least a file that can be read. */
function checkNode(
  node: Node,
  tree: StoredTree,
  names: NameCheck,
  keeps: Keeps,
  report: (flaw: Flaw) => void,
): Status | undefined {
  const { path, type } = node;
  const isStored = type === 'dir' || type === 'file' || type === 'symlink';
  if (!isStored) return undefined;
  const place = storedAs(node);
  const tell = (kind: FindingKind, reason: string) => report({ kind, path, storedAt: place.path, reason });
  names.seen(place.path);
  const folder = tree.folder(parentOf(path));
  const stored = folder === undefined ? undefined : statusIfThere(folder.descriptor, place.path);
  if (folder === undefined || stored === undefined) {
    tell('missing', `no ${type} there`);
    return undefined;
  }
  if (stored.type !== type) {
    tell('content', `a ${stored.type} in place of a ${type}`);
    return undefined;
  }
  if (type === 'file' && stored.size !== place.size) {
    tell('size', `${stored.size} bytes in place of ${place.size}`);
    return stored;
  }
  const flaw = attributeFlaw(node, stored, folder.descriptor, keeps);
  if (flaw !== undefined) tell('attribute', flaw);
  return stored;
}

function attributeFlaw(node: Node, stored: Status, folder: number, keeps: Keeps): string | undefined {
  const { type } = node;
  if (type === 'symlink') {
    const target = readLinkAt(folder, nameOf(node.path));
    if (target !== node.target) return `points to ${goQuote(target)}`;
  } else {
    const mode = storedMode(node.mode, type === 'dir' ? 'dir' : 'file', keeps);
    if (stored.mode !== mode) return `mode ${stored.mode.toString(8)} in place of ${mode.toString(8)}`;
  }
  if (keeps.owners && (stored.uid !== node.uid || stored.gid !== node.gid)) {
    return `owner ${stored.uid}:${stored.gid} in place of ${node.uid}:${node.gid}`;
  }
  if (stored.mtime !== node.mtime) return `time ${stored.mtime} in place of ${node.mtime}`;
  return type === 'symlink' ? undefined : xattrFlaw(node, folder, keeps);
}

function xattrFlaw(node: Node, folder: number, keeps: Keeps): string | undefined {
  const expected = node.xattrs.filter(({ name }) => isKept(name, keeps));
  const file = openAt(folder, storedAs(node).name, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const present = listXattrs(file).filter((name) => isKept(name, keeps));
    if (present.length !== expected.length) return 'extended attributes added or removed';
    const differing = expected.find((xattr) => !hasValue(file, xattr));
    return differing === undefined ? undefined : `the extended attribute ${differing.name}`;
  } finally {
    closeSync(file);
  }
}

function hasValue(file: number, { name, value }: Xattr): boolean {
  return getXattr(file, name)?.equals(value) ?? false;
}

/** Hashes of hikae's own files in the snapshot, by their path. */
function ownHashes(folder: string): Map<string, string> {
  const hashes = new Map<string, string>();
  for (const name of [POLICY, MANIFEST]) {
    const sha256 = hashIfThere(join(folder, OWN, name));
    if (sha256 !== undefined) hashes.set(`${OWN}/${name}`, sha256);
  }
  return hashes;
}

/** Finds names that no node accounts for. Folders are entered and left in the order of the manifest. */
class NameCheck {
  readonly #tree: StoredTree;
  readonly #report: (flaw: Flaw) => void;
  readonly #open: { path: RawPath; names: Set<RawName> }[] = [];

  constructor(tree: StoredTree, report: (flaw: Flaw) => void) {
    this.#tree = tree;
    this.#report = report;
  }

  enter(path: RawPath, known: readonly RawName[] = []): void {
    const names = new Set(this.#tree.folder(path)?.names() ?? []);
    for (const name of known) names.delete(name);
    this.#open.push({ path, names });
  }

  seen(path: RawPath): void {
    const parent = parentOf(path);
    while (this.#open.length > 1 && !isWithin(parent, this.#open.at(-1)?.path)) this.#leave();
    // A folder that is missing was never entered: what should lie in it says nothing of the one around it.
    const folder = this.#open.at(-1);
    if (folder?.path === parent) folder.names.delete(nameOf(path));
  }

  finish(): void {
    while (this.#open.length > 0) this.#leave();
  }

  #leave(): void {
    const folder = this.#open.pop();
    for (const name of folder?.names ?? []) {
      const path = (folder?.path === '' ? name : `${folder?.path}/${name}`) as RawPath;
      this.#report({ kind: 'extra', path, reason: 'no node accounts for it' });
    }
  }
}

function isWithin(path: RawPath, folder: RawPath | undefined): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
