/** Lines that stay, for logs and pipes: what begins and ends, what needs attention, and now and then how far it is. */
import { createNarrator } from './narrator.ts';
import { createProgressMeter } from './progress.ts';
import { plainProgress } from './progress-line.ts';
import type { Reporter, ReporterOptions } from './reporter.ts';
import { paint } from './tones.ts';

/** Seconds between two lines of progress. */
const PACE = 30;

export function openPlainLines(options: ReporterOptions): Reporter {
  const { stream, quiet, language, clock } = options;
  const narrate = createNarrator({ quiet, language });
  const meter = createProgressMeter(() => clock.elapsed());
  const colour = options.colour && stream.isTTY === true;
  const say = (line: string) => stream.write(`${line}\n`);
  let last = clock.elapsed();
  let running = false;

  // A run that hangs tells nothing; a timer shows how far it came.
  const timer = setInterval(() => {
    if (running && !quiet) tellProgress();
  }, PACE * 1000);
  timer.unref();

  function tellProgress(): void {
    last = clock.elapsed();
    say(plainProgress(meter.read(), language()));
  }

  return {
    say,
    receive(event) {
      if (event.type === 'run.started') running = true;
      if (event.type === 'run.finished') running = false;
      meter.receive(event);
      for (const line of narrate(event)) say(paint(line, colour));
      // A loop of synchronous calls lets no timer run.
      if (event.type === 'work.done' && !quiet && clock.elapsed() - last >= PACE) {
        tellProgress();
        timer.refresh();
      }
    },
    close() {
      clearInterval(timer);
    },
  };
}
