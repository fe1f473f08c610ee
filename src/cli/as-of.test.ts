import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rfc3339 } from '../base/calendar.ts';
import { parseAsOf } from './as-of.ts';

describe('--as-of', () => {
  const shown = (given: string, zone: string) => {
    const asOf = parseAsOf(given);
    return asOf === undefined ? undefined : rfc3339(asOf.instantIn(zone), zone);
  };

  it('takes a day for its last moment in the time zone of the policy', () => {
    assert.equal(shown('2026-11-22', 'Asia/Tokyo'), '2026-11-22T23:59:59.999+09:00');
    assert.equal(shown('2026-11-22', 'America/New_York'), '2026-11-22T23:59:59.999-05:00');
  });

  it('knows days of 23 and of 25 hours, and clocks that change at midnight', () => {
    assert.equal(shown('2026-03-08', 'America/New_York'), '2026-03-08T23:59:59.999-04:00');
    assert.equal(shown('2026-11-01', 'America/New_York'), '2026-11-01T23:59:59.999-05:00');
    assert.equal(shown('2026-03-07', 'America/Havana'), '2026-03-07T23:59:59.999-05:00');
    assert.equal(shown('2026-10-31', 'America/Havana'), '2026-10-31T23:59:59.999-04:00');
    assert.equal(shown('2026-11-01', 'America/Havana'), '2026-11-01T23:59:59.999-05:00');
  });

  it('takes a time with its offset as it is, in any zone', () => {
    assert.equal(shown('2026-11-22T15:00:00+09:00', 'UTC'), '2026-11-22T06:00:00.000+00:00');
    assert.equal(shown('2026-11-22t15:00:00.5z', 'UTC'), '2026-11-22T15:00:00.500+00:00');
  });

  it('refuses what is neither, and days that are in no calendar', () => {
    for (const given of [
      '',
      'yesterday',
      '2026-11-22T15:00:00',
      '2026-11-22 15:00',
      '2026-13-01',
      '26-1-1',
    ]) {
      assert.equal(parseAsOf(given), undefined, given);
    }
    assert.equal(parseAsOf('2026-02-30'), undefined);
    assert.equal(parseAsOf('2026-02-30T00:00:00Z'), undefined);
    assert.equal(parseAsOf('2026-02-28T24:30:00Z'), undefined);
  });
});
