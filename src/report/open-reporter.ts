/** Chooses how the events of a run are told on stderr. */
import { createJsonLines } from './json-lines.ts';
import { needsAttention } from './narrator.ts';
import { openPlainLines } from './plain-lines.ts';
import type { Reporter, ReporterOptions } from './reporter.ts';

export async function openReporter(options: ReporterOptions): Promise<Reporter> {
  if (options.json) return openJsonLines(options);
  if (options.stream.isTTY !== true || options.quiet) return openPlainLines(options);
  // Only here, so that a run from cron doesn't load the library.
  const { openTerminal } = await import('./terminal.ts');
  return openTerminal(options);
}

function openJsonLines({ stream, quiet }: ReporterOptions): Reporter {
  const tell = createJsonLines((line) => stream.write(line));
  return {
    receive: (event) => {
      if (!quiet || needsAttention(event)) tell(event);
    },
    // Lines that are no events would break who reads JSON.
    say() {},
    close() {},
  };
}
