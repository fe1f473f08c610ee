/**
 * What the engine answers, read strictly in what is needed and not at all in the rest. Engines that only speak Docker's
 * language leave fields out or set them to null where they hold nothing.
 */

export interface Volume {
  readonly name: string;
  readonly driver: string;
  /** where its content lies on the machine of the engine */
  readonly mountpoint: string;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Container {
  readonly id: string;
  readonly name: string;
  /** created, running, paused, restarting, removing, exited, dead */
  readonly state: string;
  readonly mounts: readonly { readonly volume: string; readonly writable: boolean }[];
}

export interface ContainerDetails {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly running: boolean;
  readonly paused: boolean;
  /** when it was started last, as the engine writes it: in order as text */
  readonly started: string;
  /** it is removed as soon as it stops */
  readonly vanishes: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

type Fields = Readonly<Record<string, unknown>>;

export function readRootFolder(body: unknown): string {
  return text(fields(body, 'engine'), 'DockerRootDir');
}

export function readVolume(body: unknown): Volume {
  const volume = fields(body, 'volume');
  return {
    name: text(volume, 'Name'),
    driver: text(volume, 'Driver'),
    mountpoint: text(volume, 'Mountpoint'),
    options: texts(volume.Options),
    labels: texts(volume.Labels),
  };
}

export function readContainers(body: unknown): Container[] {
  return list(body).map((one) => {
    const container = fields(one, 'container');
    const id = text(container, 'Id');
    const [name = id] = list(container.Names).map(String);
    const mounts = list(container.Mounts)
      .map((mount) => fields(mount, 'mount'))
      .filter(({ Type }) => Type === 'volume')
      .map(({ Name, RW }) => ({ volume: String(Name), writable: RW !== false }));
    return { id, name: name.replace(/^\//, ''), state: text(container, 'State'), mounts };
  });
}

export function readContainer(body: unknown): ContainerDetails {
  const container = fields(body, 'container');
  const state = fields(container.State, 'State');
  return {
    id: text(container, 'Id'),
    name: text(container, 'Name').replace(/^\//, ''),
    state: text(state, 'Status'),
    running: state.Running === true,
    paused: state.Paused === true,
    started: text(state, 'StartedAt'),
    vanishes: fields(container.HostConfig, 'HostConfig').AutoRemove === true,
    labels: texts(fields(container.Config, 'Config').Labels),
  };
}

function fields(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null) return value as Fields;
  throw new TypeError(`the Docker engine answered without ${what}`);
}

function text(from: Fields, name: string): string {
  const value = from[name];
  if (typeof value === 'string') return value;
  throw new TypeError(`the Docker engine answered without ${name}`);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function texts(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([name, said]) => [name, String(said)]));
}
