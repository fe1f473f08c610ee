/** `--as-of`: looking at things as they were known at an earlier time. */
import { dayOf, wallTime } from '../base/calendar.ts';
import { type OptionSpec, parsed } from './options.ts';

/** A time as it was typed; a day means its end, in a time zone that only the policy tells. */
export interface AsOf {
  instantIn(zone: string): number;
}

export const asOfOption: OptionSpec<AsOf | undefined> = parsed(
  'TIME',
  {
    en: 'as it was at that time: 2026-11-22, or 2026-11-22T15:00:00+09:00',
    ja: 'その時点での状態を見ます: 2026-11-22、または 2026-11-22T15:00:00+09:00',
  },
  { parse: parseAsOf, expected: 'YYYY-MM-DD, YYYY-MM-DDTHH:MM:SS+09:00' },
);

/** Undefined when the text is neither a day nor an RFC 3339 time with its offset. */
export function parseAsOf(given: string): AsOf | undefined {
  const day = /^(\d{4})-(\d{2})-(\d{2})$/.exec(given);
  const time = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/.test(given);
  if (day === null && !time) return undefined;
  const instant = Date.parse(day === null ? given.toUpperCase() : `${given}T00:00:00Z`);
  if (Number.isNaN(instant)) return undefined;
  // Date.parse takes February 30th for a day in March.
  const shown = given.slice(0, 10);
  if (new Date(`${shown}T00:00:00Z`).toISOString().slice(0, 10) !== shown) return undefined;
  return { instantIn: (zone) => (day === null ? instant : endOfDay(given, instant, zone)) };
}

/** The last millisecond of a day, which is given with its beginning in UTC. */
function endOfDay(day: string, utcMidnight: number, zone: string): number {
  const next = utcMidnight + DAY;
  // Where the clocks change about midnight, only one of the two offsets leads back into the day, or the later one does.
  const ends = [next - DAY, next + DAY].map((near) => next - wallTime(near, zone).offset * 60_000 - 1);
  return Math.max(...ends.filter((end) => dayOf(end, zone) === day));
}

const DAY = 86_400_000;
