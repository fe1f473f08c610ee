import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { rfc3339 } from '../base/calendar.ts';
import { parseAt } from './at.ts';
import { nextTimes, previousTime } from './schedule.ts';

function next(at: string, zone: string, from: string, count = 3): readonly string[] {
  return nextTimes(at, zone, Date.parse(from), count).map((time) => rfc3339(time, zone).replace('.000', ''));
}

describe('parseAt', () => {
  test('reads times of the day and of the week', () => {
    assert.deepEqual(parseAt('02:05'), { hour: 2, minute: 5, weekday: undefined });
    assert.deepEqual(parseAt('Sun 23:59'), { hour: 23, minute: 59, weekday: 0 });
    assert.deepEqual(parseAt('Sat 00:00'), { hour: 0, minute: 0, weekday: 6 });
  });

  for (const text of [
    '',
    '2:00',
    '24:00',
    '12:60',
    'Son 04:00',
    'sun 04:00',
    'Sun  04:00',
    '04:00 Sun',
    '04:00\n',
  ]) {
    test(`refuses ${JSON.stringify(text)}`, () => assert.equal(parseAt(text), undefined));
  }
});

describe('the times of a schedule', () => {
  test('are those of the zone', () => {
    assert.deepEqual(next('02:00', 'Asia/Tokyo', '2026-11-22T03:00:00Z'), [
      '2026-11-23T02:00:00+09:00',
      '2026-11-24T02:00:00+09:00',
      '2026-11-25T02:00:00+09:00',
    ]);
    assert.deepEqual(next('Sun 04:00', 'Asia/Tokyo', '2026-11-21T18:59:59Z', 2), [
      '2026-11-22T04:00:00+09:00',
      '2026-11-29T04:00:00+09:00',
    ]);
  });

  test('begin after now, not at it', () => {
    assert.deepEqual(next('02:00', 'Asia/Tokyo', '2026-11-22T02:00:00+09:00', 1), [
      '2026-11-23T02:00:00+09:00',
    ]);
  });

  test('come once on the day that has no such time: when the gap ends', () => {
    assert.deepEqual(next('02:30', 'Europe/Berlin', '2027-03-27T12:00:00Z'), [
      '2027-03-28T03:00:00+02:00',
      '2027-03-29T02:30:00+02:00',
      '2027-03-30T02:30:00+02:00',
    ]);
  });

  test('come once on the day that has it twice: the first time', () => {
    assert.deepEqual(next('02:30', 'Europe/Berlin', '2027-10-30T12:00:00Z'), [
      '2027-10-31T02:30:00+02:00',
      '2027-11-01T02:30:00+01:00',
      '2027-11-02T02:30:00+01:00',
    ]);
    const between = '2027-10-31T02:30:00+02:00';
    assert.deepEqual(next('02:30', 'Europe/Berlin', between, 1), ['2027-11-01T02:30:00+01:00']);
  });

  test('come once a week over the change of clocks', () => {
    assert.deepEqual(next('Sun 02:30', 'America/New_York', '2027-03-08T12:00:00Z', 2), [
      '2027-03-14T03:00:00-04:00',
      '2027-03-21T02:30:00-04:00',
    ]);
  });

  test('can be asked backwards', () => {
    const last = previousTime('Sun 04:00', 'Asia/Tokyo', Date.parse('2026-11-23T00:00:00+09:00'));
    assert.equal(last, Date.parse('2026-11-22T04:00:00+09:00'));
  });
});
