/**
 * Golden tests of retention: each case is a table of snapshots, and the file below test/golden/retention/ shows what
 * becomes of them and why. UPDATE_GOLDEN=1 writes the files anew; read their diff.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { momentOf } from '../base/calendar.ts';
import { languages } from '../base/language.ts';
import type { Schedule, SnapshotHeader } from '../model/snapshot.ts';
import {
  limitForget,
  planRetention,
  type RetentionFacts,
  type RetentionPlan,
  retentionFacts,
} from './retention.ts';
import { retentionErrors } from './retention-errors.ts';
import { type RetentionCode, reasonText, retentionReasons } from './retention-reasons.ts';

interface Case {
  readonly title: string;
  /** RFC 3339 */
  readonly now: string;
  readonly zone?: string;
  readonly keep?: { readonly daily: number; readonly weekly: number };
  readonly frozen?: boolean;
  /** `time [schedule] [incomplete] [manual] [in ZONE] [until TIME]`, one snapshot a line */
  readonly snapshots: string;
}

const cases: Readonly<Record<string, Case>> = {
  'five-good-days': {
    title: 'Five days in a row, three are kept',
    now: '2026-11-22T02:10:00+09:00',
    snapshots: `
      2026-11-18T02:00+09:00
      2026-11-19T02:00+09:00
      2026-11-20T02:00+09:00
      2026-11-21T02:00+09:00
      2026-11-22T02:00+09:00`,
  },
  'three-runs-a-day': {
    title: "Three manual runs today push no other day out; yesterday's extra ones go",
    now: '2026-11-22T18:00:00+09:00',
    snapshots: `
      2026-11-19T02:00+09:00
      2026-11-20T02:00+09:00
      2026-11-21T02:00+09:00
      2026-11-21T12:00+09:00 manual
      2026-11-21T15:00+09:00 manual
      2026-11-22T10:00+09:00 manual
      2026-11-22T12:00+09:00 manual
      2026-11-22T17:00+09:00 manual`,
  },
  'missed-days': {
    title: 'The machine was off: days are counted, not their distance',
    now: '2026-11-22T02:10:00+09:00',
    snapshots: `
      2026-10-01T02:00+09:00
      2026-10-02T02:00+09:00
      2026-10-20T02:00+09:00
      2026-11-22T02:00+09:00`,
  },
  'clock-stood-still': {
    title: 'Thirty days without a backup remove nothing',
    now: '2026-12-22T02:10:00+09:00',
    snapshots: `
      2026-11-20T02:00+09:00
      2026-11-21T02:00+09:00
      2026-11-22T02:00+09:00
      2026-11-22T04:00+09:00 weekly`,
  },
  'clock-set-back': {
    title:
      'A clock set back by a month: what is already there lies in the future, stays and pushes nothing out',
    now: '2026-10-22T02:10:00+09:00',
    snapshots: `
      2026-10-19T02:00+09:00
      2026-10-20T02:00+09:00
      2026-10-21T02:00+09:00
      2026-10-22T02:00+09:00
      2026-11-20T02:00+09:00
      2026-11-21T02:00+09:00 incomplete
      2026-11-22T02:00+09:00`,
  },
  'future-and-impossible': {
    title:
      'Ahead of the clock by less than an hour is no future; years that cannot be are kept and not counted',
    now: '2026-11-22T02:00:00+09:00',
    keep: { daily: 1, weekly: 1 },
    snapshots: `
      1970-01-01T00:00Z
      2026-11-20T02:00+09:00
      2026-11-21T02:00+09:00
      2026-11-22T02:59+09:00
      2026-11-22T03:01+09:00
      9999-12-31T00:00Z
      2031-01-01T00:00+09:00 weekly`,
  },
  'zone-changed-westward': {
    title: 'Moved from Tokyo to New York: each snapshot has the day that its own clocks showed',
    now: '2026-11-22T09:00:00-05:00',
    zone: 'America/New_York',
    keep: { daily: 2, weekly: 2 },
    snapshots: `
      2026-11-20T02:00+09:00
      2026-11-21T02:00+09:00
      2026-11-22T02:00+09:00
      2026-11-21T14:00-05:00 in America/New_York
      2026-11-22T02:00-05:00 in America/New_York`,
  },
  'zone-changed-last-complete': {
    title:
      'After a move the newest day is not that of the newest snapshot; the last complete one stays all the same',
    now: '2026-11-25T12:00:00-05:00',
    zone: 'America/New_York',
    keep: { daily: 1, weekly: 1 },
    snapshots: `
      2026-11-21T02:00+09:00
      2026-11-23T00:30+09:00
      2026-11-22T11:00-05:00 in America/New_York`,
  },
  'two-todays': {
    title:
      'Yesterday in Berlin, where they were taken, and today in Tokyo, where the policy lives: both calendars spare',
    now: '2026-11-22T12:00:00+09:00',
    keep: { daily: 1, weekly: 1 },
    snapshots: `
      2026-11-21T13:00+01:00 in Europe/Berlin
      2026-11-21T23:30+01:00 in Europe/Berlin
      2026-11-21T23:45+01:00 in Europe/Berlin`,
  },
  'dst-days': {
    title: 'Days of 23 and of 25 hours are days: Berlin, spring and autumn 2026',
    now: '2026-10-26T01:00:00+01:00',
    zone: 'Europe/Berlin',
    keep: { daily: 3, weekly: 4 },
    snapshots: `
      2026-03-28T02:30+01:00 in Europe/Berlin
      2026-03-29T01:30+01:00 in Europe/Berlin
      2026-03-29T03:30+02:00 in Europe/Berlin
      2026-10-24T23:30+02:00 in Europe/Berlin
      2026-10-25T02:30+02:00 in Europe/Berlin
      2026-10-25T02:30+01:00 in Europe/Berlin
      2026-10-25T23:30+01:00 in Europe/Berlin`,
  },
  'iso-week-53': {
    title: '2027-01-01 is in 2026-W53, together with the last days of December',
    now: '2027-01-12T05:00:00+09:00',
    keep: { daily: 3, weekly: 3 },
    snapshots: `
      2026-12-20T04:00+09:00 weekly
      2026-12-27T04:00+09:00 weekly
      2026-12-29T04:00+09:00 weekly manual
      2027-01-01T04:00+09:00 weekly manual
      2027-01-10T04:00+09:00 weekly`,
  },
  'sunday-caught-up-on-monday': {
    title: 'A weekly caught up on Monday belongs to the next week; the Sunday after it is the same week',
    now: '2026-11-24T12:00:00+09:00',
    keep: { daily: 3, weekly: 2 },
    snapshots: `
      2026-11-08T04:00+09:00 weekly
      2026-11-16T09:00+09:00 weekly
      2026-11-22T04:00+09:00 weekly
      2026-11-23T04:00+09:00 weekly incomplete`,
  },
  'incomplete-never-counts': {
    title: 'Incomplete ones push nothing out, and stay where no complete one is newer',
    now: '2026-11-22T12:00:00+09:00',
    snapshots: `
      2026-11-16T02:00+09:00
      2026-11-17T02:00+09:00
      2026-11-18T02:00+09:00
      2026-11-19T02:00+09:00 incomplete
      2026-11-20T02:00+09:00 incomplete
      2026-11-20T12:00+09:00 incomplete manual
      2026-11-21T02:00+09:00 incomplete
      2026-11-22T02:00+09:00 incomplete`,
  },
  'incomplete-mixture': {
    title:
      'Behind a complete one: the newest incomplete one of a kept day stays, at most as many as days are kept',
    now: '2026-11-22T12:00:00+09:00',
    keep: { daily: 2, weekly: 2 },
    snapshots: `
      2026-11-10T02:00+09:00
      2026-11-11T02:00+09:00 incomplete
      2026-11-12T02:00+09:00
      2026-11-13T02:00+09:00 incomplete
      2026-11-14T02:00+09:00 incomplete
      2026-11-14T12:00+09:00 incomplete manual
      2026-11-15T02:00+09:00 incomplete
      2026-11-21T01:00+09:00 incomplete
      2026-11-21T02:00+09:00
      2026-11-22T02:00+09:00 incomplete`,
  },
  'incomplete-weeks': {
    title:
      'The same by weeks: a day within a kept week is not enough where a newer incomplete one is of that week',
    now: '2026-11-24T12:00:00+09:00',
    keep: { daily: 3, weekly: 2 },
    snapshots: `
      2026-11-01T04:00+09:00 weekly incomplete
      2026-11-08T04:00+09:00 weekly
      2026-11-10T04:00+09:00 weekly incomplete manual
      2026-11-12T04:00+09:00 weekly incomplete manual
      2026-11-15T04:00+09:00 weekly incomplete
      2026-11-19T04:00+09:00 weekly manual
      2026-11-22T04:00+09:00 weekly`,
  },
  'only-incomplete': {
    title: 'Where nothing was ever complete, nothing goes',
    now: '2026-11-22T12:00:00+09:00',
    keep: { daily: 1, weekly: 1 },
    snapshots: `
      2026-11-01T02:00+09:00 incomplete
      2026-11-02T02:00+09:00 incomplete
      2026-11-02T12:00+09:00 incomplete`,
  },
  'protected-wins': {
    title: 'A protection wins over all rules until it has run out',
    now: '2026-11-22T02:10:00+09:00',
    keep: { daily: 2, weekly: 1 },
    snapshots: `
      2026-09-01T02:00+09:00 until 2027-09-01T00:00+09:00
      2026-09-02T02:00+09:00 until 2026-11-22T02:09+09:00
      2026-11-20T02:00+09:00 incomplete until 2026-11-23T00:00+09:00
      2026-11-20T03:00+09:00 until 2026-11-23T00:00+09:00
      2026-11-21T02:00+09:00
      2026-11-22T02:00+09:00
      2026-08-01T02:00+09:00 weekly until 9999-12-31T00:00Z`,
  },
  frozen: {
    title: 'Frozen retention removes nothing; what is protected still says so',
    now: '2026-11-22T02:10:00+09:00',
    frozen: true,
    keep: { daily: 1, weekly: 1 },
    snapshots: `
      2026-09-01T02:00+09:00 until 2027-09-01T00:00+09:00
      2026-11-20T02:00+09:00
      2026-11-21T02:00+09:00 incomplete
      2026-11-22T02:00+09:00
      2026-12-22T02:00+09:00`,
  },
  'safety-copies': {
    title: 'Safety copies have a rule of their own and take no part in the others',
    now: '2026-11-22T12:00:00+09:00',
    keep: { daily: 2, weekly: 1 },
    snapshots: `
      2026-10-01T09:00+09:00 safety
      2026-10-02T09:00+09:00 safety
      2026-10-03T09:00+09:00 safety incomplete
      2026-11-16T09:00+09:00 safety
      2026-11-17T09:00+09:00 safety
      2026-11-18T09:00+09:00 safety
      2026-11-22T09:00+09:00 safety
      2026-11-19T02:00+09:00
      2026-11-20T02:00+09:00
      2026-11-21T02:00+09:00`,
  },
  'old-safety-copies-stay': {
    title: 'Age alone takes no safety copy',
    now: '2027-11-22T12:00:00+09:00',
    snapshots: `
      2026-10-01T09:00+09:00 safety
      2026-10-02T09:00+09:00 safety
      2026-10-03T09:00+09:00 safety
      2026-10-04T09:00+09:00 safety incomplete`,
  },
  'keep-nothing': {
    title: 'keep: 0 leaves the last complete one of each schedule, and what is newer',
    now: '2026-11-22T12:00:00+09:00',
    keep: { daily: 0, weekly: 0 },
    snapshots: `
      2026-11-18T02:00+09:00 incomplete
      2026-11-19T02:00+09:00
      2026-11-20T02:00+09:00
      2026-11-21T02:00+09:00 incomplete
      2026-11-08T04:00+09:00 weekly
      2026-11-15T04:00+09:00 weekly`,
  },
  'daily-and-weekly': {
    title: 'Days and weeks are counted apart',
    now: '2026-11-22T05:00:00+09:00',
    keep: { daily: 2, weekly: 2 },
    snapshots: `
      2026-11-20T02:00+09:00
      2026-11-21T02:00+09:00
      2026-11-22T02:00+09:00
      2026-11-08T04:00+09:00 weekly
      2026-11-15T04:00+09:00 weekly
      2026-11-22T04:00+09:00 weekly`,
  },
  'unknown-zone': {
    title: 'A zone that this machine does not know: the day is reckoned in that of the policy',
    now: '2026-11-22T12:00:00+09:00',
    keep: { daily: 1, weekly: 1 },
    snapshots: `
      2026-11-20T23:30Z in Mars/Olympus
      2026-11-21T02:00+09:00`,
  },
};

const golden = new URL('../../test/golden/retention/', import.meta.url);

describe('retention, case by case', () => {
  for (const [name, one] of Object.entries(cases)) {
    test(one.title, () => {
      const shown = table(one);
      const file = new URL(`${name}.txt`, golden);
      if (process.env.UPDATE_GOLDEN === '1') {
        mkdirSync(golden, { recursive: true });
        writeFileSync(file, shown);
      }
      assert.equal(shown, readFileSync(file, 'utf8'));
    });
  }

  test('every reason is met by a case', () => {
    const met = new Set(Object.values(cases).flatMap((one) => plan(one).map(({ reason }) => reason.code)));
    const never = (Object.keys(retentionReasons) as RetentionCode[]).filter((code) => !met.has(code));
    assert.deepEqual(never, []);
  });

  test('no text of a reason keeps a placeholder, in any language', () => {
    for (const one of Object.values(cases)) {
      for (const { reason } of plan(one)) {
        for (const language of languages) assert.doesNotMatch(reasonText(reason, language), /[{}]/);
      }
    }
  });
});

test('a limit that is no count is refused rather than compared', () => {
  const rules = (daily: number) => ({ keep: { daily, weekly: 4 }, frozen: false });
  for (const daily of [Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY]) {
    assert.throws(() => planRetention([], rules(daily), { now: 0, zone: 'UTC' }), RangeError);
  }
});

test('a protection whose date is no number protects', () => {
  const old = snapshot('2026-01-01T02:00Z');
  const [marked] = planRetention(
    [{ ...old, protectedUntil: Number.NaN }, snapshot('2026-01-02T02:00Z')],
    { keep: { daily: 1, weekly: 1 }, frozen: false },
    { now: Date.parse('2026-02-01T00:00Z'), zone: 'UTC' },
  );
  assert.equal(marked?.mark, 'protected');
});

test('the facts of an entry are those of its header', () => {
  const header: SnapshotHeader = {
    id: 'a1',
    target: 'mail',
    host: 'dell',
    time: 5,
    zone: 'Asia/Tokyo',
    schedule: 'weekly',
    trigger: 'manual',
    hikae: '0.1.0',
    components: [],
    notes: 0,
    problems: 0,
    troubles: [],
  };
  const facts = {
    place: 'p',
    id: 'a1',
    time: 5,
    zone: 'Asia/Tokyo',
    schedule: 'weekly',
    trigger: 'manual',
    complete: true,
  };
  assert.deepEqual(retentionFacts({ place: 'p', header, complete: true }), facts);
  assert.deepEqual(retentionFacts({ place: 'p', header, complete: true, protectedUntil: 9 }), {
    ...facts,
    protectedUntil: 9,
  });
});

describe('the limit of a forget', () => {
  const removing = plan(cases['three-runs-a-day'] as Case);

  test('allows one more than were added', () => {
    assert.deepEqual(limitForget(removing, { addedSinceLast: 2 }), {
      within: true,
      removals: 3,
      allowed: 3,
    });
    assert.deepEqual(limitForget(removing, { addedSinceLast: 1 }), {
      within: false,
      removals: 3,
      allowed: 2,
    });
  });

  test('takes a count that cannot be for none', () => {
    for (const addedSinceLast of [Number.NaN, -5, Number.POSITIVE_INFINITY]) {
      assert.equal(limitForget(removing, { addedSinceLast }).allowed, 1);
    }
  });

  test('its error says the numbers and the way out', () => {
    const error = retentionErrors.FORGET_LIMIT({ removals: 3, allowed: 2, target: 'mail', vault: 'hdd' });
    assert.equal(error.exit, 1);
    assert.match(error.message, /^3 snapshots of mail in hdd/);
    assert.match(error.in('ja').hint, /forget --dry-run.*forget --yes/);
  });
});

function plan(one: Case): RetentionPlan {
  const rules = { keep: one.keep ?? { daily: 3, weekly: 4 }, frozen: one.frozen ?? false };
  const when = { now: Date.parse(one.now), zone: one.zone ?? 'Asia/Tokyo' };
  return planRetention(one.snapshots.trim().split('\n').map(snapshot), rules, when);
}

function snapshot(line: string): RetentionFacts {
  const [time = '', ...words] = line.trim().split(' ');
  const after = (word: string) => (words.includes(word) ? words[words.indexOf(word) + 1] : undefined);
  const zone = after('in') ?? 'Asia/Tokyo';
  const until = after('until');
  const schedule = words.find((word): word is Schedule => word === 'weekly' || word === 'safety') ?? 'daily';
  const manual = words.includes('manual') ? 'manual' : 'schedule';
  return {
    place: `${schedule}/mail/${time}`,
    id: time,
    time: Date.parse(time),
    zone,
    schedule,
    trigger: schedule === 'safety' ? 'safety' : manual,
    complete: !words.includes('incomplete'),
    ...(until === undefined ? {} : { protectedUntil: Date.parse(until) }),
  };
}

function table(one: Case): string {
  const zone = one.zone ?? 'Asia/Tokyo';
  const keep = one.keep ?? { daily: 3, weekly: 4 };
  const rows = plan(one).map(
    ({ snapshot: { time, zone, schedule, complete, trigger, protectedUntil }, ...said }) => [
      isKnown(zone) ? momentOf(time, zone) : momentOf(time, 'Asia/Tokyo'),
      zone,
      schedule,
      trigger,
      complete ? 'complete' : 'incomplete',
      protectedUntil === undefined ? '-' : new Date(protectedUntil).toISOString(),
      said.mark,
      reasonText(said.reason, 'en'),
      reasonText(said.reason, 'ja'),
    ],
  );
  const head = [
    'date',
    'zone',
    'schedule',
    'trigger',
    'components',
    'protected until',
    'mark',
    'reason',
    '理由',
  ];
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)),
  );
  const lines = [head, ...rows].map((row) =>
    row.map((cell, column) => (column < 8 ? cell.padEnd(widths[column] ?? 0) : cell)).join('  '),
  );
  const rules = `now ${one.now} (${zone}), keep daily ${keep.daily}, weekly ${keep.weekly}`;
  return `${one.title}\n${rules}${one.frozen ? ', frozen' : ''}\n\n${lines.join('\n')}\n`;
}

function isKnown(zone: string): boolean {
  return Intl.supportedValuesOf('timeZone').includes(zone);
}
