/** Time as an argument: engines ask the clock that they were given, so that a test can set it. */

export interface Clock {
  /** the time of day, in milliseconds since 1970 UTC */
  now(): number;
  /** seconds on a clock that is never set, for measuring how long something takes */
  elapsed(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now() / 1000,
};
