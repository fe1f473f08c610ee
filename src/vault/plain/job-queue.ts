/**
 * What a writer's threads have still to do: entries gather until they make a job, and so many jobs are given out that
 * no thread waits for the next. After the first failure nothing more is received.
 */

import type { Item, ItemResult } from './file-jobs.ts';
import type { FilePool } from './file-pool.ts';

const ITEMS_PER_JOB = 128;
const BYTES_PER_JOB = 8 * 1024 * 1024;
/** Jobs given out per thread: one to work on and one to go on with. */
const JOBS_AHEAD = 2;

export class JobQueue<Entry> {
  readonly #pool: FilePool;
  readonly #receive: (entry: Entry, result: ItemResult) => void;
  #items: Item[] = [];
  #entries: Entry[] = [];
  #bytes = 0;
  #running = 0;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => {};

  constructor(pool: FilePool, receive: (entry: Entry, result: ItemResult) => void) {
    this.#pool = pool;
    this.#receive = receive;
  }

  /** `bytes`: how much has to be read for it, as far as that is known */
  submit(entry: Entry, item: Item, bytes: number): void {
    this.#items.push(item);
    this.#entries.push(entry);
    this.#bytes += bytes;
    if (this.#items.length >= ITEMS_PER_JOB || this.#bytes >= BYTES_PER_JOB) this.#dispatch();
  }

  /** Waits while the threads have enough to do or `isCrowded`. Throws what went wrong in them. */
  async room(isCrowded: () => boolean): Promise<void> {
    while (this.#failure === undefined && (this.#running >= this.#pool.size * JOBS_AHEAD || isCrowded())) {
      // Those that everybody waits for may still be gathering.
      if (isCrowded()) this.#dispatch();
      if (this.#running === 0) break;
      await this.#answer();
    }
    this.#throwFailure();
  }

  /** Waits until everything is done. */
  async finish(): Promise<void> {
    while (this.#failure === undefined && (this.#items.length > 0 || this.#running > 0)) {
      this.#dispatch();
      await this.#answer();
    }
    this.#throwFailure();
  }

  /** Receives nothing more, and waits until no thread works on anything. */
  async stop(): Promise<void> {
    this.#failure ??= { error: new Error('the writer has stopped') };
    while (this.#running > 0) await this.#answer();
  }

  #dispatch(): void {
    if (this.#items.length === 0) return;
    const entries = this.#entries;
    const results = this.#pool.run(this.#items);
    this.#items = [];
    this.#entries = [];
    this.#bytes = 0;
    this.#running += 1;
    results
      .then((answers) => this.#receiveAll(entries, answers))
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#running -= 1;
        this.#wake();
      });
  }

  #receiveAll(entries: readonly Entry[], answers: readonly ItemResult[]): void {
    for (const [at, answer] of answers.entries()) {
      if (this.#failure !== undefined) return;
      this.#receive(entries[at] as Entry, answer);
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #answer(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}
