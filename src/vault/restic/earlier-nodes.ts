/** What earlier snapshots say of an entry: whether it is as it was, and what then need not be read again. */
import type { RawName, RawPath } from '../../base/raw-path.ts';
import type { BlobIndex } from './blob-index.ts';
import type { HashList } from './content-hashes.ts';
import type { EarlierTree } from './earlier-tree.ts';
import { parseTreeNode, type TreeNode } from './format/tree-node.ts';

/** The content of a file that was stored before. */
export interface KnownContent {
  readonly content: readonly string[];
  /** of the whole, where that is more than one blob */
  readonly sha256: string | undefined;
}

/** An entry that is just as it was. */
export interface UnchangedEntry {
  /** its node, as it stands in the earlier tree */
  readonly text: string;
  /** that is the tree of the first of the earlier snapshots */
  readonly first: boolean;
}

/** The texts of a name in the same folder of each earlier snapshot. Every one has to move along. */
export function earlierTexts(
  trees: readonly (EarlierTree | undefined)[],
  name: RawName,
): (string | undefined)[] {
  return trees.map((tree) => tree?.find(name));
}

/** The entry whose text begins with what the present lstat gives. */
export function findUnchanged(
  texts: readonly (string | undefined)[],
  start: string,
): UnchangedEntry | undefined {
  const at = texts.findIndex((text) => text !== undefined && beginsWith(text, start));
  const text = texts[at];
  return text === undefined ? undefined : { text, first: at === 0 };
}

/** Of a string that was made of many parts V8 takes three times as long to find out with `startsWith`. */
function beginsWith(text: string, start: string): boolean {
  return text[start.length] === ',' && text.slice(0, start.length) === start;
}

/**
 * The content of a file that has not changed since it was stored, by its size, its times and its inode; undefined also where
 * the repository has lost a part of it, so that it is read again. `start` is what encodeMetadata makes of the node.
 */
export async function knownContent(
  texts: readonly (string | undefined)[],
  { node, start }: { node: Pick<TreeNode, 'size' | 'mtime' | 'ctime' | 'inode'>; start: string },
  path: RawPath,
  { hashes, index }: { hashes: readonly HashList[]; index: BlobIndex },
): Promise<KnownContent | undefined> {
  let found: KnownContent | undefined;
  for (const [at, text] of texts.entries()) {
    if (found !== undefined || text === undefined) continue;
    const content = beginsWith(text, start) ? contentIn(text) : contentOfSame(text, node);
    if (content === undefined) continue;
    if (!content.every((id) => index.has('data', id))) continue;
    const sha256 = content.length > 1 ? await hashes[at]?.find(path) : undefined;
    if (content.length > 1 && sha256 === undefined) continue;
    found = { content, sha256 };
  }
  return found;
}

function contentIn(text: string): readonly string[] | undefined {
  const id = onlyBlobIn(text);
  return id === undefined ? parsed(text)?.content : [id];
}

/**
 * Most files are as they were, and one blob: of these nothing is parsed but its id at the end of their text. Where that is no
 * id, no index has it.
 */
export function onlyBlobIn(text: string): string | undefined {
  const start = text.length - START.length - ID - END.length;
  if (!text.startsWith(START, start) || !text.endsWith(END)) return undefined;
  return text.slice(start + START.length, -END.length);
}

const START = ',"content":["';
const ID = 64;
const END = '"]}';

function contentOfSame(
  text: string,
  node: Pick<TreeNode, 'size' | 'mtime' | 'ctime' | 'inode'>,
): readonly string[] | undefined {
  const earlier = parsed(text);
  if (earlier === undefined) return undefined;
  const { size, mtime, ctime, inode, content } = earlier;
  const isSame = size === node.size && mtime === node.mtime && ctime === node.ctime && inode === node.inode;
  return isSame ? content : undefined;
}

function parsed(text: string): TreeNode | undefined {
  try {
    return parseTreeNode(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
