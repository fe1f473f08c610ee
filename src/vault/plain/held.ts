/**
 * Things that come and go by the thousand. A Set would do the same but for its memory: each time it makes itself anew the
 * table before refers to the next, and what is in an old one counts as used until all memory is gone through.
 */
export interface Holdable {
  /** where it is among those that are held; nobody else's business */
  heldAt: number;
}

export class Held<Thing extends Holdable> {
  readonly #things: Thing[] = [];

  add(thing: Thing): void {
    thing.heldAt = this.#things.length;
    this.#things.push(thing);
  }

  /** It must be there. The last one takes its place. */
  delete(thing: Thing): void {
    const last = this.#things.pop();
    if (last === undefined || last === thing) return;
    this.#things[thing.heldAt] = last;
    last.heldAt = thing.heldAt;
  }

  /** A copy, so that each can be deleted while one goes through them. */
  all(): readonly Thing[] {
    return [...this.#things];
  }
}
