import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createStage, type StampedEvent } from './stage.ts';

const clock = { now: () => Date.UTC(2026, 10, 22, 2, 0, 0, 123), elapsed: () => 0 };

describe('a stage', () => {
  it('stamps events with time and run, and passes them to everybody in order', () => {
    const stage = createStage({ clock, run: 'r1' });
    const heard: [string, StampedEvent][] = [];
    stage.subscribe((event) => heard.push(['a', event]));
    stage.subscribe((event) => heard.push(['b', event]));
    stage.emit({ type: 'phase', phase: 'listing' });
    const event = { at: '2026-11-22T02:00:00.123Z', run: 'r1', type: 'phase', phase: 'listing' };
    assert.deepEqual(heard, [
      ['a', event],
      ['b', event],
    ]);
  });

  it('has no run where there is none', () => {
    const stage = createStage({ clock });
    stage.subscribe((event) => assert.ok(!('run' in event)));
    stage.emit({ type: 'phase', phase: 'listing' });
  });

  it('drops a subscriber that throws, tells the others once, and never fails itself', () => {
    const stage = createStage({ clock });
    const heard: string[] = [];
    let asked = 0;
    stage.subscribe(() => {
      asked++;
      throw new Error('the disk of the ledger is full');
    });
    stage.subscribe((event) =>
      heard.push(event.type === 'warning' ? String(event.facts.reason) : event.type),
    );
    stage.emit({ type: 'phase', phase: 'listing' });
    stage.emit({ type: 'phase', phase: 'copying' });
    assert.equal(asked, 1);
    assert.deepEqual(heard, ['the disk of the ledger is full', 'phase', 'phase']);
  });

  it('survives when all of them throw', () => {
    const stage = createStage({ clock });
    for (let index = 0; index < 3; index++) {
      stage.subscribe(() => {
        throw new Error('no');
      });
    }
    stage.emit({ type: 'phase', phase: 'listing' });
  });
});
