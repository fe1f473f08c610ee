/**
 * A program of its own, `watchdog RECORD MILLISECONDS`, that outlives the one who starts it: as soon as its stdin ends,
 * which is when that one is done or dead, and at the latest after the given time, it lets the containers of the record
 * go on. Who is asked to end the whole lot must not end this one before it has done so.
 */
import { goOn } from './go-on.ts';

/** Half a second each: an engine that is being restarted takes a while to answer. */
const TURNS = 240;

const [path = '', longest = '0'] = process.argv.slice(2);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE'] as const) process.on(signal, () => {});

const over = new Promise<void>((resolve) => {
  setTimeout(resolve, Number(longest));
  for (const end of ['end', 'error', 'close']) process.stdin.once(end, () => resolve());
});
process.stdin.resume();
process.stdout.on('error', () => {});
process.stdout.write('ready\n');
await over;
await goOn(path, { turns: TURNS, signal: new AbortController().signal });
process.exit(0);
