/** Bounds what is under way at a time, in calls and in bytes. What is larger than the bound goes alone. */
import { UnderWay } from '../../../base/under-way.ts';

export class Budget {
  readonly #calls: number;
  readonly #bytes: number;
  readonly #underWay = new UnderWay();
  #taken = { calls: 0, bytes: 0 };
  #waiting: (() => void)[] = [];
  #stopped = false;

  constructor(bounds: { readonly calls: number; readonly bytes: number }) {
    this.#calls = bounds.calls;
    this.#bytes = bounds.bytes;
  }

  /** Does the work as soon as there is room for it. After a failure, or when it was stopped, nothing more begins. */
  add(bytes: number, work: () => Promise<void>): void {
    this.#underWay.add(this.#run(Math.min(bytes, this.#bytes), work));
  }

  /** Waits while more is waiting than could be done at once. Throws what the first work that failed threw. */
  async room(): Promise<void> {
    await this.#underWay.below(2 * this.#calls);
  }

  async finish(): Promise<void> {
    await this.#underWay.below(1);
  }

  /** Resolves when nothing is under way any more, whatever came of it. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    while (this.#taken.calls > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async #run(bytes: number, work: () => Promise<void>): Promise<void> {
    const taken = this.#taken;
    while (
      !this.#stopped &&
      (taken.calls >= this.#calls || (taken.calls > 0 && taken.bytes + bytes > this.#bytes))
    )
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#stopped) return;
    taken.calls += 1;
    taken.bytes += bytes;
    try {
      await work();
    } catch (error) {
      this.#stopped = true;
      throw error;
    } finally {
      taken.calls -= 1;
      taken.bytes -= bytes;
      this.#wake();
    }
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
