/** Bounds what is under way at a time, in calls and in bytes. What is larger than the bound goes alone. */
import { UnderWay } from '../../../base/under-way.ts';

interface Waiting {
  readonly bytes: number;
  /** false: it was stopped before its turn came */
  readonly begin: (may: boolean) => void;
}

export class Budget {
  readonly #calls: number;
  readonly #bytes: number;
  readonly #underWay = new UnderWay();
  readonly #taken = { calls: 0, bytes: 0 };
  #waiting: Waiting[] = [];
  #stopped = false;
  #idle: (() => void) | undefined;

  constructor(bounds: { readonly calls: number; readonly bytes: number }) {
    this.#calls = bounds.calls;
    this.#bytes = bounds.bytes;
  }

  /** Does the work as soon as there is room for it, in turn. After a failure, or when it was stopped, nothing more begins. */
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
    this.#next();
    if (this.#taken.calls > 0)
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
  }

  async #run(bytes: number, work: () => Promise<void>): Promise<void> {
    const turn = new Promise<boolean>((begin) => this.#waiting.push({ bytes, begin }));
    this.#next();
    if (!(await turn)) return;
    try {
      await work();
    } catch (error) {
      this.#stopped = true;
      throw error;
    } finally {
      this.#taken.calls -= 1;
      this.#taken.bytes -= bytes;
      this.#next();
    }
  }

  /** Lets begin what has room, the first that waits first, or everything go when it was stopped. */
  #next(): void {
    if (this.#stopped) for (const { begin } of this.#waiting.splice(0)) begin(false);
    for (let [first] = this.#waiting; first !== undefined && this.#hasRoom(first); [first] = this.#waiting) {
      this.#waiting.shift();
      this.#taken.calls += 1;
      this.#taken.bytes += first.bytes;
      first.begin(true);
    }
    if (this.#taken.calls === 0) this.#idle?.();
  }

  #hasRoom({ bytes }: Waiting): boolean {
    const { calls, bytes: taken } = this.#taken;
    return calls < this.#calls && (calls === 0 || taken + bytes <= this.#bytes);
  }
}
