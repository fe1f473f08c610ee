/** The server's clock, by which locks end: ours is only asked how much time went by. */
import type { Clock } from '../../base/clock.ts';
import { lockErrors } from './errors.ts';

/** What clocks may differ by, in milliseconds. */
const MOST_DRIFT = 5 * 60_000;

/** From what the server said just now; VAULT_CLOCK_OFF when ours is that far from it that no date can be relied on. */
export function serverClock(path: string, time: number, clock: Clock): () => number {
  const drift = Math.abs(clock.now() - time);
  if (drift > MOST_DRIFT) throw lockErrors.VAULT_CLOCK_OFF({ path, minutes: Math.round(drift / 60_000) });
  const began = clock.elapsed();
  return () => time + (clock.elapsed() - began) * 1_000;
}
