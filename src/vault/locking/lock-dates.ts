/** Until when objects are locked: pure reckoning, by the server's clock. Times and spans are in milliseconds. */
import type { Lock, LockMode } from '../../storage/storage.ts';

export interface LockSettings {
  readonly mode: LockMode;
  /** how long a snapshot is promised to stay from its publication */
  readonly for: number;
  /** the locks of an object that snapshot after snapshot uses are extended at most once in this time */
  readonly generation: number;
}

/** What everything that a snapshot uses must have at least when it is published at `now`. */
export function neededLock({ mode, for: span }: LockSettings, now: number): Lock {
  return { mode, until: now + span };
}

/** What is given where that is not there: enough for the snapshots of a whole generation. */
export function givenLock({ mode, for: span, generation }: LockSettings, now: number): Lock {
  return { mode, until: now + span + generation };
}
