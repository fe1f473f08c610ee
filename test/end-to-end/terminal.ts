/** The command on a terminal, which util-linux's script(1) makes. */
import { spawn } from 'node:child_process';
import { hikae, type Ran } from './command.ts';

export interface TerminalOptions {
  /** what is typed, each when its question has been asked */
  readonly answers?: readonly (readonly [question: string, answer: string])[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs it to its end. stdout is all that the terminal has shown. */
export async function runOnTerminal(
  args: readonly string[],
  { answers = [], environment = {} }: TerminalOptions = {},
): Promise<Ran> {
  const line = [hikae, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
    env: {
      PATH: process.env.PATH ?? '',
      LANG: 'C.UTF-8',
      HOME: '/nonexistent',
      TERM: 'dumb',
      ...environment,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const waiting = [...answers];
  let stdout = '';
  let seen = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    const [next] = waiting;
    const at = next === undefined ? -1 : stdout.indexOf(next[0], seen);
    if (next === undefined || at < 0) return;
    seen = at + next[0].length;
    waiting.shift();
    child.stdin.write(`${next[1]}\r`);
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { status, stdout: stdout.replaceAll('\r\n', '\n'), stderr: '' };
}
