/** Tells the medium now and then what is stored, so that a run which is cut off has not worked for nothing. */
import { closeSync, openSync, readSync } from 'node:fs';
import type { Clock } from '../../../base/clock.ts';
import type { NodeJournal } from '../node-journal.ts';
import type { DoneList } from './earlier.ts';

/** Seconds, and bytes of content, after which it is worth a request. */
const EVERY = 10;
const BYTES = 64 * 1024 * 1024;
/** Of one piece of the list. */
const LARGEST = 8 * 1024 * 1024;

export interface CheckpointParts {
  readonly journal: NodeJournal;
  /** the file that the journal writes its lines to */
  readonly nodes: string;
  readonly done: DoneList;
  /** the number of the first piece */
  readonly next: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export class Checkpoints {
  readonly #parts: CheckpointParts;
  #next: number;
  /** bytes of the list that the medium has */
  #told = 0;
  #bytes = 0;
  #last: number;
  #telling: Promise<void> | undefined;

  constructor(parts: CheckpointParts) {
    this.#parts = parts;
    this.#next = parts.next;
    this.#last = parts.clock.elapsed();
  }

  /** Something is stored. Resolves at once, unless it is time to tell. */
  async stored(bytes: number): Promise<void> {
    this.#bytes += bytes;
    const isDue = this.#bytes >= BYTES || this.#parts.clock.elapsed() - this.#last >= EVERY;
    if (isDue && this.#telling === undefined) await this.tell();
  }

  /** Tells everything that is in the list; one at a time. */
  async tell(): Promise<void> {
    await this.#telling;
    this.#telling = this.#tell().finally(() => {
      this.#telling = undefined;
    });
    await this.#telling;
  }

  /** Where the list stands, to come back to. */
  async mark(): Promise<{ readonly next: number; readonly told: number }> {
    await this.#telling;
    return { next: this.#next, told: this.#told };
  }

  async backTo({ next, told }: { readonly next: number; readonly told: number }): Promise<void> {
    await this.#telling?.catch(() => undefined);
    const { done, signal } = this.#parts;
    await done.removeFrom(next, this.#next, { signal });
    this.#told = told;
  }

  async #tell(): Promise<void> {
    const { journal, nodes, done, clock, signal } = this.#parts;
    this.#bytes = 0;
    this.#last = clock.elapsed();
    const { nodes: end } = journal.mark();
    const file = openSync(nodes, 'r');
    try {
      while (this.#told < end) {
        const lines = Buffer.allocUnsafe(Math.min(LARGEST, end - this.#told));
        readSync(file, lines, 0, lines.length, this.#told);
        const number = this.#next;
        this.#next += 1;
        await done.put(number, lines, { signal });
        this.#told += lines.length;
      }
    } finally {
      closeSync(file);
    }
  }
}
