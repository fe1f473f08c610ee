/** dump: the content of one file of a snapshot. */
import { operationErrors } from './errors.ts';
import { findNamedNode } from './named-path.ts';
import type { Parts } from './parts.ts';
import { type LookOptions, readSnapshot, type SnapshotSpec } from './select.ts';

export interface DumpRequest extends LookOptions {
  readonly spec: SnapshotSpec;
  readonly path: string;
}

/** Fails at the end when what was written is not what was stored: its hash is checked on the way. */
export async function dumpFile(
  { spec, path, ...look }: DumpRequest,
  parts: Parts,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  await readSnapshot(spec, look, parts, async (reader, { entry: { place } }) => {
    const node = await findNamedNode(reader, path, parts);
    if (node === undefined) throw operationErrors.PATH_NOT_FOUND({ path, place });
    const { type } = node;
    if (type !== 'file') throw operationErrors.PATH_NOT_A_FILE({ path, place, type });
    for await (const bytes of reader.content(node, { signal: parts.signal })) await write(bytes);
  });
}
