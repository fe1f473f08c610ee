/** A file of another snapshot whose content comes as a stream: a small one for a thread to write, a large one written as it comes. */
import type { CapturedNode } from '../../model/capture.ts';
import type { EntryPlace, KeptAttributes, KeptItem, Written } from './file-jobs.ts';
import { KeptFileWriter } from './kept-file.ts';
import type { ComponentParts } from './writer-parts.ts';

/** Up to this size, in bytes, a file is handed over to a thread. */
const MOST_HANDED_OVER = 1024 * 1024;

export async function readKept(
  captured: CapturedNode,
  to: EntryPlace,
  { counts, keeps, signal }: Pick<ComponentParts, 'counts' | 'keeps' | 'signal'>,
): Promise<KeptItem | Written> {
  if (captured.content?.kind !== 'stream') throw new TypeError('not a stream');
  const attributes = keptAttributes(captured);
  const parts = captured.content.open(signal);
  if (captured.metadata.size <= MOST_HANDED_OVER) {
    const bytes = await gather(parts);
    counts.streamedBytes += bytes.length;
    return { kind: 'kept', from: undefined, bytes, to, attributes };
  }
  const file = new KeptFileWriter(to, attributes.holes);
  try {
    for await (const part of parts) {
      counts.streamedBytes += part.length;
      file.add(part);
    }
    return file.finish(attributes, keeps);
  } finally {
    file.close();
  }
}

export function keptAttributes({ metadata, kept, xattrs }: CapturedNode): KeptAttributes {
  const { uid, gid, mode, mtime } = metadata;
  return { uid, gid, mode, mtime, xattrs: xattrs(), holes: kept?.holes ?? [] };
}

async function gather(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  // What crosses to another thread is copied whole, with all that lies around it in memory.
  return Uint8Array.from(all.length === 1 ? (all[0] as Uint8Array) : Buffer.concat(all));
}
