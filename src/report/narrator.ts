/** Which events are told as lines, and how many of a kind. The progress bar and the plain lines share it. */
import { type Bilingual, fill, type Language } from '../base/language.ts';
import type { Event } from '../model/events.ts';
import { eventText } from './texts/event-texts.ts';

export interface Line {
  readonly text: string;
  readonly tone: 'plain' | 'good' | 'attention' | 'bad';
}

/** So many troubles of a target are told one by one; the others are counted. */
const TOLD = 20;

const more = {
  en: '{target}: and {notes} more notes, {problems} more problems',
  ja: '{target}: ほかに補足 {notes} 件、問題 {problems} 件',
} as const satisfies Bilingual;

/** Gives the lines that an event is told in; none for what only moves the progress. */
export function createNarrator(options: {
  readonly quiet: boolean;
  readonly language: () => Language;
}): (event: Event) => Line[] {
  let told = 0;
  let untold = { note: 0, problem: 0 };

  function untoldLines(target: string): Line[] {
    const facts = { target, notes: options.quiet ? 0 : untold.note, problems: untold.problem };
    const silent = facts.notes === 0 && facts.problems === 0;
    told = 0;
    untold = { note: 0, problem: 0 };
    return silent ? [] : [{ text: fill(more[options.language()], facts), tone: 'attention' }];
  }

  return (event) => {
    const before = event.type === 'target.finished' ? untoldLines(event.target) : [];
    if (!isTold(event) || (options.quiet && !needsAttention(event))) return before;
    if (event.type === 'trouble' && ++told > TOLD) {
      untold[event.trouble.weight]++;
      return before;
    }
    const text = eventText(event, options.language());
    return [...before, { text, tone: toneOf(event) }];
  };
}

function isTold({ type }: Event): boolean {
  return type !== 'work.expected' && type !== 'work.done' && type !== 'phase';
}

/** What is told even with --quiet. */
export function needsAttention(event: Event): boolean {
  const tone = toneOf(event);
  return tone === 'attention' || tone === 'bad';
}

function toneOf(event: Event): Line['tone'] {
  switch (event.type) {
    case 'warning':
      return 'attention';
    case 'finding':
      return 'bad';
    case 'check.finished':
      return event.end === 'broken' ? 'bad' : 'plain';
    case 'trouble':
      return event.trouble.weight === 'problem' ? 'attention' : 'plain';
    case 'component.finished':
      return event.error === undefined ? 'plain' : 'bad';
    case 'snapshot.published':
      return event.complete ? 'plain' : 'attention';
    case 'target.finished':
    case 'run.finished':
      return { succeeded: 'good', partial: 'attention', failed: 'bad', cancelled: 'bad', interrupted: 'bad' }[
        event.outcome
      ] as Line['tone'];
    default:
      return 'plain';
  }
}
