/** Writing a file that the vault doesn't have as plain bytes: what it streams goes to an open file, but for holes. */
import { createHash } from 'node:crypto';
import { ftruncateSync } from 'node:fs';
import { isHikaeError, systemCode } from '../../../base/errors.ts';
import type { Node } from '../../../model/node.ts';
import type { SnapshotReader } from '../../../model/snapshot-reader.ts';
import type { StoredFault } from './progress.ts';
import { type Range, rangesOf, writeFully } from './write.ts';

/** Returns what is wrong with the vault's copy, if anything. Errors of writing are thrown. */
export async function pourContent(
  reader: SnapshotReader,
  node: Node,
  to: number,
  options: { signal: AbortSignal },
): Promise<StoredFault | undefined> {
  const digest = createHash('sha256');
  const sink = new SparseSink(to, node);
  const parts = reader.content(node, options)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const part = await nextPart(parts, options.signal);
      if ('damaged' in part) return part;
      if (part.done === true) break;
      if (sink.position + part.value.length > node.size)
        return { damaged: true, reason: `it has more than ${node.size} bytes` };
      digest.update(part.value);
      sink.write(part.value);
    }
  } finally {
    await parts.return?.();
  }
  if (sink.position < node.size)
    return { damaged: true, reason: `it has ${sink.position} bytes in place of ${node.size}` };
  ftruncateSync(to, node.size);
  if (node.sha256 === undefined && node.inParts) return undefined;
  const found = digest.digest('hex');
  if (found === node.sha256) return undefined;
  return { damaged: true, reason: `its SHA-256 is ${found}, not ${node.sha256}` };
}

/** The next part, or what the vault says why there is none. */
async function nextPart(
  parts: AsyncIterator<Uint8Array>,
  signal: AbortSignal,
): Promise<IteratorResult<Uint8Array> | StoredFault> {
  try {
    return await parts.next();
  } catch (error) {
    if (signal.aborted) throw error;
    return faultOfVault(error);
  }
}

/** What an error of reading from the vault says; one that is no answer of the vault's is thrown on. */
export function faultOfVault(error: unknown): StoredFault {
  if (!(isHikaeError(error) || systemCode(error) !== undefined)) throw error;
  const damaged = isHikaeError(error, 'SNAPSHOT_CONTENT_DAMAGED');
  return { damaged, reason: (error as Error).message };
}

/** Writes a file from its beginning to its end and leaves out what the snapshot calls holes. */
class SparseSink {
  readonly #to: number;
  readonly #data: Range[];
  position = 0;

  constructor(to: number, node: Node) {
    this.#to = to;
    this.#data = [...rangesOf(node.size, node.holes)].filter(({ hole }) => !hole).reverse();
  }

  write(bytes: Uint8Array): void {
    const end = this.position + bytes.length;
    for (let range = this.#data.at(-1); range !== undefined; range = this.#data.at(-1)) {
      const from = Math.max(range.offset, this.position);
      const until = Math.min(range.offset + range.length, end);
      if (from < until) {
        const start = from - this.position;
        writeFully(this.#to, bytes.subarray(start, until - this.position), until - from, from);
      }
      if (range.offset + range.length > end) break;
      this.#data.pop();
    }
    this.position = end;
  }
}
