/** Telling how far a writer is, from the counts that it and its threads keep. */
import type { Emit } from '../model/events.ts';

/** What a writer counts while it goes on. */
export interface Progress {
  readonly nodes: number;
  readonly unchanged: number;
  /** of the files that were not read, because they are as they were */
  readonly sharedBytes: number;
  /** that streams have brought so far */
  readonly streamedBytes: number;
}

const EVERY = 200;

/** Emits what was done since the last time, now and then and once more at the end. */
export function reportProgress(
  emit: Emit,
  threads: { bytesRead(): number },
  counts: Progress,
): { stop(): void } {
  const look = () => ({
    bytes: threads.bytesRead() + counts.sharedBytes + counts.streamedBytes,
    nodes: counts.nodes,
    unchanged: counts.unchanged,
  });
  let told = look();
  const tell = () => {
    const now = look();
    const files = now.nodes - told.nodes;
    const unchanged = now.unchanged - told.unchanged;
    const bytes = now.bytes - told.bytes;
    told = now;
    if (files + bytes > 0) emit({ type: 'work.done', files, bytes, unchanged, changed: files - unchanged });
  };
  const timer = setInterval(tell, EVERY);
  return {
    stop() {
      clearInterval(timer);
      tell();
    },
  };
}
