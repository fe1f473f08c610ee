/**
 * Days, weeks and wall clock times in a named time zone. A backup's date is the date on the
 * wall of its owner, so every function here takes the zone; none reads that of the process.
 */

export interface WallTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** minutes that this zone's clocks are ahead of UTC at that moment */
  readonly offset: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatFor(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'iso8601',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, format);
  }
  return format;
}

/** What the clocks of a zone show at an instant (milliseconds since 1970 UTC). */
export function wallTime(instant: number, zone: string): WallTime {
  const shown: Record<string, number> = {};
  for (const { type, value } of formatFor(zone).formatToParts(instant)) {
    if (type !== 'literal') shown[type] = Number(value);
  }
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = shown;
  const asUtc = Date.UTC(year, month - 1, day, hour, minute, second);
  const offset = Math.round((asUtc - Math.floor(instant / 1000) * 1000) / 60_000);
  return { year, month, day, hour, minute, second, offset };
}

/** `2026-11-22` */
export function dayOf(instant: number, zone: string): string {
  const { year, month, day } = wallTime(instant, zone);
  return `${pad(year, 4)}-${pad(month)}-${pad(day)}`;
}

/** `2026-11-22T153012`: a day with the time, as it can stand in a folder's name */
export function momentOf(instant: number, zone: string): string {
  const { hour, minute, second } = wallTime(instant, zone);
  return `${dayOf(instant, zone)}T${pad(hour)}${pad(minute)}${pad(second)}`;
}

/** RFC 3339 with milliseconds and the zone's own offset. */
export function rfc3339(instant: number, zone: string): string {
  const { hour, minute, second, offset } = wallTime(instant, zone);
  const milliseconds = pad(((Math.floor(instant) % 1000) + 1000) % 1000, 3);
  const sign = offset < 0 ? '-' : '+';
  const ahead = Math.abs(offset);
  const zoneText = `${sign}${pad(Math.floor(ahead / 60))}:${pad(ahead % 60)}`;
  return `${dayOf(instant, zone)}T${pad(hour)}:${pad(minute)}:${pad(second)}.${milliseconds}${zoneText}`;
}

/**
 * The ISO 8601 week of a day `YYYY-MM-DD`, as `2026-W47`. The week belongs to the year of its
 * Thursday, so 2027-01-01 is in 2026-W53.
 */
export function isoWeekOf(day: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  const weekday = (date.getUTCDay() + 6) % 7;
  date.setUTCDate(date.getUTCDate() - weekday + 3);
  const year = date.getUTCFullYear();
  const week = 1 + Math.floor((date.getTime() - Date.UTC(year, 0, 1)) / (7 * 86_400_000));
  return `${pad(year, 4)}-W${pad(week)}`;
}

export function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, '0');
}
