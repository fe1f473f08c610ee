/** Making a lost file anew, from a snapshot that has its content: of this vault or of another one, whatever its kind. */
import { closeSync, constants } from 'node:fs';
import { isHikaeError, systemCode } from '../../../base/errors.ts';
import { linkAt, openAt, unlinkAt } from '../../../base/libc.ts';
import { parentOf, type RawName } from '../../../base/raw-path.ts';
import type { Node } from '../../../model/node.ts';
import type { SnapshotReader } from '../../../model/snapshot-reader.ts';
import { dress } from '../file-copy.ts';
import type { Keeps } from '../file-jobs.ts';
import { KeptFileWriter } from '../kept-file.ts';
import { pack, partsOf, Tally, writeFully } from '../packing.ts';
import { storedAs } from '../stored-form.ts';
import { StoredTree } from '../stored-tree.ts';
import type { Beside } from './beside.ts';

export interface Supply {
  readonly reader: SnapshotReader;
  /** the node there */
  readonly node: Node;
  /** where the snapshot lies in this vault, if it does */
  readonly folder: string | undefined;
}

export interface MakingParts {
  /** undefined where it is only found out what could be made */
  readonly beside: Beside | undefined;
  readonly keeps: Keeps;
  readonly signal: AbortSignal;
}

/** The name of a whole file beside, with all its attributes; undefined when this is not where it can be had from. */
export async function makeFrom(
  supply: Supply,
  wanted: Node,
  { beside, keeps, signal }: MakingParts,
): Promise<RawName | 'possible' | undefined> {
  try {
    const content = supply.reader.content(supply.node, { signal });
    if (beside === undefined) return (await isWhole(content, wanted)) ? 'possible' : undefined;
    if (wanted.stored === undefined) return await makePlain(content, wanted, beside, keeps);
    return (
      (await copyPacked(supply, wanted, beside, keeps)) ?? (await packAgain(content, wanted, beside, keeps))
    );
  } catch (error) {
    signal.throwIfAborted();
    if (!isHikaeError(error, 'SNAPSHOT_CONTENT_DAMAGED', 'SNAPSHOT_DAMAGED')) throw error;
    return undefined;
  }
}

/** Another name of a file of this vault that is the very one that is wanted. */
export function linkFrom(folder: string, node: Node, beside: Beside): RawName | undefined {
  const name = beside.newName();
  const tree = StoredTree.open(folder);
  try {
    const from = tree.folder(parentOf(node.path));
    if (from === undefined) return undefined;
    linkAt(from.descriptor, storedAs(node).name, beside.descriptor, name);
    return name;
  } catch (error) {
    // It has as many names as the file system allows.
    if (systemCode(error) !== 'EMLINK') throw error;
    return undefined;
  } finally {
    tree.close();
  }
}

async function isWhole(content: AsyncIterable<Uint8Array>, wanted: Node): Promise<boolean> {
  const tally = new Tally();
  for await (const part of content) tally.add(part);
  return tally.digest() === wanted.sha256;
}

async function makePlain(
  content: AsyncIterable<Uint8Array>,
  wanted: Node,
  beside: Beside,
  keeps: Keeps,
): Promise<RawName | undefined> {
  const name = beside.newName();
  const file = new KeptFileWriter({ directory: beside.descriptor, name }, wanted.holes);
  try {
    for await (const part of content) file.add(part);
    const { sha256, size } = file.finish(wanted, keeps);
    if (sha256 === wanted.sha256 && size === wanted.size) return name;
  } finally {
    file.close();
  }
  unlinkAt(beside.descriptor, name);
  return undefined;
}

/** As it is packed there: another zlib may pack the same otherwise. */
async function copyPacked(
  { node, folder }: Supply,
  wanted: Node,
  beside: Beside,
  keeps: Keeps,
): Promise<RawName | undefined> {
  if (folder === undefined || node.stored?.sha256 !== wanted.stored?.sha256) return undefined;
  const tree = StoredTree.open(folder);
  try {
    const from = tree.folder(parentOf(node.path));
    if (from === undefined) return undefined;
    const source = openAt(from.descriptor, storedAs(node).name, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return await beside.make(async (file) => {
        const tally = new Tally();
        for (const part of partsOf(source)) {
          tally.add(part);
          writeFully(file, part);
        }
        return finish(file, tally, wanted, keeps);
      });
    } finally {
      closeSync(source);
    }
  } finally {
    tree.close();
  }
}

async function packAgain(
  content: AsyncIterable<Uint8Array>,
  wanted: Node,
  beside: Beside,
  keeps: Keeps,
): Promise<RawName | undefined> {
  return beside.make(async (file) => finish(file, (await pack(content, file)).stored, wanted, keeps));
}

function finish(file: number, tally: Tally, wanted: Node, keeps: Keeps): boolean {
  if (tally.size !== wanted.stored?.size || tally.digest() !== wanted.stored.sha256) return false;
  dress(file, wanted, wanted.xattrs, keeps);
  return true;
}
