/**
 * Retention: which snapshots of one target in one vault stay, which go, and why. Pure: it decides, others show and do.
 *
 * Only counting removes. Neither a clock that jumps ahead nor a month without backups takes anything away, because
 * what is counted are the days and weeks that have a complete snapshot.
 */
import { dayOf, isoWeekOf, isTimeZone, rfc3339 } from '../base/calendar.ts';
import type { Schedule, SnapshotEntry, Trigger } from '../model/snapshot.ts';
import { because, type Mark, type RetentionReason, retentionReasons } from './retention-reasons.ts';

/** What retention wants to know of a snapshot. */
export interface RetentionFacts {
  readonly place: string;
  readonly id: string;
  /** milliseconds since 1970 UTC, as are all times here */
  readonly time: number;
  /** the zone that its day is reckoned in */
  readonly zone: string;
  readonly schedule: Schedule;
  /** changes no mark: one made by hand counts like any other of its day */
  readonly trigger: Trigger;
  readonly complete: boolean;
  readonly protectedUntil?: number;
}

export interface RetentionRules {
  /** how many days and weeks that have a complete snapshot are kept */
  readonly keep: { readonly daily: number; readonly weekly: number };
  /** true: nothing goes, whatever the rules say */
  readonly frozen: boolean;
}

export interface Marked<Snapshot extends RetentionFacts = RetentionFacts> {
  readonly snapshot: Snapshot;
  readonly mark: Mark;
  readonly reason: RetentionReason;
}

/** Every snapshot once, oldest first; those with an impossible date before all others. */
export type RetentionPlan<Snapshot extends RetentionFacts = RetentionFacts> = readonly Marked<Snapshot>[];

/** A safety copy goes only when so many newer complete ones exist, and then not before it is so many days old. */
export const safetyRule = { newest: 3, days: 7 } as const;

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** how far a snapshot may be ahead of our clock: two machines never agree to the second */
const CLOCK_SLACK = HOUR;
/** beyond it years have five digits, and days no longer sort as text */
const LAST_POSSIBLE_TIME = Date.UTC(9999, 11, 30);

export function retentionFacts(entry: SnapshotEntry): RetentionFacts {
  const { id, time, zone, schedule, trigger } = entry.header;
  const facts = { place: entry.place, id, time, zone, schedule, trigger, complete: entry.complete };
  return entry.protectedUntil === undefined ? facts : { ...facts, protectedUntil: entry.protectedUntil };
}

/**
 * Marks every snapshot of one target in one vault. The order of the input doesn't matter, and a plan made again after
 * the removals removes nothing. `zone` is the zone of the policy.
 */
export function planRetention<Snapshot extends RetentionFacts>(
  snapshots: readonly Snapshot[],
  rules: RetentionRules,
  { now, zone }: { readonly now: number; readonly zone: string },
): RetentionPlan<Snapshot> {
  requireCount(rules.keep.daily);
  requireCount(rules.keep.weekly);
  const calendar = new Calendar(now, zone);
  const counted: Dated[] = [];
  const reasons = new Map<RetentionFacts, RetentionReason>();

  const sorted = [...snapshots].sort(byTime);
  for (const snapshot of sorted) {
    const misdated = misdatedReason(snapshot, now, zone);
    if (misdated !== undefined) reasons.set(snapshot, misdated);
    else counted.push(calendar.date(snapshot));
  }
  const decided = [
    ...byPeriods(only(counted, 'daily'), 'day', rules.keep.daily),
    ...byPeriods(only(counted, 'weekly'), 'week', rules.keep.weekly),
    ...safetyReasons(only(counted, 'safety'), now),
  ];
  for (const [snapshot, reason] of decided) reasons.set(snapshot, reason);

  return sorted.map((snapshot) => {
    const reason = decreedReason(snapshot, rules, now, zone) ?? reasons.get(snapshot);
    if (reason === undefined) throw new TypeError(`no rule for the schedule ${snapshot.schedule}`);
    return { snapshot, mark: retentionReasons[reason.code].mark, reason };
  });
}

/** How many snapshots a plan removes, and how many it may remove without consent. */
export interface ForgetLimit {
  readonly within: boolean;
  readonly removals: number;
  readonly allowed: number;
}

/**
 * No forget removes more than was added since the last one, plus one, unless a person agrees. `addedSinceLast` counts
 * the same target and vault, all schedules together; what isn't a count (a lost ledger) is taken as 0.
 */
export function limitForget(
  plan: RetentionPlan,
  { addedSinceLast }: { readonly addedSinceLast: number },
): ForgetLimit {
  const removals = plan.filter(({ mark }) => mark === 'remove').length;
  const allowed = (isCount(addedSinceLast) ? addedSinceLast : 0) + 1;
  return { within: removals <= allowed, removals, allowed };
}

interface Dated {
  readonly snapshot: RetentionFacts;
  readonly day: string;
  readonly week: string;
  readonly isToday: boolean;
}

/** Reckons the days of snapshots, and whether they are today's. */
class Calendar {
  readonly #now: number;
  readonly #home: Zone;
  readonly #zones = new Map<string, Zone>();

  constructor(now: number, zone: string) {
    this.#now = now;
    this.#home = { name: zone, today: dayOf(now, zone) };
  }

  /**
   * After a move to another zone there are two todays, and a snapshot of either is spared. One that the slack lets
   * be a little ahead of our clock may already be tomorrow's.
   */
  date(snapshot: RetentionFacts): Dated {
    const zone = this.#zone(snapshot.zone);
    const day = dayOf(snapshot.time, zone.name);
    const isToday = day >= zone.today || dayOf(snapshot.time, this.#home.name) >= this.#home.today;
    return { snapshot, day, week: isoWeekOf(day), isToday };
  }

  /** A zone that this machine doesn't know is replaced by that of the policy. */
  #zone(name: string): Zone {
    const known = this.#zones.get(name);
    if (known !== undefined) return known;
    const zone = isTimeZone(name) ? { name, today: dayOf(this.#now, name) } : this.#home;
    this.#zones.set(name, zone);
    return zone;
  }
}

interface Zone {
  readonly name: string;
  readonly today: string;
}

/** What stands above all counting: a protection, or frozen retention. */
function decreedReason(
  { protectedUntil }: RetentionFacts,
  rules: RetentionRules,
  now: number,
  zone: string,
): RetentionReason | undefined {
  // Asked this way round, a date that is no number protects.
  if (protectedUntil !== undefined && !(protectedUntil <= now)) {
    return because('protected', { until: timeText(protectedUntil, zone) });
  }
  return rules.frozen ? because('frozen', {}) : undefined;
}

/** A snapshot whose date can't be right stays, and counts for nothing. */
function misdatedReason({ time }: RetentionFacts, now: number, zone: string): RetentionReason | undefined {
  if (!isPossible(time)) return because('impossible-date', { time: String(time) });
  return time > now + CLOCK_SLACK ? because('future', { time: timeText(time, zone) }) : undefined;
}

type Reasons = Map<RetentionFacts, RetentionReason>;

/** The rule of daily and weekly: the newest complete one of each of the newest `limit` days or weeks. */
function byPeriods(dated: readonly Dated[], period: 'day' | 'week', limit: number): Reasons {
  const complete = dated.filter(({ snapshot }) => snapshot.complete);
  const newest = newestOfEach(complete, period);
  const periods = [...newest.keys()].sort().reverse();
  const last = complete.at(-1);

  const reasons: Reasons = new Map();
  for (const one of complete) {
    const position = periods.indexOf(one[period]) + 1;
    const newer = newest.get(one[period]) ?? one;
    reasons.set(one.snapshot, completeReason(one, newer, position));
  }
  const incomplete = dated.filter(({ snapshot }) => !snapshot.complete);
  const oldestKept = periods.slice(0, limit).at(-1);
  for (const entry of incompleteReasons(incomplete, { period, limit, last, oldestKept }))
    reasons.set(...entry);
  return reasons;

  function completeReason(one: Dated, newer: Dated, position: number): RetentionReason {
    if (position <= limit && one === newer) return because(`kept-${period}`, { position, limit });
    if (one.isToday) return because('today', {});
    if (one === last) return because('last-complete', {});
    if (position <= limit) return because(`newer-same-${period}`, { newer: newer.snapshot.place });
    return because(`passed-${period}`, { position, limit });
  }
}

interface KeptPeriods {
  readonly period: 'day' | 'week';
  readonly limit: number;
  readonly last: Dated | undefined;
  readonly oldestKept: string | undefined;
}

/** Incomplete ones stay beside the kept ones, never in place of one: they may hold what no other snapshot has. */
function incompleteReasons(incomplete: readonly Dated[], kept: KeptPeriods): Reasons {
  const { period, limit, last, oldestKept } = kept;
  const newest = newestOfEach(incomplete, period);
  let spared = 0;
  const reasons: Reasons = new Map();
  for (const one of incomplete.toReversed()) reasons.set(one.snapshot, incompleteReason(one));
  return reasons;

  function incompleteReason(one: Dated): RetentionReason {
    if (one.isToday) return because('today', {});
    if (last === undefined || byTime(one.snapshot, last.snapshot) > 0)
      return because('incomplete-newest', {});
    const newer = newest.get(one[period]) ?? one;
    if (oldestKept === undefined || one[period] < oldestKept) return because('incomplete-passed', {});
    if (newer !== one) return because(`incomplete-newer-same-${period}`, { newer: newer.snapshot.place });
    if (spared >= limit) return because('incomplete-surplus', { limit });
    spared += 1;
    return because(`incomplete-kept-${period}`, {});
  }
}

/** The rule of safety copies: age alone takes none of them, and neither does an incomplete newer one. */
function safetyReasons(dated: readonly Dated[], now: number): Reasons {
  const { newest: limit, days } = safetyRule;
  let newerComplete = 0;
  const reasons: Reasons = new Map();
  for (const { snapshot } of dated.toReversed()) {
    reasons.set(snapshot, safetyReason(snapshot));
    if (snapshot.complete) newerComplete += 1;
  }
  return reasons;

  function safetyReason({ time }: RetentionFacts): RetentionReason {
    if (newerComplete < limit) return because('safety-newest', { limit });
    return now - time > days * DAY
      ? because('safety-passed', { days, limit })
      : because('safety-young', { days });
  }
}

/** Given oldest first, the last one seen of a period is its newest. */
function newestOfEach(dated: readonly Dated[], period: 'day' | 'week'): Map<string, Dated> {
  return new Map(dated.map((one) => [one[period], one]));
}

function only(dated: readonly Dated[], schedule: Schedule): readonly Dated[] {
  return dated.filter(({ snapshot }) => snapshot.schedule === schedule);
}

/** A total order: by time and, within one instant, by name, so that the input's order never decides. */
function byTime(left: RetentionFacts, right: RetentionFacts): number {
  return (
    compare(sortable(left.time), sortable(right.time)) ||
    compare(left.place, right.place) ||
    compare(left.id, right.id)
  );
}

function sortable(time: number): number {
  return isPossible(time) ? time : Number.NEGATIVE_INFINITY;
}

function compare<Value extends string | number>(left: Value, right: Value): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function isPossible(time: number): boolean {
  return time > 0 && time < LAST_POSSIBLE_TIME;
}

function timeText(time: number, zone: string): string {
  return isPossible(time) ? rfc3339(time, zone) : String(time);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** A limit that is no number would compare false with everything, and so remove everything. */
function requireCount(limit: number): void {
  if (!isCount(limit)) throw new RangeError(`not a number of days or weeks: ${limit}`);
}
