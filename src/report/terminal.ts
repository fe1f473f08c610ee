/** A line of progress at the bottom of the terminal, with what happens above it; it goes when the run is done. */
import cliProgress from 'cli-progress';
import { createNarrator } from './narrator.ts';
import { createProgressMeter } from './progress.ts';
import { progressLine } from './progress-line.ts';
import type { Reporter, ReporterOptions } from './reporter.ts';
import { paint } from './tones.ts';

const REDRAWS_A_SECOND = 5;

export function openTerminal(options: ReporterOptions): Reporter {
  const { stream, quiet, language, clock } = options;
  const narrate = createNarrator({ quiet, language });
  const meter = createProgressMeter(() => clock.elapsed());
  let bars: cliProgress.MultiBar | undefined;

  function show(): void {
    if (bars !== undefined) return;
    bars = new cliProgress.MultiBar({
      stream,
      fps: REDRAWS_A_SECOND,
      // A terminal that was given no size says 0. The last column stays free: a character in it makes some terminals begin a new line.
      format: () => progressLine(meter.read(), language(), (stream.columns || 80) - 1),
      forceRedraw: true,
      clearOnComplete: true,
      // Nothing is changed about the terminal that a sudden end would leave behind.
      linewrap: true,
      hideCursor: false,
      gracefulExit: false,
    });
    bars.create(1, 0);
  }

  function hide(): void {
    // Lines that wait for the next redraw are shown before the bar goes.
    bars?.update();
    bars?.stop();
    bars = undefined;
  }

  function say(line: string): void {
    if (bars === undefined) stream.write(`${line}\n`);
    else bars.log(`${line}\n`);
  }

  return {
    say,
    receive(event) {
      if (event.type === 'run.finished') hide();
      meter.receive(event);
      for (const line of narrate(event)) say(paint(line, options.colour));
      if (event.type === 'target.started') show();
    },
    close: hide,
  };
}
