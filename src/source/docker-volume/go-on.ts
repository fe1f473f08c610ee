/** Letting paused containers go on: by us, by the process that watches us, or by the next run. */
import { delay } from '../../base/abort.ts';
import { isHikaeError } from '../../base/errors.ts';
import { openEngine } from '../docker/engine.ts';
import { volumeErrors } from './errors.ts';
import { type Halted, readHalt, removeHalt } from './halt-record.ts';

/** Between two tries, in milliseconds. */
const WAIT = 500;

/**
 * Unpauses the containers of a record and removes it. Each is tried several times, and none is left out because another
 * can't be unpaused; those that stay paused are an error, and the record stays as well. Returns those that had been
 * paused until now.
 */
export async function goOn(
  path: string,
  options: { turns: number; signal: AbortSignal },
): Promise<readonly Halted[]> {
  const record = readHalt(path);
  if (record === undefined) return [];
  const went: Halted[] = [];
  const engine = openEngine(record.socket);
  let left = record.containers;
  let failure: Error | undefined;
  for (let turn = 0; turn < options.turns && left.length > 0; turn++) {
    if (turn > 0) await delay(WAIT, options.signal);
    const failed: Halted[] = [];
    for (const container of left) {
      try {
        if (await engine.unpause(container.id, options)) went.push(container);
      } catch (error) {
        options.signal.throwIfAborted();
        if (!isHikaeError(error)) throw error;
        failure = error;
        failed.push(container);
      }
    }
    left = failed;
  }
  if (left.length > 0) {
    const containers = left.map(({ name }) => name);
    throw volumeErrors.VOLUME_STILL_PAUSED(
      { containers, reason: failure?.message ?? '' },
      { cause: failure },
    );
  }
  removeHalt(path);
  return went;
}
