/** Storing content that comes as a stream, once, such as what a command prints: cut here, stored by the crew. */
import { createHash } from 'node:crypto';
import type { CapturedNode } from '../../model/capture.ts';
import type { StoringCrew } from './storing-crew.ts';
import type { StoredChunk } from './storing-jobs.ts';

export interface StoredStream {
  readonly size: number;
  readonly content: readonly string[];
  /** of the whole, where that is more than one blob */
  readonly sha256: string | undefined;
  readonly newBytes: number;
}

export interface StreamOptions {
  readonly crew: StoringCrew;
  readonly signal: AbortSignal;
  /** gets the bytes as they come */
  readonly counts: { streamedBytes: number };
}

/** Chunks given out per thread. */
const CHUNKS_AHEAD = 2;

export async function storeStream(
  captured: Pick<CapturedNode, 'content'>,
  { crew, signal, counts }: StreamOptions,
): Promise<StoredStream> {
  if (captured.content?.kind !== 'stream') throw new TypeError('not a stream');
  const { cutter: kernels } = crew;
  const { buffer } = kernels;
  const hash = createHash('sha256');
  const chunks: Promise<StoredChunk>[] = [];
  let [start, end, size] = [0, 0, 0];

  async function give(to: number): Promise<void> {
    const chunk = crew.storeChunk(Uint8Array.from(buffer.subarray(start, to)));
    // Whoever hears of a failure first is who waits below; the others must not end the process.
    chunk.catch(() => undefined);
    chunks.push(chunk);
    start = to;
    await chunks.at(-1 - crew.size * CHUNKS_AHEAD);
  }

  async function add(part: Uint8Array): Promise<void> {
    if (buffer.length - end < part.length) {
      buffer.copyWithin(0, start, end);
      end -= start;
      start = 0;
    }
    buffer.set(part, end);
    const looked = end;
    end += part.length;
    for (
      let length = kernels.cut(start, end, looked);
      length !== undefined;
      length = kernels.cut(start, end)
    ) {
      await give(start + length);
    }
  }

  for await (const part of captured.content.open(signal)) {
    hash.update(part);
    size += part.length;
    counts.streamedBytes += part.length;
    for (let at = 0; at < part.length; at += PIECE) await add(part.subarray(at, at + PIECE));
  }
  if (end > start) await give(end);
  const content = await Promise.all(chunks);
  return {
    size,
    content: content.map(({ id }) => id),
    sha256: content.length > 1 ? hash.digest('hex') : undefined,
    newBytes: content.reduce((sum, { newBytes }) => sum + newBytes, 0),
  };
}

/** The buffer always has room for so much behind a chunk that is not yet cut. */
const PIECE = 1024 * 1024;
