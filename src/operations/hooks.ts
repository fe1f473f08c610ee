/** Running what a policy says to run around a capture or a restore. */
import { runCommand } from '../base/child-process.ts';
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

/**
 * Runs `before`, the work, and then `after`: always, also when something before it failed or was cancelled. What the
 * work ended with wins over what a hook of `after` ended with.
 */
export async function withHooks<Result>(
  hooks: Hooks,
  options: HookOptions,
  work: () => Promise<Result>,
): Promise<Result> {
  const failures: unknown[] = [];
  let result: Result | undefined;
  try {
    for (const argv of hooks.before) await runHook('before', argv, hooks.timeout, options);
    result = await work();
  } catch (error) {
    failures.push(error);
  }
  // A service that was stopped for the backup has to come back whatever happened, so cancelling doesn't reach these.
  const unstoppable = { ...options, signal: new AbortController().signal };
  for (const argv of hooks.after) {
    try {
      await runHook('after', argv, hooks.timeout, unstoppable);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return result as Result;
}

async function runHook(
  when: 'before' | 'after',
  argv: readonly string[],
  timeout: number,
  { environment, emit, signal }: HookOptions,
): Promise<void> {
  emit({ type: 'hook.started', when, argv });
  try {
    await runCommand(argv, { environment, timeout, signal });
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    throw operationErrors.HOOK_FAILED({ command: argv.join(' '), reason }, { cause: error });
  }
}
