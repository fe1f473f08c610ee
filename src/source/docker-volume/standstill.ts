/** The containers that use a volume, stopped while it is written and started afterwards: those that ran, and no others. */
import { isHikaeError } from '../../base/errors.ts';
import { ownProcess } from '../../base/process-identity.ts';
import type { ContainerDetails, Engine } from '../docker/engine.ts';
import { volumeErrors } from './errors.ts';
import { type Halted, haltPath, readHalt, removeHalt, writeHalt } from './halt-record.ts';
import type { VolumeHost } from './host.ts';

interface Options {
  readonly signal: AbortSignal;
}

/**
 * Those that run now and will have to stop, newest first; fails on one that would not come back as it was. A paused one
 * would go on with what it remembers of other data, and who paused it wants it to stay so.
 */
export async function usersToStop(
  volume: string,
  engine: Engine,
  { signal }: Options,
): Promise<readonly ContainerDetails[]> {
  const running: ContainerDetails[] = [];
  for (const { id } of await engine.usersOf(volume, { signal })) {
    const container = await engine.container(id, { signal });
    if (container?.running === true) running.push(container);
  }
  for (const container of running) {
    const reason = whyUnstoppable(container);
    if (reason !== undefined) {
      throw volumeErrors.VOLUME_USER_UNSTOPPABLE({ container: container.name, volume, reason });
    }
  }
  return running.sort((left, right) => (left.started > right.started ? -1 : 1));
}

function whyUnstoppable({ paused, vanishes, labels }: ContainerDetails): string | undefined {
  if (paused) return 'paused';
  if (vanishes) return 'docker run --rm';
  return labels['com.docker.swarm.service.name'] === undefined ? undefined : 'docker service';
}

/**
 * Stops them, works, and starts them again, also after a failure. A restore of this volume that was interrupted has left
 * its record: what it had stopped is started as well.
 */
export async function withStopped<Result>(
  volume: string,
  running: readonly ContainerDetails[],
  parts: { engine: Engine; host: VolumeHost; signal: AbortSignal },
  work: () => Promise<Result>,
): Promise<Result> {
  const { engine, host, signal } = parts;
  const path = haltPath(host.halts, 'stopped', volume);
  const toStart = started(running, readHalt(path)?.containers ?? []);
  if (toStart.length === 0) return await work();
  writeHalt(path, {
    kind: 'stopped',
    volume,
    socket: engine.socket,
    containers: toStart,
    since: host.clock.now(),
    owner: await ownProcess({ signal }),
  });
  let result: Result;
  try {
    for (const { id } of running) {
      signal.throwIfAborted();
      // To leave the engine in the middle of it would mean to start what then stops.
      await engine.stop(id, { signal: new AbortController().signal });
    }
    signal.throwIfAborted();
    result = await work();
  } catch (error) {
    // What it failed with is what has to be told; a container that doesn't start stays noted.
    await startAll(toStart, path, engine).catch(() => {});
    throw error;
  }
  await startAll(toStart, path, engine);
  return result;
}

/** In the order in which they were started: what others need comes first. */
function started(running: readonly ContainerDetails[], earlier: readonly Halted[]): Halted[] {
  const now = running.map(({ id, name }) => ({ id, name })).reverse();
  return [...earlier.filter(({ id }) => now.every((one) => one.id !== id)), ...now];
}

/** Cancelling doesn't reach this: a service has to come back whatever happened. */
async function startAll(containers: readonly Halted[], path: string, engine: Engine): Promise<void> {
  const { signal } = new AbortController();
  const failed: string[] = [];
  let failure: Error | undefined;
  for (const { id, name } of containers) {
    try {
      // One that has been removed meanwhile is nobody's to start.
      if ((await engine.container(id, { signal })) !== undefined) await engine.start(id, { signal });
    } catch (error) {
      if (!isHikaeError(error)) throw error;
      failure = error;
      failed.push(name);
    }
  }
  if (failure === undefined) {
    removeHalt(path);
    return;
  }
  const reason = failure.message;
  throw volumeErrors.VOLUME_USERS_NOT_STARTED({ containers: failed, reason }, { cause: failure });
}
