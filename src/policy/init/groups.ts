/** What belongs together: a folder with what lies in it and the containers that work there, or a project of Compose. */
import { basename } from 'node:path';
import { isWithin } from '../paths.ts';
import type { Container } from './containers.ts';
import type { Discovery, Site } from './discovery.ts';
import { isProject } from './folders.ts';

export interface Group {
  readonly name: string;
  readonly kind: 'mail' | 'web' | 'app' | 'plain';
  /** all of it is taken */
  readonly folder: string | undefined;
  readonly mail: readonly string[];
  /** folders of web sites, none inside another */
  readonly web: readonly string[];
  readonly sites: readonly Site[];
  /** data folders of database servers that must not be copied */
  readonly databases: readonly string[];
  readonly containers: readonly Container[];
}

const mailWord = /dovecot|postfix|mailserver|mailcow|mailu|rspamd|opendkim|exim|stalwart|\bsogo\b/;

export function groupsOf(found: Discovery): readonly Group[] {
  const places = placesOf(found);
  const left = new Set(found.docker.containers.filter(isWorthKeeping));
  const groups = places.map((folder): Group => {
    const containers = [...left].filter((container) => worksIn(container, folder));
    for (const container of containers) left.delete(container);
    return groupOf(found, { name: basename(folder), folder, containers });
  });
  const projects = Map.groupBy(left, ({ project, name }) => project ?? name);
  for (const [name, containers] of projects)
    groups.push(groupOf(found, { name, folder: undefined, containers }));
  return [...groups, ...strayWeb(found, places)];
}

/** Folders that are taken as a whole: those of /srv, and where Compose and its kind keep their projects. */
function placesOf({ srv, folders, docker }: Discovery): readonly string[] {
  const projects = [...folders.compose, ...docker.containers.flatMap(({ folder }) => folder ?? [])].filter(
    isProject,
  );
  const all = [...new Set([...srv, ...projects])].sort();
  return all.filter((path) => !all.some((other) => other !== path && isWithin(path, other)));
}

function groupOf(
  found: Discovery,
  { name, folder, containers }: Pick<Group, 'name' | 'folder' | 'containers'>,
): Group {
  const inside = (path: string) => folder !== undefined && isWithin(path, folder);
  const mail = found.mail.folders.filter(inside);
  const sites = found.wordpress.filter((site) => inside(site.folder));
  const web = outermost([...found.folders.sites.filter(inside), ...sites.map((site) => site.folder)]).filter(
    (path) => !mail.some((other) => isWithin(path, other)),
  );
  const isMail =
    mail.length > 0 ||
    containers.some(({ image, service, name: own }) =>
      [basename(image), service ?? own].some((word) => mailWord.test(word)),
    );
  const isWeb = web.length > 0 || containers.some(({ image }) => /^wordpress\b/.test(basename(image)));
  const isApp = containers.length > 0 || (folder !== undefined && found.folders.compose.some(inside));
  return {
    name,
    kind: isMail ? 'mail' : isWeb ? 'web' : isApp ? 'app' : 'plain',
    folder,
    mail,
    web,
    sites,
    databases: databaseFolders(found, containers).filter(inside),
    containers,
  };
}

/** /var/www, and a WordPress in no place of its own. */
function strayWeb(found: Discovery, places: readonly string[]): readonly Group[] {
  const outside = (path: string) => !places.some((place) => isWithin(path, place));
  const sites = found.wordpress.filter((site) => outside(site.folder));
  const web = outermost([
    ...(found.www ? ['/var/www'] : []),
    ...found.folders.sites.filter(outside),
    ...sites.map((site) => site.folder),
  ]);
  const databases = found.folders.databases.filter((path) => web.some((folder) => isWithin(path, folder)));
  if (web.length === 0) return [];
  return [{ name: 'web', kind: 'web', folder: undefined, mail: [], web, sites, databases, containers: [] }];
}

/** By what was found in them, and by what a database's container mounts: it may not be readable, or empty as yet. */
function databaseFolders(found: Discovery, containers: readonly Container[]): readonly string[] {
  const mounted = containers
    .filter(({ database }) => database !== undefined)
    .flatMap(({ mounts }) => mounts.filter(isDatabaseMount).map(({ source }) => source));
  return outermost([...new Set([...found.folders.databases, ...mounted])]);
}

/** Where images of MySQL, MariaDB and PostgreSQL keep their data. */
export function isDatabaseMount({ target }: { readonly target: string }): boolean {
  return /^\/(?:var\/lib\/(?:mysql|postgresql|postgres)|bitnami\/(?:mysql|mariadb|postgresql))(?:\/|$)/.test(
    target,
  );
}

function isWorthKeeping({ database, mounts, project }: Container): boolean {
  return database !== undefined || mounts.length > 0 || project !== undefined;
}

function worksIn({ folder, mounts }: Container, place: string): boolean {
  if (folder !== undefined && isWithin(folder, place)) return true;
  return mounts.some(({ kind, source }) => kind === 'folder' && isWithin(source, place));
}

export function outermost(paths: readonly string[]): string[] {
  const once = [...new Set(paths)];
  return once.filter((path) => !once.some((other) => other !== path && isWithin(path, other)));
}
