/** The times of day that a schedule is written with: `02:00`, or `Sun 04:00` for once a week. */

export const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;

export interface At {
  readonly hour: number;
  readonly minute: number;
  /** 0 is Sunday; undefined for every day */
  readonly weekday: number | undefined;
}

/** Undefined when the text is no such time. */
export function parseAt(text: string): At | undefined {
  const found = /^(?:([A-Z][a-z]{2}) )?([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (found === null) return undefined;
  const weekday = found[1] === undefined ? undefined : (weekdays as readonly string[]).indexOf(found[1]);
  return weekday === -1 ? undefined : { hour: Number(found[2]), minute: Number(found[3]), weekday };
}
