/**
 * Runs the given test files, three at a time, and fails when a test does or when there was none. With CI=true, as continuous
 * integration sets it, a test that is skipped for want of something fails too.
 */
import { argv, env, stdout } from 'node:process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';
import { report } from './test-report.ts';

const setup = fileURLToPath(new URL('./test-setup.ts', import.meta.url));
/** A file that takes longer than this, in milliseconds, hangs. */
const timeout = env.HIKAE_LONG === '1' ? 7_200_000 : 900_000;
// Servers are waited for a third of the time, on two cores as well.
const events = run({ files: argv.slice(2), concurrency: 3, timeout, execArgv: ['--import', setup] });

let last = '';
async function* remembered(): AsyncGenerator<string> {
  for await (const text of report(events, { complete: env.CI === 'true' })) {
    last = text;
    yield text;
  }
}
await pipeline(Readable.from(remembered()), stdout, { end: false });
process.exitCode = /^[1-9]\d* passed, 0 failed$/.test(last.trim()) ? 0 : 1;
