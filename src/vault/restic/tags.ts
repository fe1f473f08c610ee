/**
 * What hikae says of its own snapshots in restic's tags, so that `restic snapshots` shows it and a list can be made of the
 * snapshot files alone: `hikae`, `id:…`, `schedule:…`, `date:…`, and where they apply `incomplete` and `protected:…`.
 */
import { dayOf } from '../../base/calendar.ts';
import { isComplete, type Schedule, type SnapshotHeader } from '../../model/snapshot.ts';

export interface OwnTags {
  readonly id: string;
  readonly schedule: Schedule;
  /** the day that it was taken, where its owner lives */
  readonly date: string;
  readonly protectedUntil: number | undefined;
}

const OWN = 'hikae';
const schedules: readonly Schedule[] = ['daily', 'weekly', 'safety'];

export function tagsFor(header: SnapshotHeader, protectedUntil?: number): string[] {
  const { id, schedule, time, zone } = header;
  return [
    OWN,
    `id:${id}`,
    `schedule:${schedule}`,
    `date:${dayOf(time, zone)}`,
    ...(isComplete(header) ? [] : ['incomplete']),
    ...(protectedUntil === undefined ? [] : [`protected:${new Date(protectedUntil).toISOString()}`]),
  ];
}

/** Undefined for a snapshot that restic or another program has written. */
export function parseTags(tags: readonly string[]): OwnTags | undefined {
  const valueIn = (name: string) => tags.find((tag) => tag.startsWith(`${name}:`))?.slice(name.length + 1);
  const id = valueIn('id') ?? '';
  const schedule = schedules.find((one) => one === valueIn('schedule'));
  const date = valueIn('date') ?? '';
  if (!/^\d{4}-\d\d-\d\d$/.test(date)) return undefined;
  if (!tags.includes(OWN) || !/^[0-9a-f]{32}$/.test(id) || schedule === undefined) return undefined;
  const until = Date.parse(valueIn('protected') ?? '');
  return { id, schedule, date, protectedUntil: Number.isNaN(until) ? undefined : until };
}
