/** What storing one component works with: shared by the writers of its folders, files and streams. */
import { nameOf, type RawPath, textOf } from '../../base/raw-path.ts';
import type { CapturedNode } from '../../model/capture.ts';
import type { Xattr } from '../../model/node.ts';
import { type TroubleSink, trouble } from '../../model/trouble.ts';
import { vaultErrors } from '../errors.ts';
import type { BlobReader } from './blob-reader.ts';
import type { HashList } from './content-hashes.ts';
import type { TimeWriter } from './format/times.ts';
import type { TreeNode } from './format/tree-node.ts';
import type { Repository } from './repository.ts';
import type { StoringCrew } from './storing-crew.ts';

/** The component in an earlier snapshot. */
export interface EarlierComponent {
  /** its folder as a node */
  readonly text: string;
  readonly hashes: HashList;
}

export interface ComponentParts {
  readonly component: string;
  readonly place: string;
  readonly crew: StoringCrew;
  readonly repository: Repository;
  readonly blobs: BlobReader;
  readonly times: TimeWriter;
  /** best first */
  readonly earlier: readonly EarlierComponent[];
  readonly troubles: TroubleSink;
  readonly signal: AbortSignal;
  readonly counts: WriteCounts;
  /** of the files whose hash is not that of one blob; paths with the component's name in front */
  readonly hashes: ContentHash[];
}

export interface ContentHash {
  readonly path: RawPath;
  readonly sha256: string;
}

export interface WriteCounts {
  nodes: number;
  files: number;
  bytes: number;
  newBytes: number;
  unchanged: number;
  /** of the files that were taken over */
  sharedBytes: number;
  /** that streams have brought so far */
  streamedBytes: number;
}

export function newCounts(): WriteCounts {
  return { nodes: 0, files: 0, bytes: 0, newBytes: 0, unchanged: 0, sharedBytes: 0, streamedBytes: 0 };
}

/** Counts a file that is in the snapshot now; `sha256` of one whose hash is not that of one blob. */
export function countFile(
  { counts, hashes }: Pick<ComponentParts, 'counts' | 'hashes'>,
  path: RawPath,
  size: number,
  sha256: string | undefined,
): void {
  counts.nodes += 1;
  counts.files += 1;
  counts.bytes += size;
  if (sha256 !== undefined) hashes.push({ path, sha256 });
}

/** Spelled out, because V8 takes many times as long to copy all but two of an object's properties. */
export function treeNode({ metadata }: CapturedNode, path: RawPath): Omit<TreeNode, 'xattrs' | 'rdev'> {
  const { type, mode, uid, gid, user, group, mtime, ctime, inode, device, links, size } = metadata;
  const name = nameOf(path);
  return { name, type, mode, uid, gid, user, group, mtime, ctime, inode, device, links, size };
}

export function xattrsOf(
  { troubles }: Pick<ComponentParts, 'troubles'>,
  captured: CapturedNode,
  path: RawPath,
): readonly Xattr[] {
  try {
    return captured.xattrs();
  } catch (error) {
    troubles(trouble('attribute', shown(path), error));
    return [];
  }
}

/** Content whose hash was known beforehand must have it: where it has another, what it comes from is damaged. */
export function requireSame(
  { place }: Pick<ComponentParts, 'place'>,
  captured: CapturedNode,
  path: RawPath,
  { content, sha256 = content[0] }: { content: readonly string[]; sha256: string | undefined },
): void {
  if (captured.sha256 === undefined || sha256 === undefined || captured.sha256 === sha256) return;
  throw contentDamaged(place, path);
}

export function contentDamaged(place: string, path: RawPath): Error {
  return vaultErrors.SNAPSHOT_CONTENT_DAMAGED({ path: shown(path), place });
}

export function shown(path: RawPath): string {
  return textOf(path) ?? path;
}
