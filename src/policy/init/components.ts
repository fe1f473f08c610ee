/** The components of what belongs together: its folders, its databases, its volumes. */
import { basename } from 'node:path';
import type { Bilingual } from '../../base/language.ts';
import { isWithin } from '../paths.ts';
import { say } from '../wording.ts';
import type { Claim } from './claims.ts';
import type { Container, ContainerDatabase, Volume } from './containers.ts';
import type { DatabaseServer } from './database-servers.ts';
import { type Group, isDatabaseMount } from './groups.ts';
import type { ProposedComponent, Setting } from './proposed-policy.ts';
import { remarks } from './remarks.ts';

type Named = (wanted: string) => string;

/** What is covered by some other component. */
export interface Reach {
  /** all databases of the server */
  readonly isWhole: (server: DatabaseServer) => boolean;
  readonly isTaken: (path: string) => boolean;
  /** data folders of databases, which no component of files takes */
  readonly avoid: readonly string[];
}

/** Folders that a container has of the machine for looking, not for keeping. */
const notKept = [
  '/proc',
  '/sys',
  '/dev',
  '/run',
  '/var/run',
  '/tmp',
  '/etc',
  '/usr',
  '/lib',
  '/bin',
  '/sbin',
  '/boot',
  '/var/lib/docker',
  '/var/log',
  '/var/backups',
  '/snap',
];

export function folderComponents(group: Group, named: Named): readonly ProposedComponent[] {
  const components: ProposedComponent[] = [];
  const { folder, mail, web, databases, sites } = group;
  for (const path of mail)
    components.push({ name: named(basename(path)), remarks: [], settings: { files: path } });
  for (const path of web) {
    const isWordpress = sites.some((site) => isWithin(site.folder, path));
    const inside = databases.filter((other) => isWithin(other, path));
    const exclude = [...(isWordpress ? ['**/wp-content/cache/**'] : []), ...below(inside, path)];
    components.push({
      name: named(basename(path)),
      remarks: isWordpress ? [remarks.wordpress] : [],
      settings: { files: path, ...(exclude.length === 0 ? {} : { exclude }) },
    });
  }
  if (folder !== undefined && ![...mail, ...web].includes(folder)) {
    const inside = [...mail, ...web, ...databases].filter((other) => isWithin(other, folder));
    const exclude = below(inside, folder);
    const isDumped = group.containers.some(({ database }) => database !== undefined);
    const left =
      databases.length === 0 ? [] : [isDumped ? remarks.databaseFiles : remarks.strayDatabaseFiles];
    components.push({
      name: named(basename(folder)),
      remarks: [...(group.kind === 'plain' ? [] : [remarks.folder]), ...left],
      settings: { files: folder, ...(exclude.length === 0 ? {} : { exclude }) },
    });
  }
  return components;
}

/** Globs of folders that lie below another. */
export function below(paths: readonly string[], folder: string): string[] {
  const globs = paths
    .filter((path) => path !== folder)
    .map((path) => escapedGlob(path.slice(folder === '/' ? 0 : folder.length)));
  return [...new Set(globs)];
}

function escapedGlob(path: string): string {
  return path.replace(/[\\*?[\]{}()!+@]/g, '\\$&');
}

export function containerComponents(container: Container, named: Named): readonly ProposedComponent[] {
  const { name: containerName, database, running } = container;
  if (database === undefined) return [];
  const name = named(database.kind);
  const words = { container: containerName };
  const settings = { [database.kind]: addressIn(containerName, database) };
  if (!running)
    return [{ name, remarks: [say(remarks.containerStopped, words)], settings, isProposed: true }];
  return [{ name, remarks: containerRemarks(database, words), settings }];
}

function containerRemarks(database: ContainerDatabase, words: { container: string }): readonly Bilingual[] {
  const what = say(remarks.containerDatabase, words);
  if (database.kind === 'postgres') return [what];
  const login = database.password === undefined ? remarks.containerNoPassword : remarks.containerPassword;
  return [what, say(login, words)];
}

function addressIn(container: string, { user, password }: ContainerDatabase): Setting {
  return {
    docker: container,
    databases: 'all',
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password: { command: password } }),
  };
}

/** What the containers of a group write to besides: volumes, and folders that nobody takes yet. */
export function mountComponents(
  group: Group,
  volumes: readonly Volume[],
  { isTaken, avoid }: Reach,
  named: Named,
): readonly ProposedComponent[] {
  const components: ProposedComponent[] = [];
  const mounts = group.containers.flatMap(({ database, mounts }) =>
    mounts.filter((mount) => database === undefined || !isDatabaseMount(mount)),
  );
  const seen = new Set<string>();
  for (const { kind, source } of mounts) {
    if (seen.has(source)) continue;
    seen.add(source);
    if (kind === 'folder') {
      if (isTaken(source) || !isKept(source)) continue;
      const exclude = avoid.filter((path) => isWithin(path, source)).map(escapedGlob);
      const settings = { files: [source], ...(exclude.length === 0 ? {} : { exclude }) };
      components.push({ name: named(basename(source)), remarks: [remarks.mounted], settings });
    } else {
      const volume = volumes.find(({ name }) => name === source);
      if (volume?.unfit === 'driver')
        components.push({
          name: source,
          remarks: [say(remarks.unfitVolume, { volume: source })],
          settings: undefined,
        });
      else if (volume !== undefined && volume.unfit === undefined)
        components.push(volumeComponent(source, named));
    }
  }
  return components;
}

export function volumeComponent(volume: string, named: Named): ProposedComponent {
  return { name: named(volume), remarks: [remarks.volume], settings: { 'docker-volume': { volume } } };
}

function isKept(path: string): boolean {
  return path.split('/').length > 2 && !notKept.some((folder) => isWithin(path, folder));
}

/** The databases that programs of a group use on servers of this machine and of others. */
export function claimComponents(
  claims: readonly Claim[],
  why: Bilingual,
  { isWhole }: Reach,
  named: Named,
): readonly ProposedComponent[] {
  const components: ProposedComponent[] = [];
  const byServer = Map.groupBy(
    claims.filter((claim) => claim.on === 'server'),
    ({ server }) => server,
  );
  for (const [server, used] of byServer) {
    const databases = [...new Set(used.map(({ database }) => database))].sort();
    components.push(
      serverComponent(server, databases, [why, ...(isWhole(server) ? [remarks.later] : [])], named),
    );
  }
  for (const claim of claims) {
    if (claim.on !== 'elsewhere') continue;
    const { use, host, port } = claim;
    const { database, user, kind } = use;
    const password = { file: `/etc/hikae/${named(database)}.pw` };
    components.push({
      name: named(kind),
      remarks: [say(remarks.remoteDatabase, { database, host })],
      settings: {
        [kind]: {
          host,
          ...(port === undefined ? {} : { port }),
          ...(user === undefined ? {} : { user }),
          databases: [database],
          password,
        },
      },
      isProposed: true,
    });
  }
  return components;
}

const serverNames = { mysql: 'MySQL / MariaDB', postgres: 'PostgreSQL' } as const;
const usualSockets = { mysql: '/run/mysqld/mysqld.sock', postgres: '/run/postgresql' } as const;

export function serverComponent(
  server: DatabaseServer,
  databases: Setting,
  why: readonly Bilingual[],
  named: Named,
): ProposedComponent {
  const { kind, socket, port } = server;
  const settings = {
    [kind]: { socket: socket ?? usualSockets[kind], ...(port === undefined ? {} : { port }), databases },
  };
  const name = named(kind);
  if (socket === undefined) {
    const stopped = say(remarks.databaseStopped, { name: serverNames[kind] });
    return { name, remarks: [...why, stopped], settings, isProposed: true };
  }
  return { name, remarks: [...why, kind === 'mysql' ? remarks.mysqlLogin : remarks.postgresLogin], settings };
}
