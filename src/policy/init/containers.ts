/** What Docker runs here: containers, the databases in them, what they mount, and the volumes. */
import { basename } from 'node:path';
import { isWritable } from './folders.ts';
import type { Asked, InitHost } from './host.ts';

export interface FoundContainers {
  /** undefined: Docker isn't installed; false: it is, and didn't answer */
  readonly answered: boolean | undefined;
  readonly containers: readonly Container[];
  readonly volumes: readonly Volume[];
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly running: boolean;
  /** the database server that runs in it */
  readonly database: ContainerDatabase | undefined;
  readonly mounts: readonly ContainerMount[];
  /** the project of Compose that it belongs to, the folder of that, and its name in it */
  readonly project: string | undefined;
  readonly folder: string | undefined;
  readonly service: string | undefined;
  /** ports of this machine that lead into it */
  readonly ports: readonly number[];
}

export interface ContainerDatabase {
  readonly kind: 'mysql' | 'postgres';
  /** where it isn't the usual first user */
  readonly user: string | undefined;
  /** a command that prints the password from where the container has it; undefined where none is needed or known */
  readonly password: readonly string[] | undefined;
}

export interface ContainerMount {
  readonly kind: 'folder' | 'volume';
  /** a path of this machine, or the name of a volume */
  readonly source: string;
  /** where it is inside */
  readonly target: string;
}

export interface Volume {
  readonly name: string;
  /** undefined when it can be captured; why not */
  readonly unfit: 'driver' | 'anonymous' | undefined;
}

const mostContainers = 200;
const nothing = { containers: [], volumes: [] } as const;

export async function findContainers(host: InitHost, options: Asked): Promise<FoundContainers> {
  if (!(await host.hasProgram('docker', options))) return { ...nothing, answered: undefined };
  const listed = await host.output(['docker', 'ps', '--all', '--quiet', '--no-trunc'], options);
  if (listed === undefined) return { ...nothing, answered: false };
  const ids = linesOf(listed).slice(0, mostContainers);
  const inspected = ids.length === 0 ? [] : await inspect(host, ['container', 'inspect', ...ids], options);
  const containers: Container[] = [];
  for (const one of inspected) {
    const container = containerOf(one);
    if (container === undefined) continue;
    const kind = container.database ?? (await databaseByProcess(host, container, one, options));
    containers.push({ ...container, database: kind });
  }
  containers.sort((one, other) => (one.name < other.name ? -1 : 1));
  return { answered: true, containers, volumes: await findVolumes(host, options) };
}

async function findVolumes(host: InitHost, options: Asked): Promise<readonly Volume[]> {
  const names = linesOf((await host.output(['docker', 'volume', 'ls', '--quiet'], options)) ?? '').sort();
  if (names.length === 0) return [];
  const inspected = await inspect(host, ['volume', 'inspect', ...names], options);
  return inspected.flatMap((one): Volume[] => {
    const name = text(one, 'Name');
    if (name === undefined) return [];
    const plain = text(one, 'Driver') === 'local' && Object.keys(record(one, 'Options')).length === 0;
    // Nobody gave it a name: the image wanted a place to write to, and the next container gets another one.
    const anonymous = /^[0-9a-f]{64}$/.test(name);
    return [{ name, unfit: plain ? (anonymous ? 'anonymous' : undefined) : 'driver' }];
  });
}

/** What one of them is gone in the meantime doesn't count: the others are asked again without it. */
async function inspect(host: InitHost, argv: readonly string[], options: Asked): Promise<readonly unknown[]> {
  const [what = '', verb = '', ...names] = argv;
  const whole = parsed(await host.output(['docker', what, verb, ...names], options));
  if (whole !== undefined) return whole;
  const single: unknown[] = [];
  for (const name of names) {
    single.push(...(parsed(await host.output(['docker', what, verb, name], options)) ?? []));
  }
  return single;
}

function parsed(json: string | undefined): readonly unknown[] | undefined {
  if (json === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) ? value : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

function containerOf(one: unknown): Container | undefined {
  const name = text(one, 'Name')?.replace(/^\//, '');
  if (name === undefined) return undefined;
  const config = record(one, 'Config');
  const labels = record(config, 'Labels');
  const image = text(config, 'Image') ?? '';
  const words = [text(one, 'Path') ?? '', ...list(one, 'Args')].map((word) => basename(String(word)));
  const kind = words.map(kindOfProcess).find((found) => found !== undefined) ?? kindOfImage(image);
  const variables = variablesOf(config);
  return {
    name,
    image,
    running: record(one, 'State').Running === true,
    database: kind === undefined ? undefined : { kind, ...credentials(kind, name, variables) },
    mounts: list(one, 'Mounts').flatMap(mountOf),
    project: text(labels, 'com.docker.compose.project'),
    folder: text(labels, 'com.docker.compose.project.working_dir'),
    service: text(labels, 'com.docker.compose.service'),
    ports: Object.values(record(record(one, 'NetworkSettings'), 'Ports')).flatMap((bindings) =>
      (Array.isArray(bindings) ? bindings : []).flatMap((binding) => {
        const port = Number(text(binding, 'HostPort'));
        return Number.isInteger(port) && port > 0 ? [port] : [];
      }),
    ),
  };
}

/** What runs in it tells, where neither its image nor its command does. */
async function databaseByProcess(
  host: InitHost,
  { name, running }: Container,
  one: unknown,
  options: Asked,
): Promise<ContainerDatabase | undefined> {
  if (!running) return undefined;
  const processes = await host.output(['docker', 'top', name, '-e', '-o', 'pid,comm'], options);
  const kind = linesOf(processes ?? '')
    .map((line) => kindOfProcess(line.trim().split(/\s+/)[1] ?? ''))
    .find((found) => found !== undefined);
  if (kind === undefined) return undefined;
  return { kind, ...credentials(kind, name, variablesOf(record(one, 'Config'))) };
}

function kindOfProcess(name: string): ContainerDatabase['kind'] | undefined {
  if (/^(?:mysqld|mariadbd)(?:[_-]safe)?$/.test(name)) return 'mysql';
  return /^(?:postgres|postmaster)$/.test(name) ? 'postgres' : undefined;
}

/** By the image's own name: `docker.io/library/mariadb:11` is a server, `prom/mysqld-exporter` is none. */
function kindOfImage(image: string): ContainerDatabase['kind'] | undefined {
  const name = basename(image.replace(/@.*$/, '')).replace(/:.*$/, '');
  if (/^(?:mysql|mysql-server|mysql-community|mariadb|mariadb-server|percona|percona-server)$/.test(name))
    return 'mysql';
  return /^(?:postgres|postgresql|postgis|timescaledb(?:-ha)?|pgvector|pgvecto-rs)$/.test(name)
    ? 'postgres'
    : undefined;
}

/** The names of its environment's variables, with the values of those that are no secrets. */
function variablesOf(config: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  return new Map(
    list(config, 'Env').flatMap((entry): [string, string][] => {
      const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(String(entry)) ?? [];
      if (name === undefined || value === undefined || value === '') return [];
      return [[name, /^(?:POSTGRES(?:QL)?_USER(?:NAME)?|.*_FILE)$/.test(name) ? value : '']];
    }),
  );
}

const passwordVariables = ['MARIADB_ROOT_PASSWORD', 'MYSQL_ROOT_PASSWORD'] as const;

function credentials(
  kind: ContainerDatabase['kind'],
  name: string,
  variables: ReadonlyMap<string, string>,
): Pick<ContainerDatabase, 'user' | 'password'> {
  if (kind === 'postgres') {
    // Images let everybody in who comes from within the container, so no password is asked for.
    const user = variables.get('POSTGRES_USER') ?? variables.get('POSTGRESQL_USERNAME');
    return { user: user === 'postgres' ? undefined : user, password: undefined };
  }
  for (const variable of passwordVariables) {
    const file = variables.get(`${variable}_FILE`);
    if (file?.startsWith('/')) return { user: undefined, password: ['docker', 'exec', name, 'cat', file] };
    if (variables.has(variable))
      return { user: undefined, password: ['docker', 'exec', name, 'printenv', variable] };
  }
  return { user: undefined, password: undefined };
}

function mountOf(mount: unknown): readonly ContainerMount[] {
  const target = text(mount, 'Destination');
  if (target === undefined) return [];
  const [source, name] = [text(mount, 'Source'), text(mount, 'Name')];
  if (text(mount, 'Type') === 'volume')
    return name === undefined ? [] : [{ kind: 'volume', source: name, target }];
  return text(mount, 'Type') === 'bind' && source !== undefined && isWritable(source)
    ? [{ kind: 'folder', source: source.replace(/(.)\/+$/, '$1'), target }]
    : [];
}

function linesOf(output: string): string[] {
  return output.split('\n').filter((line) => line.trim() !== '');
}

function record(value: unknown, key: string): Readonly<Record<string, unknown>> {
  const inner = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? { ...inner } : {};
}

function list(value: unknown, key: string): readonly unknown[] {
  const inner: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return Array.isArray(inner) ? inner : [];
}

function text(value: unknown, key: string): string | undefined {
  const inner: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return typeof inner === 'string' ? inner : undefined;
}
