/** Runs of the command that are ended from outside, at a moment that is chosen by the steps that they tell. */
import type { StampedEvent } from '../../src/report/report.ts';
import { type Ran, Running } from '../end-to-end/command.ts';

/** By SIGKILL; by Ctrl-C; by Ctrl-C and, before anything has come of it, once more. */
export const endings = ['killed', 'interrupted', 'interrupted twice'] as const;
export type Ending = (typeof endings)[number];

const signals: Readonly<Record<Ending, readonly NodeJS.Signals[]>> = {
  killed: ['SIGKILL'],
  interrupted: ['SIGINT'],
  // Two of one kind at once would arrive as one.
  'interrupted twice': ['SIGINT', 'SIGTERM'],
};

export interface Step {
  /** a phase, or an event that is told at a fixed place, and how many snapshots had been published by then */
  readonly name: string;
  /** milliseconds since 1970 UTC */
  readonly at: number;
}

export interface Moment {
  /** after so many steps, from 1 */
  readonly step: number;
  /** milliseconds after it */
  readonly wait: number;
}

/** The lines that a run with --json has told so far as steps. */
export function stepsIn(stderr: string): readonly Step[] {
  const steps: Step[] = [];
  let published = 0;
  for (const line of stderr.split('\n').slice(0, -1)) {
    const event = JSON.parse(line) as StampedEvent;
    // How often these come depends on the machine.
    if (event.type === 'work.done' || event.type === 'warning') continue;
    if (event.type === 'snapshot.copied' || event.type === 'snapshot.published') published += 1;
    const name = event.type === 'phase' ? event.phase : event.type;
    steps.push({ name: published === 0 ? name : `${name}, ${published}`, at: Date.parse(event.at) });
  }
  return steps;
}

/**
 * A moment for the `number`th of `count` ends, which lie spread over the steps of a run that nobody ended: each step of its
 * work has the same chance, however short it is.
 */
export function momentOf(
  steps: readonly Step[],
  {
    number,
    count,
    random,
  }: { readonly number: number; readonly count: number; readonly random: () => number },
): Moment {
  const over = steps.findIndex(({ name }) => name.startsWith('target.finished'));
  const place = ((number + random()) / count) * over;
  const step = Math.floor(place);
  const [begun, left] = [steps[step], steps[step + 1]];
  if (begun === undefined || left === undefined) throw new Error('nothing was told of its work');
  return { step: step + 1, wait: (place - step) * (left.at - begun.at) * 1.05 };
}

/** Runs `hikae … --json` and ends it; `reached` is the last step that it had told by then. */
export async function runAndEnd(
  args: readonly string[],
  { moment, ending }: { readonly moment: Moment; readonly ending: Ending },
): Promise<Ran & { readonly reached: string }> {
  using running = new Running(args);
  let told = '';
  const isThere = Promise.withResolvers<void>();
  running.child.stderr?.on('data', (text: string) => {
    told += text;
    if (stepsIn(told).length >= moment.step) isThere.resolve();
  });
  await Promise.race([isThere.promise, running.end]);
  await passing(moment.wait);
  for (const signal of signals[ending]) running.kill(signal);
  const reached = stepsIn(told).at(-1)?.name ?? 'nothing';
  return { ...(await running.end), reached };
}

/** A timer of Node.js is a millisecond late, in which much happens. */
async function passing(milliseconds: number): Promise<void> {
  const until = performance.now() + milliseconds;
  if (milliseconds > 3) await new Promise((resolve) => setTimeout(resolve, milliseconds - 2));
  while (performance.now() < until);
}
