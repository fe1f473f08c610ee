/** Runs of the command that are ended from outside, at a moment that is chosen by the steps that they tell. */
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
  /** milliseconds from some moment */
  readonly at: number;
}

export interface Observed extends Ran {
  readonly steps: readonly Step[];
  /** the last step that had been told when it was ended, or had ended by itself */
  readonly reached: string;
}

export interface Moment {
  /** after so many steps, from 1 */
  readonly step: number;
  /** milliseconds after it */
  readonly wait: number;
}

/** Runs `hikae … --json` until it ends by itself or is ended. */
export async function observe(
  args: readonly string[],
  end?: { readonly moment: Moment; readonly ending: Ending },
): Promise<Observed> {
  using running = new Running(args);
  const steps: Step[] = [];
  let published = 0;
  let rest = '';
  const reached = Promise.withResolvers<void>();
  running.child.stderr?.on('data', (text: string) => {
    const at = performance.now();
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const { type, phase } = JSON.parse(line) as { readonly type: string; readonly phase?: string };
      // How often these come depends on the machine.
      if (type === 'work.done' || type === 'warning') continue;
      if (type === 'snapshot.copied' || type === 'snapshot.published') published += 1;
      steps.push({ name: published === 0 ? (phase ?? type) : `${phase ?? type}, ${published}`, at });
      if (steps.length === end?.moment.step) reached.resolve();
    }
  });
  let at = Number.POSITIVE_INFINITY;
  if (end !== undefined) {
    await Promise.race([reached.promise, running.end]);
    await passing(end.moment.wait);
    for (const signal of signals[end.ending]) running.kill(signal);
    at = steps.length;
  }
  const ran = await running.end;
  return { ...ran, steps, reached: steps[Math.min(at, steps.length) - 1]?.name ?? 'nothing' };
}

/** A timer of Node.js is a millisecond late, in which much happens. */
async function passing(milliseconds: number): Promise<void> {
  const until = performance.now() + milliseconds;
  if (milliseconds > 3) await new Promise((resolve) => setTimeout(resolve, milliseconds - 2));
  while (performance.now() < until);
}

/**
 * A moment for the `number`th of `count` ends, which lie spread over the steps of a run that nobody ended: each step of its
 * work has the same chance, however short it is.
 */
export function momentOf(
  { steps }: Observed,
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
