/** One execution of hikae and how it ended. */

/** The last three are about vaults: there the name of one stands where that of a target stands elsewhere. */
export type Verb = 'backup' | 'copy' | 'restore' | 'verify' | 'forget' | 'prune' | 'repair' | 'guard';

/** `partial`: it did its work, with problems or with an incomplete snapshot. `interrupted`: it was killed half-way. */
export type Outcome = 'succeeded' | 'partial' | 'failed' | 'cancelled' | 'interrupted';

/** From best to worst; the outcome of a run over several targets is the worst of theirs. */
const order: readonly Outcome[] = ['succeeded', 'partial', 'failed', 'interrupted', 'cancelled'];

export function worstOutcome(outcomes: Iterable<Outcome>): Outcome {
  let worst = 0;
  for (const outcome of outcomes) worst = Math.max(worst, order.indexOf(outcome));
  return order[worst] as Outcome;
}
