/**
 * Restoring a volume in place: its files, with the containers that use it stopped and started around. A volume that has
 * gone is made again; with `keepOld` the old content becomes a volume of its own, and the new one starts empty.
 */

import type { ContainerDetails, Engine, Volume, VolumeDraft } from '../docker/engine.ts';
import type { RestoreCounts, RestoreEffect, RestorePlan, RestoreRequest, RestoreResult } from '../source.ts';
import type { VolumeHost } from './host.ts';
import { keptName, replaceContent } from './replacing.ts';
import { usersToStop, withStopped } from './standstill.ts';
import { filesAt, requireHere, requirePlain, requireVolumeName, type VolumeOrigin } from './volume.ts';

interface Options {
  readonly signal: AbortSignal;
}

export async function planVolumeRestore(
  request: RestoreRequest,
  origin: VolumeOrigin,
  host: VolumeHost,
  options: Options,
): Promise<RestorePlan> {
  const { volume: name } = origin;
  requireVolumeName(name);
  const engine = host.engine();
  const draft = draftOf(request, name);
  // What the snapshot says of a volume comes from a vault, and a mount must not be made at its word.
  requirePlain(draft);
  const volume = await engine.volume(name, options);
  if (volume === undefined) return planMissing(request, draft, engine, host, options);
  requirePlain(volume);
  requireHere(volume);
  const running = await usersToStop(name, engine, options);
  const parts = { request, volume, running, engine, host };
  return request.keepOld === true ? planReplaced(parts, options) : planInPlace(parts, options);
}

function draftOf({ reader, component }: RestoreRequest, name: string): VolumeDraft {
  const facts = reader.header.components.find((one) => one.name === component)?.facts?.volume;
  const { driver = 'local', options = {}, labels = {} } = facts ?? {};
  return { name, driver, options, labels };
}

interface Parts {
  readonly request: RestoreRequest;
  readonly volume: Volume;
  readonly running: readonly ContainerDetails[];
  readonly engine: Engine;
  readonly host: VolumeHost;
}

/** Files are planned anew when containers have been stopped: these write their last as they end. */
async function planInPlace(parts: Parts, options: Options): Promise<RestorePlan> {
  const { request, volume, running, engine, host } = parts;
  const planned = await planFiles(request, volume.mountpoint, host, options);
  const { create, change, remove } = planned.counts;
  const idle = create + change + remove === 0;
  return withEffects(idle ? [] : haltsOf(running), planned, async ({ signal, ...rest }) => {
    const toStop = idle ? [] : await usersToStop(volume.name, engine, { signal });
    return await withStopped(volume.name, toStop, { engine, host, signal }, async () => {
      const plan =
        toStop.length === 0 ? planned : await planFiles(request, volume.mountpoint, host, { signal });
      return await plan.execute({ ...rest, signal });
    });
  });
}

async function planReplaced(parts: Parts, options: Options): Promise<RestorePlan> {
  const { request, volume, running, engine, host } = parts;
  const kept = keptName(volume.name, host.clock.now());
  const planned = await planEmpty(request, volume.mountpoint, host, options);
  const keeps: RestoreEffect = {
    action: 'create',
    path: `docker volume ${kept}`,
    reasons: [`old content of ${volume.name}`],
    bytes: 0,
  };
  return withEffects([...haltsOf(running), keeps], planned, async ({ signal, ...rest }) => {
    const toStop = await usersToStop(volume.name, engine, { signal });
    return await withStopped(volume.name, toStop, { engine, host, signal }, () =>
      replaceContent(volume, kept, { engine, signal }, async () => {
        const plan = await planFiles(request, volume.mountpoint, host, { signal });
        return await plan.execute({ ...rest, signal });
      }),
    );
  });
}

async function planMissing(
  request: RestoreRequest,
  draft: VolumeDraft,
  engine: Engine,
  host: VolumeHost,
  options: Options,
): Promise<RestorePlan> {
  const { name } = draft;
  // Where the engine puts volumes, as far as that can be told beforehand.
  const planned = await planEmpty(
    request,
    `${await engine.rootFolder(options)}/volumes/${name}/_data`,
    host,
    options,
  );
  const makes: RestoreEffect = { action: 'create', path: `docker volume ${name}`, reasons: [], bytes: 0 };
  return withEffects([makes], planned, ({ signal, ...rest }) =>
    withStopped(name, [], { engine, host, signal }, async () => {
      const volume = await engine.createVolume(draft, { signal });
      requireHere(volume);
      const plan = await planFiles(request, volume.mountpoint, host, { signal });
      return await plan.execute({ ...rest, signal });
    }),
  );
}

function planFiles(request: RestoreRequest, mountpoint: string, { files }: VolumeHost, options: Options) {
  return files.planRestore({ ...request, origin: filesAt(mountpoint) }, options);
}

/** The plan for an empty folder at that place: made for a name beside it where nothing is, and shown as the place. */
async function planEmpty(
  request: RestoreRequest,
  mountpoint: string,
  host: VolumeHost,
  options: Options,
): Promise<RestorePlan> {
  const beside = `${mountpoint}.hikae-${Buffer.from(host.random(8)).toString('hex')}`;
  const plan = await planFiles(request, beside, host, options);
  return {
    ...plan,
    async *effects(asked) {
      for await (const batch of plan.effects(asked)) {
        yield batch.map((effect) => ({ ...effect, path: effect.path.replace(beside, mountpoint) }));
      }
    },
  };
}

function haltsOf(running: readonly ContainerDetails[]): RestoreEffect[] {
  return running.map(({ name }) => ({
    action: 'change',
    path: `docker container ${name}`,
    reasons: ['stopped', 'started afterwards'],
    bytes: 0,
  }));
}

/** A plan of files with more around it, which is told first. */
function withEffects(
  first: readonly RestoreEffect[],
  planned: RestorePlan,
  execute: (...args: Parameters<RestorePlan['execute']>) => Promise<RestoreResult>,
): RestorePlan {
  const count = (action: RestoreEffect['action']) =>
    planned.counts[action] + first.filter((effect) => effect.action === action).length;
  const counts: RestoreCounts = { ...planned.counts, create: count('create'), change: count('change') };
  let executed = false;
  return {
    counts,
    async *effects(options) {
      if (first.length > 0) yield first;
      yield* planned.effects(options);
    },
    async execute(options) {
      if (executed) throw new Error('a restore plan is executed once');
      executed = true;
      return await execute(options);
    },
  };
}
