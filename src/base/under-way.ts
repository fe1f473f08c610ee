/**
 * Work that goes on in the background, counted. A Set of its promises would be as good but for its memory: the tables that a
 * Set discards refer to those that follow, and what they held stays until all memory is gone through.
 */
export class UnderWay {
  #count = 0;
  #failure: { readonly error: unknown } | undefined;
  #waiting: (() => void)[] = [];

  get count(): number {
    return this.#count;
  }

  add(work: Promise<void>): void {
    this.#count += 1;
    work
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#count -= 1;
        for (const wake of this.#waiting.splice(0)) wake();
      });
  }

  /** Waits until there is less than this. Throws what the first work that failed threw. */
  async below(most: number): Promise<void> {
    while (this.#failure === undefined && this.#count >= most) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
