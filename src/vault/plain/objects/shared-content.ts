/** What of an earlier snapshot serves a new one: a whole node that is as it was, or at least its content. */
import type { RawPath } from '../../../base/raw-path.ts';
import type { CapturedNode } from '../../../model/capture.ts';
import type { Node } from '../../../model/node.ts';
import type { Key } from '../../../storage/storage.ts';
import { parseNode } from '../node-line.ts';
import { storedAs } from '../stored-form.ts';
import { isPacked as packs } from '../stream-file.ts';
import { findUnchanged } from '../unchanged.ts';
import type { Earlier } from './earlier.ts';
import { objectKeyOf } from './object-names.ts';

export interface Shared {
  readonly from: Key;
  readonly node: Node;
  readonly line: string;
  /** everything about it is what it was, and not its content alone */
  readonly unchanged: boolean;
}

/** An earlier node whose object will do for a file. */
export function findShared(
  earlier: readonly Earlier[],
  path: RawPath,
  captured: CapturedNode,
): Shared | undefined {
  const { metadata, sha256, content } = captured;
  const known = findUnchanged(earlier, metadata, path);
  const found = known ?? sameContent(earlier, path, sha256);
  if (found === undefined) return undefined;
  const node = parseNode(found.line);
  const isPacked = content?.kind === 'stream' && packs(content, metadata, path);
  if (isPacked !== (node.stored !== undefined)) return undefined;
  if (sha256 !== undefined && node.sha256 !== sha256) return undefined;
  const from = objectKeyOf(found.predecessor.folder, storedAs(node).path);
  return { from, node, line: found.line, unchanged: known !== undefined };
}

/** The same content under other attributes, which objects don't have: of a snapshot its hash is known beforehand. */
function sameContent(earlier: readonly Earlier[], path: RawPath, sha256: string | undefined) {
  if (sha256 === undefined) return undefined;
  for (const predecessor of earlier) {
    const line = predecessor.find(path);
    if (line?.includes(`"sha256":"${sha256}"`)) return { predecessor, line };
  }
  return undefined;
}

/** What an earlier snapshot has at the path of a dump, whose content is not known yet. */
export interface Before {
  readonly folder: Key;
  readonly line: string;
}

export function beforeAt(earlier: readonly Earlier[], path: RawPath): readonly Before[] {
  return earlier.flatMap((one) => {
    const line = one.find(path);
    // Nobody has looked at what an unpublished one has.
    return line === undefined || !one.published ? [] : [{ folder: one.folder, line }];
  });
}

/** The same content with the same attributes, stored in the same form. */
export function isSame(earlier: Node, node: Node): boolean {
  return (
    earlier.type === 'file' &&
    earlier.sha256 === node.sha256 &&
    earlier.stored?.encoding === node.stored?.encoding &&
    earlier.mode === node.mode &&
    earlier.uid === node.uid &&
    earlier.gid === node.gid
  );
}
