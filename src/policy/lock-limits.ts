/** How much may be locked, and for how long, before somebody is asked: what is locked is paid for to its date, and nobody can undo that. */

/** So many times what is usual, and never less than these bytes, is far more than usual. */
const FAR_MORE = 10;
const LITTLE = 10e9;
/** Of fewer runs nobody can say what is usual. */
const FEWEST_RUNS = 3;

/** Milliseconds: what the policy may promise at most, and what nobody need be asked about. */
export const LONGEST_LOCK = 366 * 86_400_000;

/** Bytes, by what earlier runs have locked anew; undefined where there is no bound yet. */
export function mostToLock(past: readonly number[]): number | undefined {
  const usual = usuallyLocked(past);
  return usual === undefined ? undefined : Math.max(FAR_MORE * usual, LITTLE);
}

/** The median; undefined of too few runs. */
export function usuallyLocked(past: readonly number[]): number | undefined {
  if (past.length < FEWEST_RUNS) return undefined;
  const sorted = past.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)];
}
