/** Whether an entry is as an earlier snapshot has it, and what its line there tells. */
import type { RawPath } from '../../base/raw-path.ts';
import type { NodeMetadata, Xattr } from '../../model/node.ts';
import type { EarlierLines } from './earlier-lines.ts';
import { metadataEnd, parseNode } from './node-line.ts';

export interface Unchanged<Earlier extends EarlierLines> {
  readonly predecessor: Earlier;
  /** its line there, which is its line in the new snapshot too */
  readonly line: string;
  /** where what an lstat tells ends in it */
  readonly end: number;
}

export function findUnchanged<Earlier extends EarlierLines>(
  predecessors: readonly Earlier[],
  metadata: NodeMetadata,
  path: RawPath,
): Unchanged<Earlier> | undefined {
  let found: Unchanged<Earlier> | undefined;
  // Every cursor has to move along, also where an earlier one has found it.
  for (const predecessor of predecessors) {
    const line = predecessor.find(path);
    const end = line === undefined ? undefined : metadataEnd(line, metadata, path);
    if (line !== undefined && end !== undefined) found ??= { predecessor, line, end };
  }
  return found;
}

const SHA256 = ',"sha256":"';

/** The hash in a file's line, without parsing it. */
export function sha256In({ line, end }: Pick<Unchanged<EarlierLines>, 'line' | 'end'>): string {
  const at = line.indexOf(SHA256, end);
  if (at < 0) throw new SyntaxError('a file without a hash');
  return line.slice(at + SHA256.length, at + SHA256.length + 64);
}

export function xattrsIn(line: string): readonly Xattr[] {
  return line.includes(',"xattrs":') ? parseNode(line).xattrs : [];
}
