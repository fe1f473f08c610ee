/**
 * When a schedule is due, in the owner's time zone.
 *
 * Where clocks are put forward over the time, the run is due when the gap ends; where they are put back over
 * it, at the first of the two: once a day, whatever the clocks do.
 */
import { Cron } from 'croner';
import { parseAt } from './at.ts';

/** The next `count` times after `now`; all times are milliseconds since 1970 UTC. */
export function nextTimes(at: string, zone: string, now: number, count: number): readonly number[] {
  return cronOf(at, zone)
    .nextRuns(count, new Date(now))
    .map((date) => date.getTime());
}

/** The last time before `now`. */
export function previousTime(at: string, zone: string, now: number): number | undefined {
  return cronOf(at, zone).previousRuns(1, new Date(now))[0]?.getTime();
}

function cronOf(at: string, zone: string): Cron {
  const time = parseAt(at);
  if (time === undefined) throw new TypeError(`not a time of a schedule: ${at}`);
  return new Cron(`${time.minute} ${time.hour} * * ${time.weekday ?? '*'}`, { timezone: zone, paused: true });
}
