/** What storing one component works with: shared by the writers of its folders, files and streams. */

import { goQuote } from '../../base/go-quoting.ts';
import type { RawPath } from '../../base/raw-path.ts';
import type { CapturedNode } from '../../model/capture.ts';
import type { NodeMetadata, Xattr } from '../../model/node.ts';
import { type TroubleSink, trouble } from '../../model/trouble.ts';
import type { Keeps } from './file-jobs.ts';
import type { FilePool } from './file-pool.ts';
import type { Checksum, NodeJournal, Slot } from './node-journal.ts';
import type { OutputTree } from './output-tree.ts';
import type { Predecessor } from './predecessor.ts';
import type { StoredTree } from './stored-tree.ts';

export interface ComponentParts {
  readonly component: string;
  readonly place: string;
  readonly keeps: Keeps;
  readonly pool: FilePool;
  readonly journal: NodeJournal;
  readonly tree: OutputTree;
  /** the same tree by path, for links between entries of it */
  readonly stored: StoredTree;
  /** best first */
  readonly predecessors: readonly Predecessor[];
  /** the attributes of a file are not believed: its content is compared before it is linked */
  readonly force: boolean;
  readonly troubles: TroubleSink;
  readonly signal: AbortSignal;
  readonly counts: WriteCounts;
}

export interface WriteCounts {
  nodes: number;
  files: number;
  bytes: number;
  newBytes: number;
  unchanged: number;
  /** of the files that were linked */
  sharedBytes: number;
  /** that streams have brought so far */
  streamedBytes: number;
}

/** Adds an announced entry to the list of nodes, and the file that it is stored as to the checksums. */
export function listNode(
  { counts, journal }: Pick<ComponentParts, 'counts' | 'journal'>,
  slot: Slot,
  line: string,
  { size }: Pick<NodeMetadata, 'size'>,
  checksum?: Checksum,
): void {
  counts.nodes += 1;
  if (checksum !== undefined) {
    counts.files += 1;
    counts.bytes += size;
  }
  journal.complete(slot, line, checksum);
}

/** Those that can't be read are told of, and missing. */
export function xattrsOf(
  { troubles }: Pick<ComponentParts, 'troubles'>,
  captured: CapturedNode,
  path: RawPath,
): readonly Xattr[] {
  try {
    return captured.xattrs();
  } catch (error) {
    troubles(trouble('attribute', goQuote(path), error));
    return [];
  }
}
