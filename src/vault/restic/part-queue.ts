/**
 * Storing content that another repository has cut already: what is here is not asked for, and the rest keeps its cuts,
 * wherever this repository would have cut. Every part is known by its hash, which whoever reads it has checked.
 */
import type { ContentParts } from '../../model/capture.ts';
import type { BlobIndex } from './blob-index.ts';
import type { StoringCrew } from './storing-crew.ts';

/** Most parts are small files whole: so many are given out per thread that none waits for the next. */
const PARTS_AHEAD = 64;
const BYTES_AHEAD = 32 * 1024 * 1024;

export interface PartQueueOptions {
  readonly crew: StoringCrew;
  readonly index: BlobIndex;
  readonly signal: AbortSignal;
  readonly counts: { streamedBytes: number; newBytes: number };
}

export class PartQueue {
  readonly #options: PartQueueOptions;
  readonly #running = new Set<Promise<void>>();
  #bytes = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: PartQueueOptions) {
    this.#options = options;
  }

  /** Reads the parts that nobody has here, and gives them to the threads. */
  async add({ ids, read }: ContentParts): Promise<void> {
    const { crew, index, signal, counts } = this.#options;
    for (const id of ids) {
      if (index.has('data', id)) continue;
      const part = await read(id, signal);
      counts.streamedBytes += part.length;
      this.#give(id, Uint8Array.from(part));
      await this.#below(crew.size * PARTS_AHEAD, BYTES_AHEAD);
    }
  }

  /** Waits until everything was taken. Throws what went wrong in the threads. */
  async drain(): Promise<void> {
    await this.#below(1, Number.POSITIVE_INFINITY);
  }

  /** Waits until nobody works on anything any more, whatever becomes of it. */
  async end(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  #give(id: string, bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    const job = this.#store(id, bytes)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#bytes -= bytes.length;
        this.#running.delete(job);
      });
    this.#running.add(job);
  }

  async #store(id: string, bytes: Uint8Array): Promise<void> {
    const stored = await this.#options.crew.storeChunk(bytes);
    if (stored.id !== id) throw new TypeError(`a thread answered ${stored.id} for the part ${id}`);
    this.#options.counts.newBytes += stored.newBytes;
  }

  async #below(parts: number, bytes: number): Promise<void> {
    while (this.#failure === undefined && (this.#running.size >= parts || this.#bytes > bytes))
      await Promise.race(this.#running);
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
