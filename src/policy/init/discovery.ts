/** What a machine has that is worth keeping, and a disk to keep it on. */
import { join } from 'node:path';
import { type Container, type ContainerMount, type FoundContainers, findContainers } from './containers.ts';
import { type DatabaseServer, findServers } from './database-servers.ts';
import { separateDisk } from './disks.ts';
import { type FoundFolders, isProject, isWritable, lookThrough } from './folders.ts';
import type { Asked, InitHost } from './host.ts';
import { type FoundMail, findMail } from './mail.ts';
import { type DatabaseUse, wordpressContent, wordpressDatabase } from './wordpress.ts';

export interface Site {
  /** a folder with a WordPress, or with what its owners upload */
  readonly folder: string;
  /** undefined where its configuration doesn't name it */
  readonly database: DatabaseUse | undefined;
}

export interface Discovery {
  readonly folders: FoundFolders;
  /** the folders of /srv */
  readonly srv: readonly string[];
  readonly www: boolean;
  readonly home: boolean;
  readonly wordpress: readonly Site[];
  readonly mail: FoundMail;
  readonly servers: readonly DatabaseServer[];
  readonly docker: FoundContainers;
  /** the mount point of a disk that holds nothing of the above */
  readonly disk: string | undefined;
  /** what could not be looked into */
  readonly denied: readonly string[];
}

export async function discover(host: InitHost, options: Asked): Promise<Discovery> {
  const docker = await withoutMissing(host, await findContainers(host, options), options);
  const folders = await lookThrough(host, projectsOf(docker), options);
  const mail = await findMail(host, folders.mail, options);
  const srv = await foldersOf(host, '/srv', options);
  const sources = [
    ...srv,
    ...mail.folders,
    ...docker.containers.flatMap(({ mounts }) =>
      mounts.filter(({ kind }) => kind === 'folder').map(({ source }) => source),
    ),
  ];
  return {
    folders,
    srv,
    www: (await host.kindOf('/var/www', options)) === 'folder',
    home: (await foldersOf(host, '/home', options)).length > 0,
    wordpress: [
      ...(await sitesIn(host, folders.wordpress, options)),
      ...(await packagedSites(host, options)),
    ],
    mail,
    servers: await findServers(host, options),
    docker,
    disk: separateDisk(await host.mounts(options), sources),
    denied: host.denied(),
  };
}

function projectsOf({ containers }: FoundContainers): readonly string[] {
  return [...new Set(containers.flatMap(({ folder }) => folder ?? []))].filter(isProject);
}

async function foldersOf(host: InitHost, path: string, options: Asked): Promise<readonly string[]> {
  return (await host.entries(path, options))
    .filter(({ kind }) => kind === 'folder')
    .map(({ name }) => join(path, name))
    .filter(isWritable);
}

async function sitesIn(host: InitHost, folders: readonly string[], options: Asked): Promise<readonly Site[]> {
  const sites: Site[] = [];
  for (const folder of folders) {
    const text = (await host.text(join(folder, 'wp-config.php'), options)) ?? '';
    sites.push({ folder, database: wordpressDatabase(text) });
  }
  return sites;
}

/** Debian's package has one configuration for each site, and the program itself elsewhere. */
async function packagedSites(host: InitHost, options: Asked): Promise<readonly Site[]> {
  const sites: Site[] = [];
  for (const { name, kind } of await host.entries('/etc/wordpress', options)) {
    if (kind !== 'file' || !/^config-.*\.php$/.test(name)) continue;
    const text = (await host.text(join('/etc/wordpress', name), options)) ?? '';
    const folder = wordpressContent(text) ?? '/var/lib/wordpress/wp-content';
    const database = wordpressDatabase(text);
    if ((await host.kindOf(folder, options)) === 'folder' && isWritable(folder))
      sites.push({ folder, database });
  }
  return sites;
}

/** Without mounts of what isn't there any more, as of a container that has long been stopped. */
async function withoutMissing(
  host: InitHost,
  docker: FoundContainers,
  options: Asked,
): Promise<FoundContainers> {
  const containers: Container[] = [];
  for (const container of docker.containers) {
    const mounts: ContainerMount[] = [];
    for (const mount of container.mounts) {
      const kind = mount.kind === 'volume' ? 'folder' : await host.kindOf(mount.source, options);
      if (kind === 'folder' || kind === 'file') mounts.push(mount);
    }
    containers.push({ ...container, mounts });
  }
  return { ...docker, containers };
}
