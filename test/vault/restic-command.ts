/** The restic command, as a judge of what hikae writes and as somebody who writes into the same repository. */
import { execFileSync, spawnSync } from 'node:child_process';
import { PASSWORD } from './restic-taking.ts';

export interface ResticOptions {
  /** another restic than that of this system */
  readonly program?: string;
  readonly password?: string;
  readonly folder?: string;
}

/** Runs it to a good end, and gives what it printed. */
export function restic(repository: string, args: readonly string[], options: ResticOptions = {}): string {
  const { program = 'restic', password = PASSWORD, folder } = options;
  return execFileSync(program, ['--repo', repository, '--no-cache', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 26,
    env: { PATH: process.env.PATH, RESTIC_PASSWORD: password, TZ: 'UTC', GOMAXPROCS: '2' },
    ...(folder === undefined ? {} : { cwd: folder }),
  });
}

/** What `check --read-data` says; it must be the sentence of a sound repository. `lock: false` passes by locks that are there. */
export function resticCheck(
  repository: string,
  { program = 'restic', lock = true }: ResticOptions & { readonly lock?: boolean } = {},
): string {
  const { stdout, stderr, status } = spawnSync(
    program,
    ['--repo', repository, '--no-cache', ...(lock ? [] : ['--no-lock']), 'check', '--read-data'],
    { encoding: 'utf8', env: { PATH: process.env.PATH, RESTIC_PASSWORD: PASSWORD, TZ: 'UTC' } },
  );
  return status === 0 && stdout.includes('no errors were found') ? 'sound' : `${stdout}\n${stderr}`;
}

export interface ResticSummary {
  readonly data_blobs: number;
  readonly tree_blobs: number;
  readonly snapshot_id: string;
}

export function resticBackup(
  repository: string,
  paths: readonly string[],
  args: readonly string[] = [],
  options: ResticOptions = {},
): ResticSummary {
  const lines = restic(repository, ['backup', '--json', ...args, ...paths], options)
    .trim()
    .split('\n');
  const summary = JSON.parse(lines.at(-1) ?? '') as ResticSummary & { message_type: string };
  if (summary.message_type !== 'summary') throw new Error(`restic ended with ${lines.at(-1)}`);
  return summary;
}
