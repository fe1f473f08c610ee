/** Whether an entry is as an earlier snapshot has it, and what its line there tells. */
import type { RawPath } from '../../base/raw-path.ts';
import type { Xattr } from '../../model/node.ts';
import { parseNode, restAfter } from './node-line.ts';
import type { Predecessor } from './predecessor.ts';

export interface Unchanged {
  readonly predecessor: Predecessor;
  /** its line there, which is its line in the new snapshot too */
  readonly line: string;
}

/** `metadata`: the text that the entry's line begins with now (see encodeMetadata) */
export function findUnchanged(
  predecessors: readonly Predecessor[],
  path: RawPath,
  metadata: string,
): Unchanged | undefined {
  let found: Unchanged | undefined;
  // Every cursor has to move along, also where an earlier one has found it.
  for (const predecessor of predecessors) {
    const line = predecessor.find(path);
    if (line !== undefined && restAfter(line, metadata) !== undefined) found ??= { predecessor, line };
  }
  return found;
}

const SHA256 = ',"sha256":"';

/** The hash in a file's line, without parsing it; `from`: where the line's metadata ends. */
export function sha256In(line: string, from: number): string {
  const at = line.indexOf(SHA256, from);
  if (at < 0) throw new SyntaxError('a file without a hash');
  return line.slice(at + SHA256.length, at + SHA256.length + 64);
}

export function xattrsIn(line: string): readonly Xattr[] {
  return line.includes(',"xattrs":') ? parseNode(line).xattrs : [];
}
