/** Files that are to be read, given to the crew in jobs of many; how much is under way at a time is bounded. */
import type { StoringCrew } from './storing-crew.ts';
import type { FileItem, FileResult } from './storing-jobs.ts';

const ITEMS_PER_JOB = 128;
const BYTES_PER_JOB = 8 * 1024 * 1024;
/** Jobs given out per thread: one to work on and one to go on with. */
const JOBS_AHEAD = 2;

export class FileQueue<Entry> {
  readonly #crew: StoringCrew;
  readonly #receive: (entry: Entry, result: FileResult) => void;
  #items: FileItem[] = [];
  #entries: Entry[] = [];
  #bytes = 0;
  #running = 0;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => {};

  /** `receive` gets what became of each; it may add another, and an error of it ends everything. */
  constructor(crew: StoringCrew, receive: (entry: Entry, result: FileResult) => void) {
    this.#crew = crew;
    this.#receive = receive;
  }

  add(entry: Entry, item: FileItem): void {
    this.#items.push(item);
    this.#entries.push(entry);
    this.#bytes += item.listed.size;
    if (this.#items.length >= ITEMS_PER_JOB || this.#bytes >= BYTES_PER_JOB) this.#dispatch();
  }

  /** Waits while too much is under way. */
  async room(): Promise<void> {
    while (this.#failure === undefined && this.#running >= this.#crew.size * JOBS_AHEAD)
      await this.#settled();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Waits until everything was received. */
  async drain(): Promise<void> {
    while (this.#failure === undefined && (this.#items.length > 0 || this.#running > 0)) {
      this.#dispatch();
      await this.#settled();
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Waits until nobody reads any more. Nothing is received from now on. */
  async end(error: unknown): Promise<void> {
    this.#failure ??= { error };
    while (this.#running > 0) await this.#settled();
  }

  #dispatch(): void {
    if (this.#items.length === 0) return;
    const items = this.#items;
    const entries = this.#entries;
    this.#items = [];
    this.#entries = [];
    this.#bytes = 0;
    this.#running += 1;
    this.#crew
      .storeFiles(items)
      .then((results) => {
        let at = 0;
        for (const result of results) {
          if (this.#failure === undefined) this.#receive(entries[at++] as Entry, result);
        }
      })
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#running -= 1;
        this.#wake();
      });
  }

  #settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
