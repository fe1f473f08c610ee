/** Doing what the page of a recovery kit says, as it stands, with nothing but a shell. */
import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import { hikae, type Scratch } from './command.ts';

export function passwordIn(page: string): string {
  return /Password: (\S+) /.exec(page)?.[1] ?? '';
}

export interface FollowOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** lines that this place has no means for */
  readonly leaveOut?: RegExp;
}

/** Everything comes to `restored` below the scratch folder. */
export function followKit(
  page: string,
  scratch: Scratch,
  { environment = {}, leaveOut = /^$/ }: FollowOptions = {},
): void {
  const [english = ''] = page.split(/^-+$/m);
  const lines = [...english.matchAll(/^ {5}(.*)$/gm)].map(([, line = '']) => line);
  if (lines.length < 6) throw new Error(`these lines are too few: ${lines}`);
  const typed = lines
    // The access keys stand on no page.
    .filter((line) => !line.includes('…') && !leaveOut.test(line))
    .map((line) => line.replaceAll('/srv/restored', scratch.at('restored')));
  execFileSync('bash', ['-e', '-c', typed.join('\n')], {
    cwd: scratch.path,
    input: `${passwordIn(page)}\n`,
    env: {
      PATH: `${dirname(hikae)}:${process.env.PATH}`,
      HOME: '/nonexistent',
      LANG: 'C.UTF-8',
      ...environment,
    },
    stdio: ['pipe', 'ignore', 'inherit'],
  });
}
