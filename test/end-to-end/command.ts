/** The real command as the end-to-end tests run it: as a process of its own, or in this one with a clock that is set. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { realWorld } from '../../src/app/world.ts';
import { runCli } from '../../src/cli/cli.ts';
import type { Event } from '../../src/model/events.ts';
import type { SnapshotEntry } from '../../src/model/snapshot.ts';
import { quick } from '../vault/restic-taking.ts';

export const hikae = fileURLToPath(new URL('../../bin/hikae', import.meta.url));
export const NOBODY = 65_534;
export const isRoot = process.getuid?.() === 0;

/** A folder of its own for one test, which anybody may enter. */
export class Scratch {
  readonly path: string;

  constructor(parent = tmpdir()) {
    this.path = mkdtempSync(join(parent, 'hikae-end-to-end-'));
    chmodSync(this.path, 0o755);
  }

  at(...names: readonly string[]): string {
    return join(this.path, ...names);
  }

  /** Writes a file with the folders above it; gives its path. */
  write(name: string, content: string | Buffer, mode = 0o644): string {
    const path = this.at(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  }

  /** Writes a policy with a state folder here; JSON is YAML as well. */
  policy(content: object, name = 'policy.yaml'): string {
    const whole = { version: 1, host: 'test', timezone: 'Asia/Tokyo', state: this.at('state'), ...content };
    return this.write(name, JSON.stringify(whole, null, 2), 0o600);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** An error as it is told in results. */
export interface ToldError {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export interface ToldBackup {
  readonly outcome: string;
  readonly targets: readonly {
    readonly target: string;
    readonly outcome: string;
    readonly vault?: string;
    readonly snapshot?: SnapshotEntry;
    readonly from?: SnapshotEntry;
    readonly components: readonly {
      readonly name: string;
      readonly newBytes: number;
      readonly error?: ToldError;
    }[];
    readonly troubles: { readonly notes: number; readonly problems: number };
    readonly forget?: { readonly removed: readonly SnapshotEntry[]; readonly error?: ToldError };
    readonly error?: ToldError;
  }[];
}

export interface ToldRestore {
  readonly outcome: string;
  readonly vault?: string;
  readonly snapshot?: SnapshotEntry;
  readonly safety?: SnapshotEntry;
  readonly components: readonly { readonly component: string; readonly problems: number }[];
  readonly leftOut: readonly { readonly component: string; readonly error: ToldError }[];
  readonly error?: ToldError;
}

export interface Effect {
  readonly action: string;
  readonly path: string;
  readonly reasons: readonly string[];
}

export interface ToldPlan {
  readonly components: readonly { readonly component: string; readonly [action: string]: number | string }[];
  readonly effects: readonly Effect[];
}

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What was run with --json. */
export interface Told<Result> extends Ran {
  /** stdout as the one document that it must be */
  readonly result: Result & { readonly error?: ToldError };
  /** stderr as the JSON lines that it must be */
  readonly events: readonly Event[];
}

export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** who runs it, where the tests themselves are run by root */
  readonly uid?: number;
  /** a command that runs it: `faketime`, `unshare` … */
  readonly under?: readonly string[];
}

const environment = { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8', HOME: '/nonexistent' };

/** A command that runs. A test that fails must stop it: `using` does. */
export class Running {
  readonly child: ChildProcess;
  readonly end: Promise<Ran>;
  #stdout = '';
  #stderr = '';

  constructor(args: readonly string[], options: RunOptions = {}) {
    const [program = hikae, ...before] = [...(options.under ?? []), hikae];
    this.child = spawn(program, [...before, ...args], {
      env: { ...environment, ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.end = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (status) => {
        resolve({ status, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  /** Resolves when stderr has the text. */
  async told(text: string): Promise<void> {
    while (!this.#stderr.includes(text)) {
      if (this.child.exitCode !== null) throw new Error(`ended before it told ${text}:\n${this.#stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  [Symbol.dispose](): void {
    this.child.kill('SIGKILL');
  }
}

/** Runs the command as it stands to its end. */
export async function runPlain(args: readonly string[], options?: RunOptions): Promise<Ran> {
  using running = new Running(args, options);
  return await running.end;
}

/** Runs `hikae … --json` with a policy to its end. */
export async function run<Result = ToldBackup>(
  policy: string,
  args: readonly string[],
  options?: RunOptions,
): Promise<Told<Result>> {
  return told<Result>(await runPlain(withPolicy(policy, args), options));
}

/** The same within this process, at a time of day. */
export async function runAt<Result = ToldBackup>(
  time: string,
  policy: string,
  args: readonly string[],
  options?: HereOptions,
): Promise<Told<Result>> {
  const now = Date.parse(time);
  return here(policy, args, { ...options, now: () => now });
}

/**
 * The same within this process, where neither its start nor its end is the point: it takes a fraction of the time. Keys
 * that it makes cost next to nothing to try.
 */
export async function runHere<Result = ToldBackup>(
  policy: string,
  args: readonly string[],
  options: HereOptions = {},
): Promise<Told<Result>> {
  return here(policy, args, { ...options, now: Date.now });
}

type HereOptions = Pick<RunOptions, 'environment'>;

async function here<Result>(
  policy: string,
  args: readonly string[],
  { environment: more = {}, now }: HereOptions & { readonly now: () => number },
): Promise<Told<Result>> {
  const [stdout, stderr] = [new Kept(), new Kept()];
  const real = realWorld();
  using _ = inEnvironment(more);
  const status = await runCli({
    ...real,
    argv: withPolicy(policy, args),
    environment: { ...environment, ...more },
    stdout,
    stderr,
    clock: { now, elapsed: real.clock.elapsed },
    keyCost: quick,
    onInterrupt: () => () => {},
  });
  return told<Result>({ status, stdout: stdout.text, stderr: stderr.text });
}

/** Libraries look for some of it in the environment of the process. */
function inEnvironment(more: Readonly<Record<string, string>>): Disposable {
  const before = { ...process.env };
  Object.assign(process.env, more);
  return {
    [Symbol.dispose]() {
      for (const name of Object.keys(more)) delete process.env[name];
      Object.assign(process.env, before);
    },
  };
}

export function withPolicy(policy: string, args: readonly string[]): string[] {
  return ['--policy', policy, '--json', '--lang', 'en', ...args];
}

/** Throws where stdout or stderr is not what --json promises. */
export function told<Result>({ status, stdout, stderr }: Ran): Told<Result> {
  const lines = stderr.split('\n').filter((line) => line !== '');
  try {
    return {
      status,
      stdout,
      stderr,
      result: JSON.parse(stdout),
      events: lines.map((line) => JSON.parse(line)),
    };
  } catch (error) {
    throw new Error(`not JSON (status ${status})\nstdout: ${stdout}\nstderr: ${stderr}`, { cause: error });
  }
}

export function eventsOf<Type extends Event['type']>(
  { events }: { readonly events: readonly Event[] },
  type: Type,
): Extract<Event, { type: Type }>[] {
  return events.filter((event): event is Extract<Event, { type: Type }> => event.type === type);
}

class Kept extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
