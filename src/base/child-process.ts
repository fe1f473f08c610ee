/**
 * Running other programs: by an argument array, never through a shell, each in a process group of its own that ends
 * with the signal, the time limit, or us.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { defineErrors } from './errors.ts';

export const processErrors = defineErrors({
  COMMAND_NOT_STARTED: {
    message: {
      en: 'the command {command} could not be started: {reason}',
      ja: 'コマンド {command} を起動できませんでした: {reason}',
    },
    hint: {
      en: 'Check that the program is installed and that its path in the policy is right.',
      ja: 'プログラムがインストールされているか、ポリシーのパスが正しいかを確かめてください。',
    },
  },
  COMMAND_FAILED: {
    transient: true,
    message: {
      en: 'the command {command} ended with {ending}: {said}',
      ja: 'コマンド {command} は {ending} で終わりました: {said}',
    },
    hint: {
      en: 'Run the same command by hand as the same user to see why.',
      ja: '同じユーザーで同じコマンドを手で実行し、原因を調べてください。',
    },
  },
  COMMAND_TIMED_OUT: {
    transient: true,
    message: {
      en: 'the command {command} took longer than {seconds} s and was ended',
      ja: 'コマンド {command} は {seconds} 秒を超えたため終了させました',
    },
    hint: {
      en: 'Raise its timeout in the policy, or find out what it waits for.',
      ja: 'ポリシーの timeout を延ばすか、何を待っているのかを調べてください。',
    },
  },
});

export interface CommandOptions {
  readonly signal: AbortSignal;
  /** the whole environment of the child */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly timeout?: number;
  readonly folder?: string;
  /** what it reads on stdin; when this ends with an error the child is ended too, and the error passed on */
  readonly input?: AsyncIterable<Uint8Array>;
  /** who it runs as, where we are root */
  readonly identity?: { readonly uid: number; readonly gid: number };
  /** gets the end of what it said on stderr when it has ended well; when it hasn't, the error says it */
  readonly said?: (text: string) => void;
  /** What it leaves running when it ends, as one who starts a service does, is not waited for. */
  readonly leavesOthers?: boolean;
}

/** How much of what a child says on stderr is kept for the error's text. */
const SAID = 4_096;
/** How long a child may take to end after SIGTERM before it gets SIGKILL, in milliseconds. */
const GRACE = 5_000;
const POLL = 20;
/** How long the pipes of a command that has ended are read on where others may hold them. */
const LINGER = 200;

/** Runs a command to its end; what it prints on stdout is returned, up to `most` bytes. */
export async function runCommand(
  argv: readonly string[],
  options: CommandOptions & { most?: number },
): Promise<Buffer> {
  const most = options.most ?? 1_048_576;
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of streamCommand(argv, options)) {
    if (size < most) parts.push(Buffer.from(part.subarray(0, most - size)));
    size += part.length;
  }
  return Buffer.concat(parts);
}

/** What a command prints on stdout, as it comes. The stream ends well only if the command does (status 0). */
export async function* streamCommand(
  argv: readonly string[],
  options: CommandOptions,
): AsyncGenerator<Uint8Array> {
  options.signal.throwIfAborted();
  const command = argv.join(' ');
  const child = start(argv, options);
  const said = keepTail(child.stderr as Readable);
  const ending = endOf(child);
  let expired = false;
  let hungUp = false;
  const hangUp = () => {
    hungUp = true;
    child.stdout?.destroy();
    child.stderr?.destroy();
  };
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= endGroup(child).then(hangUp);
  };
  if (options.leavesOthers === true) child.once('exit', () => setTimeout(hangUp, LINGER));
  options.signal.addEventListener('abort', stop, { once: true });
  const dieWithUs = () => killGroup(child);
  process.on('exit', dieWithUs);
  const fed = feed(child, options.input, stop);
  // It is looked at when the output has ended.
  fed.catch(() => {});
  const limit = options.timeout;
  const timer =
    limit === undefined
      ? undefined
      : setTimeout(() => {
          expired = true;
          stop();
        }, limit);
  try {
    try {
      for await (const part of child.stdout as Readable) yield part as Buffer;
    } catch (error) {
      // Whether it had ended, and how, is told below.
      if (!hungUp) throw error;
    }
    const end = await ending;
    options.signal.throwIfAborted();
    await fed;
    if (expired) throw processErrors.COMMAND_TIMED_OUT({ command, seconds: (limit ?? 0) / 1000 });
    if (end.error !== undefined)
      throw processErrors.COMMAND_NOT_STARTED({ command, reason: end.error.message }, { cause: end.error });
    if (end.status !== 0) {
      throw processErrors.COMMAND_FAILED({
        command,
        ending: end.signal ?? `status ${end.status}`,
        said: said().trim(),
      });
    }
    options.said?.(said());
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener('abort', stop);
    if (child.exitCode === null && child.signalCode === null) stop();
    await ending;
    await stopped;
    await fed.catch(() => {});
    process.off('exit', dieWithUs);
  }
}

function start(argv: readonly string[], options: CommandOptions): ChildProcess {
  const [program = '', ...args] = argv;
  return spawn(program, args, {
    detached: true,
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: options.environment as NodeJS.ProcessEnv,
    ...options.identity,
    ...(options.folder === undefined ? {} : { cwd: options.folder }),
  });
}

/**
 * Writes the input as fast as it is taken. An input that breaks off must not look like one that is whole: the child is
 * ended before it could see the end of the file. That a child stops reading is no error here; how it ended tells.
 */
async function feed(
  child: ChildProcess,
  input: AsyncIterable<Uint8Array> | undefined,
  stop: () => void,
): Promise<void> {
  const { stdin } = child;
  if (input === undefined || stdin === null) return;
  let closed = false;
  const closing = new Promise<undefined>((resolve) => {
    stdin.once('close', () => {
      closed = true;
      resolve(undefined);
    });
  });
  stdin.on('error', () => {});
  const parts = input[Symbol.asyncIterator]();
  try {
    for (;;) {
      // An input may have nothing to give for long, and a child that is gone wants nothing any more.
      const next = await Promise.race([parts.next(), closing]);
      if (next?.done === true) break;
      if (next === undefined || closed) {
        parts.return?.().catch(() => {});
        return;
      }
      if (!stdin.write(next.value)) await writable(stdin);
    }
    stdin.end();
  } catch (error) {
    stop();
    throw error;
  }
}

function writable(stdin: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stdin.off('drain', done).off('close', done);
      resolve();
    };
    stdin.on('drain', done).on('close', done);
  });
}

interface Ending {
  readonly status: number | null;
  readonly signal: string | null;
  readonly error?: Error;
}

function endOf(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ status: null, signal: null, error }));
    child.once('close', (status, signal) => resolve({ status, signal }));
  });
}

/**
 * Ends the child and everything that it started; what doesn't listen is killed after a while. A group may outlive its
 * leader, and one who has left the group may hold the other end of our pipes.
 */
async function endGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  const group = -child.pid;
  signalGroup(group, 'SIGTERM');
  for (let waited = 0; waited < GRACE && signalGroup(group, 0); waited += POLL) {
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
  killGroup(child);
}

function killGroup({ pid }: ChildProcess): void {
  if (pid !== undefined) signalGroup(-pid, 'SIGKILL');
}

/** False when nobody is left in the group. */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(group, signal);
  } catch {
    return false;
  }
}

function keepTail(stream: Readable): () => string {
  let tail = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-SAID);
  });
  return () => tail;
}
