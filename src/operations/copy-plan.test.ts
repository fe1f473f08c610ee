import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Schedule, SnapshotEntry } from '../model/snapshot.ts';
import { lackingSnapshots } from './copy-plan.ts';

const now = Date.parse('2026-11-22T18:00:00Z');
const rules = { keep: { daily: 3, weekly: 2 }, now, zone: 'UTC' };

/** The snapshot of a day in November 2026, at `hour`. */
function at(
  day: number,
  { schedule = 'daily', complete = true, hour = 2, id = '' }: Partial<Options> = {},
): SnapshotEntry {
  const time = Date.UTC(2026, 10, day, hour);
  const whole = { name: 'c', complete, nodes: 1, files: 1, bytes: 1 };
  const origin = { kind: 'command', argv: ['x'], file: 'x' } as const;
  return {
    place: `${schedule}/mail/2026-11-${day}T${hour}`,
    complete,
    header: {
      id: id || `${day}-${hour}`,
      target: 'mail',
      host: 'h',
      time,
      zone: 'UTC',
      schedule,
      trigger: 'schedule',
      hikae: '1',
      components: [{ ...whole, origin }],
      notes: 0,
      problems: 0,
      troubles: [],
    },
  };
}

interface Options {
  readonly schedule: Schedule;
  readonly complete: boolean;
  readonly hour: number;
  readonly id: string;
}

const days = (entries: readonly SnapshotEntry[]) => entries.map(({ place }) => place);

describe('what a vault lacks', () => {
  test('an empty one: as many days as it keeps, the newest first', () => {
    const source = [18, 19, 20, 21, 22].map((day) => at(day));
    assert.deepEqual(lackingSnapshots(source, [], rules), [source[4], source[3], source[2]]);
  });

  test('the new one, and one that an earlier run could not copy; never one again that it has let go', () => {
    const source = [18, 19, 20, 21, 22].map((day) => at(day));
    const there = [at(19), at(20)];
    assert.deepEqual(days(lackingSnapshots(source, there, rules)), days([at(22), at(21)]));
    assert.deepEqual(
      lackingSnapshots(
        source,
        [20, 21, 22].map((day) => at(day)),
        rules,
      ),
      [],
    );
  });

  test('what is there is known by its id, wherever it lies', () => {
    const other = { ...at(22), place: 'daily/mail/2026-11-22-0a1b2c3d' };
    assert.deepEqual(lackingSnapshots([at(22)], [other], rules), []);
  });

  test('of several of an earlier day the newest; of today all of them', () => {
    const source = [at(21), at(21, { hour: 5 }), at(22), at(22, { hour: 5 })];
    assert.deepEqual(
      days(lackingSnapshots(source, [], rules)),
      days([at(22, { hour: 5 }), at(22), at(21, { hour: 5 })]),
    );
  });

  test('an incomplete one only where nothing complete is newer, here or there', () => {
    const source = [at(20, { complete: false }), at(21), at(22, { complete: false })];
    assert.deepEqual(days(lackingSnapshots(source, [], rules)), days([at(22, { complete: false }), at(21)]));
    const newer = [at(22, { hour: 5 })];
    assert.deepEqual(days(lackingSnapshots(source, newer, rules)), days([at(21)]));
  });

  test('nothing that a restore has put aside', () => {
    assert.deepEqual(lackingSnapshots([at(22, { schedule: 'safety' })], [], rules), []);
  });

  test('a weekly beside the daily that it was made of, which comes first; alone where only weeks are kept', () => {
    const source = [at(22, { id: 'a' }), at(22, { schedule: 'weekly', id: 'a' })];
    assert.deepEqual(lackingSnapshots(source, [], rules), source);
    const weekly = [
      at(8, { id: 'b' }),
      at(8, { schedule: 'weekly', id: 'b' }),
      ...[20, 21, 22].map((day) => at(day)),
    ];
    const lacking = lackingSnapshots(weekly, [], rules);
    assert.deepEqual(days(lacking).slice(3), ['weekly/mail/2026-11-8T2']);
  });

  test('everything, for a vault that no policy names', () => {
    const source = [18, 19, 20, 21, 22].map((day) => at(day));
    assert.equal(lackingSnapshots(source, [], { now, zone: 'UTC' }).length, 5);
  });
});
