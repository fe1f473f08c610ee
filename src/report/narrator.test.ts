import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Event } from '../model/events.ts';
import { trouble } from '../model/trouble.ts';
import { createNarrator } from './narrator.ts';

const narrator = (quiet = false) => createNarrator({ quiet, language: () => 'en' });
const note: Event = { type: 'trouble', target: 'mail', trouble: trouble('vanished', 'a') };
const problem: Event = { type: 'trouble', target: 'mail', trouble: trouble('unreadable', 'b', 'EIO') };
const finished = (outcome: 'succeeded' | 'failed'): Event => ({
  type: 'target.finished',
  verb: 'backup',
  target: 'mail',
  vault: 'hdd',
  outcome,
  seconds: 5,
});

describe('a narrator', () => {
  it('tells twenty troubles of a target, and counts the others at its end', () => {
    const narrate = narrator();
    const told = Array.from({ length: 30 }, (_, index) => narrate(index % 3 === 0 ? problem : note)).flat();
    assert.equal(told.length, 20);
    const [more, end] = narrate(finished('succeeded'));
    assert.equal(more?.text, 'mail: and 7 more notes, 3 more problems');
    assert.equal(end?.text, 'mail: succeeded after 5.0s');
    assert.equal(narrate(finished('succeeded')).length, 1, 'the next target begins at nothing');
    assert.equal(narrate(note).length, 1);
  });

  it('does not tell what only moves the progress', () => {
    const narrate = narrator();
    assert.deepEqual(narrate({ type: 'phase', phase: 'copying' }), []);
    assert.deepEqual(narrate({ type: 'work.done', files: 1, bytes: 1, unchanged: 0, changed: 1 }), []);
    assert.deepEqual(narrate({ type: 'work.expected', files: 1, bytes: 1, exact: true }), []);
  });

  it('keeps to what needs attention when it is quiet', () => {
    const narrate = narrator(true);
    const run: Event = { type: 'run.started', verb: 'backup', targets: ['mail'] };
    const warning: Event = { type: 'warning', code: 'x', facts: {} };
    const events = [run, note, finished('succeeded'), problem, warning, finished('failed')];
    assert.deepEqual(
      events.flatMap((event) => narrate(event)).map(({ text }) => text),
      ['problem: mail: b could not be read: EIO', 'warning: x', 'mail: failed after 5.0s'],
    );
  });

  it('does not count untold notes when it is quiet', () => {
    const narrate = narrator(true);
    for (let index = 0; index < 50; index++) narrate(note);
    assert.deepEqual(narrate(finished('succeeded')), []);
    for (let index = 0; index < 21; index++) narrate(problem);
    assert.equal(narrate(finished('failed'))[0]?.text, 'mail: and 0 more notes, 1 more problems');
  });
});
