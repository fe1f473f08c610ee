/** Running what a policy says to run around a capture or a restore. */
import { runCommand } from '../base/child-process.ts';
import { type HikaeError, isHikaeError } from '../base/errors.ts';
import type { Emit } from '../model/events.ts';
import { operationErrors } from './errors.ts';

export interface Hooks {
  readonly before: readonly (readonly string[])[];
  readonly after: readonly (readonly string[])[];
  /** milliseconds that one command may take */
  readonly timeout: number;
}

interface HookOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** What the work came to, and what a hook after it failed with: a service that didn't come back undoes no work. */
export interface Hooked<Result> {
  readonly result: Result;
  readonly failure?: HikaeError;
}

/**
 * Runs `before`, the work, and then `after`: always, also when something before it failed or was cancelled. What the
 * work ended with wins over what a hook of `after` ended with.
 */
export async function withHooks<Result>(
  hooks: Hooks,
  options: HookOptions,
  work: () => Promise<Result>,
): Promise<Hooked<Result>> {
  let result: Result;
  try {
    for (const argv of hooks.before) await runHook('before', argv, hooks.timeout, options);
    result = await work();
  } catch (error) {
    await runAfter(hooks, options);
    throw error;
  }
  const failure = await runAfter(hooks, options);
  return failure === undefined ? { result } : { result, failure };
}

/** All of them, whichever fails; the first failure is returned. */
async function runAfter(hooks: Hooks, options: HookOptions): Promise<HikaeError | undefined> {
  // A service that was stopped for the backup has to come back whatever happened, so cancelling doesn't reach these.
  const unstoppable = { ...options, signal: new AbortController().signal };
  let failure: HikaeError | undefined;
  for (const argv of hooks.after) {
    try {
      await runHook('after', argv, hooks.timeout, unstoppable);
    } catch (error) {
      if (!isHikaeError(error)) throw error;
      failure ??= error;
    }
  }
  return failure;
}

async function runHook(
  when: 'before' | 'after',
  argv: readonly string[],
  timeout: number,
  { environment, emit, signal }: HookOptions,
): Promise<void> {
  emit({ type: 'hook.started', when, argv });
  try {
    await runCommand(argv, { environment, timeout, signal, leavesOthers: true });
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    throw operationErrors.HOOK_FAILED({ command: argv.join(' '), reason }, { cause: error });
  }
}
