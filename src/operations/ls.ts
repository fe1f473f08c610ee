/** ls: what is in a snapshot. */
import { compareRawPaths, parentOf, type RawPath } from '../base/raw-path.ts';
import type { Node } from '../model/node.ts';
import type { SnapshotReader } from '../model/snapshot-reader.ts';
import { operationErrors } from './errors.ts';
import { findNamedNode } from './named-path.ts';
import type { Parts } from './parts.ts';
import { type ChosenSnapshot, type LookOptions, readSnapshot, type SnapshotSpec } from './select.ts';

export interface LsRequest extends LookOptions {
  readonly spec: SnapshotSpec;
  /** everything when it is absent or empty */
  readonly path?: string | undefined;
  /** with what lies in the folders of the folder */
  readonly recursive: boolean;
}

/** Hands the nodes to `show`, in order and as they are read. Of a folder what lies in it, of anything else itself. */
export async function listNodes<Result>(
  { spec, path = '', recursive, ...look }: LsRequest,
  parts: Parts,
  show: (chosen: ChosenSnapshot, nodes: AsyncIterable<readonly Node[]>) => Promise<Result>,
): Promise<Result> {
  return readSnapshot(spec, look, parts, async (reader, chosen) => {
    if (/^\/*$/.test(path)) return show(chosen, nodesBelow(reader, '' as RawPath, recursive, parts));
    const node = await findNamedNode(reader, path, parts);
    if (node === undefined) throw operationErrors.PATH_NOT_FOUND({ path, place: chosen.entry.place });
    const nodes = node.type === 'dir' ? nodesBelow(reader, node.path, recursive, parts) : [[node]];
    return show(chosen, asAsync(nodes));
  });
}

async function* nodesBelow(
  reader: SnapshotReader,
  folder: RawPath,
  recursive: boolean,
  { signal }: Pick<Parts, 'signal'>,
): AsyncGenerator<readonly Node[]> {
  const start = folder === '' ? '' : `${folder}/`;
  for await (const batch of reader.nodes({ signal })) {
    yield batch.filter(({ path }) => path.startsWith(start) && (recursive || parentOf(path) === folder));
    const last = batch.at(-1)?.path;
    // What lies in a folder lies together.
    const passed = last !== undefined && !last.startsWith(start) && compareRawPaths(last, folder) > 0;
    if (passed) return;
  }
}

async function* asAsync<Value>(values: Iterable<Value> | AsyncIterable<Value>): AsyncGenerator<Value> {
  yield* values;
}
