/**
 * A process that outlives us: in a session of its own, at the other end of a pipe that only we hold. The pipe's end tells
 * it that we are done, or dead; nothing has to be sent for that.
 */
import { spawn } from 'node:child_process';

export interface OutlivingProcess {
  /** resolves when it has said that it is ready; rejects when it ends before */
  readonly ready: Promise<void>;
  /** resolves when it has ended: whether well */
  readonly ended: Promise<boolean>;
  /** Closes the pipe. */
  letGo(): void;
}

export function startOutliving(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): OutlivingProcess {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, {
    detached: true,
    cwd: '/',
    stdio: ['pipe', 'pipe', 'ignore'],
    env: environment as NodeJS.ProcessEnv,
  });
  child.unref();
  const ended = new Promise<boolean>((resolve) => {
    child.once('error', () => resolve(false));
    child.once('exit', (status) => resolve(status === 0));
  });
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('error', reject);
    child.once('exit', (status, signal) =>
      reject(new Error(`it ended with ${signal ?? `status ${status ?? '?'}`}`)),
    );
  });
  // Who doesn't wait for it learns of it by `ended`.
  ready.catch(() => {});
  child.stdin.on('error', () => {});
  return { ready, ended, letGo: () => child.stdin.destroy() };
}
