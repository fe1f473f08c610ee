/**
 * A Docker engine on this machine, as far as sources need it: its volumes, the containers that use them, and how these are
 * halted and go on. Every call waits for the engine's answer; what it refuses is an error that names the thing.
 */
import {
  type Container,
  type ContainerDetails,
  readContainer,
  readContainers,
  readRootFolder,
  readVolume,
  type Volume,
} from './answers.ts';
import { type Answer, type Call, callEngine } from './api.ts';
import { engineErrors } from './errors.ts';

export type { Container, ContainerDetails, Volume } from './answers.ts';

export type VolumeDraft = Omit<Volume, 'mountpoint'>;

interface Options {
  readonly signal: AbortSignal;
}

export interface Engine {
  readonly socket: string;
  /** the folder that it keeps everything in */
  rootFolder(options: Options): Promise<string>;
  /** undefined when there is none of that name */
  volume(name: string, options: Options): Promise<Volume | undefined>;
  createVolume(draft: VolumeDraft, options: Options): Promise<Volume>;
  removeVolume(name: string, options: Options): Promise<void>;
  /** the containers that have it mounted, in whatever state */
  usersOf(volume: string, options: Options): Promise<readonly Container[]>;
  /** by id or name; undefined when there is none */
  container(id: string, options: Options): Promise<ContainerDetails | undefined>;
  /** Halts the processes of a running container; false when it was paused already, or doesn't run. */
  pause(id: string, options: Options): Promise<boolean>;
  /** Lets them go on; false when there was nothing to do: it isn't paused, or has gone. */
  unpause(id: string, options: Options): Promise<boolean>;
  /** Ends a container as its own settings say, by force after their grace. */
  stop(id: string, options: Options): Promise<void>;
  start(id: string, options: Options): Promise<void>;
}

export function openEngine(socket: string): Engine {
  const call = (one: Call, { signal }: Options) => callEngine(socket, one, signal);
  const change = async (method: 'POST' | 'DELETE', path: string, deed: string, options: Options) => {
    const answer = await call({ method, path }, options);
    if (!isDone(answer)) throw refusal(answer, deed);
  };
  const engine: Engine = {
    socket,
    async rootFolder(options) {
      return readRootFolder(done(await call({ method: 'GET', path: '/info' }, options), 'tell about itself'));
    },
    async volume(name, options) {
      const answer = await call({ method: 'GET', path: `/volumes/${encodeURIComponent(name)}` }, options);
      return answer.status === 404 ? undefined : readVolume(done(answer, `look at the volume ${name}`));
    },
    async createVolume({ name, driver, options: driverOptions, labels }, options) {
      const body = { Name: name, Driver: driver, DriverOpts: driverOptions, Labels: labels };
      const answer = await call({ method: 'POST', path: '/volumes/create', body }, options);
      return readVolume(done(answer, `make the volume ${name}`));
    },
    removeVolume: (name, options) =>
      change('DELETE', `/volumes/${encodeURIComponent(name)}`, `remove the volume ${name}`, options),
    async usersOf(volume, options) {
      // The engine's filter also takes a container that mounts something at a path of that name.
      const filters = encodeURIComponent(JSON.stringify({ volume: [volume] }));
      const answer = await call(
        { method: 'GET', path: `/containers/json?all=1&filters=${filters}` },
        options,
      );
      const found = readContainers(done(answer, 'list its containers'));
      return found.filter(({ mounts }) => mounts.some((mount) => mount.volume === volume));
    },
    async container(id, options) {
      const answer = await call(
        { method: 'GET', path: `/containers/${encodeURIComponent(id)}/json` },
        options,
      );
      return answer.status === 404 ? undefined : readContainer(done(answer, `look at the container ${id}`));
    },
    async pause(id, options) {
      const answer = await call(
        { method: 'POST', path: `/containers/${encodeURIComponent(id)}/pause` },
        options,
      );
      if (isDone(answer)) return true;
      const now = await engine.container(id, options);
      if (now === undefined || now.paused || !now.running) return false;
      throw refusal(answer, `pause the container ${now.name}`);
    },
    async unpause(id, options) {
      const path = `/containers/${encodeURIComponent(id)}/unpause`;
      const answer = await call({ method: 'POST', path }, options);
      if (isDone(answer)) return true;
      const now = await engine.container(id, options);
      if (now?.paused === true) throw refusal(answer, `unpause the container ${now.name}`);
      return false;
    },
    stop: (id, options) =>
      change('POST', `/containers/${encodeURIComponent(id)}/stop`, `stop the container ${id}`, options),
    start: (id, options) =>
      change('POST', `/containers/${encodeURIComponent(id)}/start`, `start the container ${id}`, options),
  };
  return engine;
}

/** 304: it was so already. */
function isDone({ status }: Answer): boolean {
  return (status >= 200 && status < 300) || status === 304;
}

function done(answer: Answer, deed: string): unknown {
  if (!isDone(answer)) throw refusal(answer, deed);
  return answer.body;
}

function refusal({ status, body }: Answer, deed: string) {
  const said = typeof body === 'object' && body !== null && 'message' in body ? String(body.message) : '';
  return engineErrors.ENGINE_REFUSED({ deed, reason: said || `status ${status}` });
}
