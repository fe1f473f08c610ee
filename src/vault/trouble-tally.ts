/** Counts notes and problems, of which there may be as many as files, and keeps the first. */
import type { Trouble, TroubleSink } from '../model/trouble.ts';
import type { Inherited, TroubleCount } from './vault.ts';

export class TroubleTally {
  readonly #most: number;
  readonly #first: Trouble[] = [];
  #notes = 0;
  #problems = 0;

  constructor(most: number) {
    this.#most = most;
  }

  readonly add: TroubleSink = (trouble) => {
    if (trouble.weight === 'note') this.#notes += 1;
    else this.#problems += 1;
    if (this.#first.length < this.#most) this.#first.push(trouble);
  };

  addAll({ notes, problems, first }: TroubleCount): void {
    this.#notes += notes;
    this.#problems += problems;
    this.#first.push(...first.slice(0, this.#most - this.#first.length));
  }

  inherit(known: Inherited | undefined): void {
    if (known !== undefined) this.addAll({ ...known, first: known.troubles });
  }

  count(): TroubleCount {
    return { notes: this.#notes, problems: this.#problems, first: this.#first };
  }
}
