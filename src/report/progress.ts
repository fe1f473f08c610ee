/** How far a run is, out of its events: a share, a rate and the time left. */
import type { Event, Phase } from '../model/events.ts';

export interface Progress {
  readonly target: string;
  readonly phase: Phase | undefined;
  readonly files: number;
  readonly bytes: number;
  /** 0 to 1; undefined while nobody knows how much there is */
  readonly share: number | undefined;
  /** bytes a second, over the last seconds */
  readonly rate: number;
  /** seconds; undefined while it can't be told */
  readonly left: number | undefined;
}

/** An entry takes about as long as copying so many bytes, even when nothing of it has changed. */
const ENTRY_COST = 32_768;
/** Seconds that rate and time left are averaged over. */
const WINDOW = 15;
/** Seconds before the time left is worth telling. */
const SETTLED = 3;
/** What is done is more than was expected when a tree has grown; the end is told by its event alone. */
const ALMOST = 0.99;

export interface ProgressMeter {
  receive(event: Event): void;
  read(): Progress;
}

/** `elapsed` gives seconds. */
export function createProgressMeter(elapsed: () => number): ProgressMeter {
  let target = '';
  let phase: Phase | undefined;
  let files = 0;
  let bytes = 0;
  let expected: number | undefined;
  let began = elapsed();
  /** what was done by when; the oldest is just outside the window */
  let marks: { at: number; cost: number; bytes: number }[] = [];

  function restart(name: string): void {
    [target, phase, files, bytes, expected, began] = [name, undefined, 0, 0, undefined, elapsed()];
    marks = [{ at: began, cost: 0, bytes: 0 }];
  }

  restart('');
  const cost = () => bytes + files * ENTRY_COST;

  return {
    receive(event) {
      if (event.type === 'target.started') restart(event.target);
      else if (event.type === 'phase') phase = event.phase;
      else if (event.type === 'work.expected') {
        // What lies ahead adds to what has been done already.
        expected = cost() + event.bytes + event.files * ENTRY_COST;
      } else if (event.type === 'work.done') {
        files += event.files;
        bytes += event.bytes;
        const now = elapsed();
        // Ten marks a second are enough for an average; the latest takes in what comes in between.
        if (now - (marks.at(-2)?.at ?? Number.NEGATIVE_INFINITY) < 0.1) marks.pop();
        marks.push({ at: now, cost: cost(), bytes });
        while ((marks[1]?.at ?? now) < now - WINDOW) marks.shift();
      }
    },
    read() {
      const now = elapsed();
      const oldest = marks[0] ?? { at: began, cost: 0, bytes: 0 };
      const span = Math.max(now - oldest.at, 0.001);
      const share = expected === undefined || expected === 0 ? undefined : cost() / expected;
      const speed = (cost() - oldest.cost) / span;
      const left =
        share === undefined || share > ALMOST || speed <= 0 || now - began < SETTLED
          ? undefined
          : ((expected ?? 0) - cost()) / speed;
      return {
        target,
        phase,
        files,
        bytes,
        share: share === undefined ? undefined : Math.min(share, ALMOST),
        rate: (bytes - oldest.bytes) / span,
        left,
      };
    },
  };
}
