/** What every operation that changes or proves something is wrapped in: a run with an outcome, in the events and in the ledger. */
import { isHikaeError } from '../base/errors.ts';
import type { Emit, Failure } from '../model/events.ts';
import { type Outcome, type Verb, worstOutcome } from '../model/run.ts';
import type { Parts } from './parts.ts';

export interface TargetEnd {
  readonly target: string;
  readonly outcome: Outcome;
  readonly error?: Error;
}

export interface RunRequest {
  readonly id: string;
  readonly verb: Verb;
  readonly targets: readonly string[];
}

/** What a run is told to and recorded by. */
export type RunParts = Pick<Parts, 'clock' | 'emit' | 'host' | 'ledger' | 'signal'>;

/** The outcome of the run is the worst of its targets'. A cancelled run is recorded and then ends with its reason. */
export async function runRecorded<End extends { readonly outcome: Outcome }>(
  request: RunRequest,
  parts: RunParts,
  work: (emit: Emit) => Promise<readonly End[]>,
): Promise<{ readonly outcome: Outcome; readonly ends: readonly End[] }> {
  const started = parts.clock.elapsed();
  const { verb, targets } = request;
  const recorder = await parts.ledger?.startRun({ ...request, host: parts.host }, { signal: parts.signal });
  const emit: Emit = (event) => {
    recorder?.record(event);
    parts.emit(event);
  };
  const finish = async (outcome: Outcome, error?: unknown) => {
    emit({ type: 'run.finished', verb, outcome, seconds: parts.clock.elapsed() - started });
    await recorder?.finish(outcome, error === undefined ? undefined : failureOf(error));
  };
  emit({ type: 'run.started', verb, targets });
  try {
    const ends = await work(emit);
    const outcome = worstOutcome(ends.map((end) => end.outcome));
    await finish(outcome);
    return { outcome, ends };
  } catch (error) {
    const { aborted, reason } = parts.signal;
    await finish(aborted ? 'cancelled' : 'failed', error === reason ? undefined : error);
    throw error;
  }
}

/** Does one target's part of a run; what it fails with ends this target, and only a cancellation ends the run. */
export async function runTarget<Result extends { readonly outcome: Outcome; readonly vault?: string }>(
  request: { readonly verb: Verb; readonly target: string; readonly vault: string },
  parts: Pick<Parts, 'clock' | 'signal'>,
  emit: Emit,
  work: () => Promise<Result>,
): Promise<Result | (TargetEnd & { readonly outcome: 'failed'; readonly error: Error })> {
  const { verb, target } = request;
  const started = parts.clock.elapsed();
  const finished = (outcome: Outcome, vault: string, error?: Error) => {
    const failure = error === undefined ? {} : { error: failureOf(error) };
    emit({
      type: 'target.finished',
      verb,
      target,
      vault,
      outcome,
      seconds: parts.clock.elapsed() - started,
      ...failure,
    });
  };
  emit({ type: 'target.started', ...request });
  try {
    const result = await work();
    const error = 'error' in result && result.error instanceof Error ? result.error : undefined;
    finished(result.outcome, result.vault ?? request.vault, error);
    return result;
  } catch (error) {
    parts.signal.throwIfAborted();
    // A bug is no outcome of a target: it ends everything, with its stack.
    if (!isHikaeError(error)) throw error;
    finished('failed', request.vault, error);
    return { target, outcome: 'failed', error };
  }
}

export function failureOf(error: unknown): Failure {
  if (isHikaeError(error)) {
    const { code, message, hint } = error;
    return { code, message, hint, ja: error.in('ja') };
  }
  return { code: 'UNEXPECTED', message: error instanceof Error ? error.message : String(error), hint: '' };
}
