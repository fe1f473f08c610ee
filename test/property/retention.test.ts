/** The laws of retention, for any snapshots. HIKAE_LONG=1 tries many more; a failure prints its seed. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { dayOf, isoWeekOf } from '../../src/base/calendar.ts';
import { planRetention, type RetentionFacts, type RetentionRules } from '../../src/policy/retention.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.parse('2026-11-22T03:00:00Z');
const when = { now: NOW, zone: 'Asia/Tokyo' };
const runs = { numRuns: process.env.HIKAE_LONG === '1' ? 10_000 : 400 };

/** Dense in days, so that days and weeks are often shared, with a few from the future and from nowhere. */
const time = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 40 * 24 }).map((hours) => NOW - hours * HOUR) },
  { weight: 2, arbitrary: fc.integer({ min: NOW - DAY, max: NOW + 2 * HOUR }) },
  { weight: 1, arbitrary: fc.constantFrom(NOW + 400 * DAY, 0, -1, Number.NaN, Infinity, -Infinity, 9e15) },
);

const facts = fc.record(
  {
    time,
    zone: fc.constantFrom(
      'Asia/Tokyo',
      'America/New_York',
      'Pacific/Kiritimati',
      'Europe/Berlin',
      'No/Where',
    ),
    schedule: fc.constantFrom('daily' as const, 'weekly' as const, 'safety' as const),
    trigger: fc.constantFrom('schedule' as const, 'manual' as const),
    complete: fc.boolean(),
    protectedUntil: fc.constantFrom(NOW - 1, NOW, NOW + 1, NOW + DAY, Number.NaN),
  },
  { requiredKeys: ['time', 'zone', 'schedule', 'trigger', 'complete'] },
);

const snapshots = fc
  .array(facts, { maxLength: 30 })
  .map((all): RetentionFacts[] => all.map((one, at) => ({ ...one, place: `place-${at}`, id: `id-${at}` })));

const rules: fc.Arbitrary<RetentionRules> = fc.record({
  keep: fc.record({ daily: fc.nat(5), weekly: fc.nat(4) }),
  frozen: fc.constant(false),
});

type Input = readonly [RetentionFacts[], RetentionRules];

function law(name: string, check: (...input: Input) => void): void {
  test(name, () => fc.assert(fc.property(snapshots, rules, check), runs));
}

function removed(all: readonly RetentionFacts[], by: RetentionRules): RetentionFacts[] {
  return planRetention(all, by, when).flatMap(({ snapshot, mark }) => (mark === 'remove' ? [snapshot] : []));
}

function places(all: readonly RetentionFacts[]): Set<string> {
  return new Set(all.map(({ place }) => place));
}

const isCounted = ({ time: at }: RetentionFacts) => at > 0 && at <= NOW + HOUR;

describe('laws of retention', () => {
  law('every snapshot is marked once', (all, by) => {
    const marked = planRetention(all, by, when).map(({ snapshot }) => snapshot.place);
    assert.deepEqual(marked.sort(), all.map(({ place }) => place).sort());
  });

  law('the last complete one of a schedule is never removed', (all, by) => {
    const gone = places(removed(all, by));
    for (const schedule of ['daily', 'weekly', 'safety']) {
      const complete = all.filter((one) => one.complete && one.schedule === schedule && isCounted(one));
      const newest = Math.max(...complete.map((one) => one.time));
      const last = complete.filter((one) => one.time === newest);
      assert.ok(last.length === 0 || last.some(({ place }) => !gone.has(place)));
    }
  });

  law('where a complete one was, a complete one stays', (all, by) => {
    const gone = places(removed(all, by));
    const complete = all.filter((one) => one.complete);
    assert.ok(complete.length === 0 || complete.some(({ place }) => !gone.has(place)));
  });

  law('nothing protected is removed', (all, by) => {
    for (const { protectedUntil } of removed(all, by)) {
      assert.ok(protectedUntil === undefined || protectedUntil <= NOW);
    }
  });

  law("nothing of today is removed, by the policy's calendar or by its own", (all, by) => {
    for (const one of removed(all, by)) {
      assert.notEqual(dayOf(one.time, when.zone), dayOf(NOW, when.zone));
      if (one.zone !== 'No/Where') assert.notEqual(dayOf(one.time, one.zone), dayOf(NOW, one.zone));
    }
  });

  law('nothing from the future or from nowhere is removed', (all, by) => {
    for (const one of removed(all, by)) assert.ok(isCounted(one));
  });

  law('what lies in the future or nowhere changes nothing for the others', (all, by) => {
    assert.deepEqual(removed(all, by), removed(all.filter(isCounted), by));
  });

  law('a plan after the removals removes nothing', (all, by) => {
    const gone = places(removed(all, by));
    const rest = all.filter(({ place }) => !gone.has(place));
    assert.deepEqual(removed(rest, by), []);
  });

  law('removals that stop half-way end where they would have ended', (all, by) => {
    const gone = removed(all, by);
    const half = places(gone.slice(0, Math.ceil(gone.length / 2)));
    const then = removed(
      all.filter(({ place }) => !half.has(place)),
      by,
    );
    assert.deepEqual(places([...gone.slice(half.size)]), places(then));
  });

  test('the order of the input does not matter', () => {
    const shuffled = snapshots.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    fc.assert(
      fc.property(shuffled, rules, ([all, other], by) => {
        assert.deepEqual(planRetention(other, by, when), planRetention(all, by, when));
      }),
      runs,
    );
  });

  law('incomplete ones push nothing complete out', (all, by) => {
    const complete = all.filter((one) => one.complete);
    assert.deepEqual(
      removed(all, by).filter((one) => one.complete),
      removed(complete, by),
    );
  });

  law('safety copies do not influence the others', (all, by) => {
    const others = all.filter((one) => one.schedule !== 'safety');
    assert.deepEqual(
      removed(all, by).filter((one) => one.schedule !== 'safety'),
      removed(others, by),
    );
  });

  law('a safety copy goes only with three newer ones there and seven days old', (all, by) => {
    const safety = all.filter((one) => one.schedule === 'safety' && isCounted(one));
    for (const one of removed(all, by).filter(({ schedule }) => schedule === 'safety')) {
      assert.ok(NOW - one.time > 7 * DAY);
      assert.ok(safety.filter((other) => other.place !== one.place && other.time >= one.time).length >= 3);
    }
  });

  law('as many days and weeks keep a complete one as the rules say, or all there are', (all, by) => {
    const zone = ({ zone: own }: RetentionFacts) => (own === 'No/Where' ? when.zone : own);
    const dayOfOne = (one: RetentionFacts) => dayOf(one.time, zone(one));
    const spans = [
      { schedule: 'daily', limit: by.keep.daily, of: dayOfOne },
      { schedule: 'weekly', limit: by.keep.weekly, of: (one: RetentionFacts) => isoWeekOf(dayOfOne(one)) },
    ];
    const gone = places(removed(all, by));
    for (const { schedule, limit, of } of spans) {
      const complete = all.filter((one) => one.complete && one.schedule === schedule && isCounted(one));
      const newest = [...new Set(complete.map(of))].sort().reverse().slice(0, limit);
      const staying = new Set(complete.filter(({ place }) => !gone.has(place)).map(of));
      assert.deepEqual(
        newest.filter((period) => !staying.has(period)),
        [],
      );
    }
  });

  law('by which hand a snapshot was made changes nothing', (all, by) => {
    const scheduled = all.map((one) => ({ ...one, trigger: 'schedule' as const }));
    assert.deepEqual(places(removed(scheduled, by)), places(removed(all, by)));
  });

  law('time that only passes takes no daily and no weekly away once its today is over', (all, by) => {
    const later = { ...when, now: NOW + 30 * DAY };
    const muchLater = { ...when, now: NOW + 300 * DAY };
    const counted = all.filter((one) => isCounted(one) && one.schedule !== 'safety' && !one.protectedUntil);
    const marks = (at: typeof when) => planRetention(counted, by, at).map(({ mark }) => mark);
    assert.deepEqual(marks(muchLater), marks(later));
  });

  law('frozen retention removes nothing', (all, by) => {
    assert.deepEqual(removed(all, { ...by, frozen: true }), []);
  });

  law('who keeps more days and weeks never removes more', (all, by) => {
    const more = { ...by, keep: { daily: by.keep.daily + 1, weekly: by.keep.weekly + 1 } };
    const gone = places(removed(all, by));
    for (const { place } of removed(all, more)) assert.ok(gone.has(place));
  });
});
