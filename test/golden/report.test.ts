/** What people read and machines parse of a run, in files of this folder: a change of it is seen in the diff. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { languages } from '../../src/base/language.ts';
import { createStage, eventText, toJson } from '../../src/report/report.ts';
import { matchesGolden } from './golden.ts';
import { sampleEvents } from './sample-events.ts';

describe('events', () => {
  for (const language of languages) {
    it(`are told in ${language}, without a placeholder left over or a control character let through`, () => {
      const lines = sampleEvents.map((event) => `${event.type}: ${eventText(event, language)}`);
      for (const line of lines) {
        assert.doesNotMatch(line, /\{\w*\}|undefined|NaN|\[object/);
        assert.doesNotMatch(line, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
      }
      matchesGolden(`report/events.${language}.txt`, `${lines.join('\n')}\n`);
    });
  }

  it('say something else in Japanese than in English', () => {
    for (const event of sampleEvents) {
      // These two consist of names alone.
      if (event.type === 'target.started' || event.type === 'component.started') continue;
      if (event.type === 'warning' && event.code === 'not-in-the-table') continue;
      assert.notEqual(eventText(event, 'ja'), eventText(event, 'en'), event.type);
      assert.match(eventText(event, 'ja'), /[\u3040-\u30ff\u4e00-\u9fff]/, event.type);
    }
  });

  it('are JSON lines for machines', () => {
    const lines: string[] = [];
    const stage = createStage({ clock: { now: () => 1_795_312_800_123, elapsed: () => 0 }, run: 'r1' });
    stage.subscribe((event) => lines.push(toJson(event)));
    for (const event of sampleEvents) stage.emit(event);
    matchesGolden('report/events.jsonl', `${lines.join('\n')}\n`);
  });
});
