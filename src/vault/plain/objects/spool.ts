/** Files of this machine for the time of a piece of work: lists that are fetched or grow, and streams of unknown size. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export class Spool {
  readonly #beside: string;
  #folder: string | undefined;
  #count = 0;

  /** It makes a folder of its own in the folder `beside`, once it is needed; only its owner can look into that. */
  constructor(beside: string) {
    this.#beside = beside;
  }

  /** A path that nothing has yet. */
  next(): string {
    this.#folder ??= mkdtempSync(join(this.#beside, 'hikae-'));
    this.#count += 1;
    return join(this.#folder, String(this.#count));
  }

  close(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }
}
