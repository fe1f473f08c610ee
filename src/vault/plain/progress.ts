/** Telling how far a writer is, from the counts that it and its threads keep. */
import type { Emit } from '../../model/events.ts';
import type { FilePool } from './file-pool.ts';
import type { WriteCounts } from './writer-parts.ts';

const EVERY = 200;

/** Emits what was done since the last time, now and then and once more at the end. */
export function reportProgress(emit: Emit, pool: FilePool, counts: WriteCounts): { stop(): void } {
  const look = () => ({
    bytes: pool.bytesRead() + counts.sharedBytes + counts.streamedBytes,
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
