/** Telling how far a writer is, from the counts that it and its threads keep. */
import type { Emit } from '../../model/events.ts';
import type { WriteCounts } from './component-writer.ts';

const EVERY = 200;

/** Emits what was done since the last time, now and then and once more at the end. */
export function reportProgress(emit: Emit, counters: Int32Array, counts: WriteCounts): { stop(): void } {
  let told = { kibibytes: Atomics.load(counters, 1), nodes: counts.nodes, unchanged: counts.unchanged };
  const tell = () => {
    const now = { kibibytes: Atomics.load(counters, 1), nodes: counts.nodes, unchanged: counts.unchanged };
    const files = now.nodes - told.nodes;
    const unchanged = now.unchanged - told.unchanged;
    // The counter is one of 32 bits and runs over.
    const bytes = ((now.kibibytes - told.kibibytes) >>> 0) * 1024;
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
