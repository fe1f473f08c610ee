/** What is put under lock from one snapshot to the next, and how much of that nobody need be asked about. */
import type { LockAllowance } from '../writable-vault.ts';

export class LockTally {
  #allowance: LockAllowance | undefined;
  /** bytes that were allowed since then */
  #allowed = 0;
  #asked: Promise<void> | undefined;
  #stored = { objects: 0, bytes: 0 };

  /** From now on this holds; without one there is no bound. */
  allow(allowance: LockAllowance | undefined): void {
    this.#allowance = allowance;
    this.#allowed = 0;
    this.#asked = undefined;
    this.#stored = { objects: 0, bytes: 0 };
  }

  /** Resolves when so many bytes more may be put. */
  async permit(bytes: number): Promise<void> {
    this.#allowed += bytes;
    if (this.#allowance === undefined || this.#allowed <= this.#allowance.most) return;
    this.#asked ??= this.#allowance.exceeded();
    await this.#asked;
  }

  add(bytes: number): void {
    this.#stored.objects += 1;
    this.#stored.bytes += bytes;
  }

  /** What was put since this was asked last. */
  take(): { readonly objects: number; readonly bytes: number } {
    const stored = this.#stored;
    this.#stored = { objects: 0, bytes: 0 };
    return stored;
  }
}
