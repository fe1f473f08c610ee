/** What an earlier run that ended in the middle has left standing still: it goes on, or a person is told. */
import { isHikaeError } from '../../base/errors.ts';
import { isRunning } from '../../base/process-identity.ts';
import type { Emit } from '../../model/events.ts';
import { openEngine } from '../docker/engine.ts';
import { goOn } from './go-on.ts';
import { type HaltRecord, listHalts, readHalt, removeHalt } from './halt-record.ts';

interface Options {
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/**
 * Looks through the records of a folder. What was paused is unpaused. What was stopped for a restore stays stopped, because
 * it would find half of its data: the restore has to be run again, and then starts it.
 */
export async function settleHalts(folder: string, { emit, signal }: Options): Promise<void> {
  for (const path of listHalts(folder)) {
    const record = readHalt(path);
    if (record === undefined || (await isRunning(record.owner, { signal }))) continue;
    const facts = { volume: record.volume, since: new Date(record.since).toISOString() };
    try {
      if (record.kind === 'paused') {
        const containers = (await goOn(path, { turns: 1, signal })).map(({ name }) => name);
        if (containers.length > 0)
          emit({ type: 'warning', code: 'containers-unpaused', facts: { ...facts, containers } });
        continue;
      }
      const containers = await notRunning(record, signal);
      if (containers.length === 0) removeHalt(path);
      else emit({ type: 'warning', code: 'containers-stopped', facts: { ...facts, containers } });
    } catch (error) {
      signal.throwIfAborted();
      if (!isHikaeError(error)) throw error;
      const containers = record.containers.map(({ name }) => name);
      const reason = error.message;
      emit({ type: 'warning', code: 'containers-still', facts: { ...facts, containers, reason } });
    }
  }
}

async function notRunning({ socket, containers }: HaltRecord, signal: AbortSignal): Promise<string[]> {
  const engine = openEngine(socket);
  const found: string[] = [];
  for (const { id } of containers) {
    const now = await engine.container(id, { signal });
    if (now !== undefined && !now.running) found.push(now.name);
  }
  return found;
}
