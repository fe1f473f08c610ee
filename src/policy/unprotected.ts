/** What a machine has that is worth keeping and that no component of a policy takes. */
import type { Bilingual } from '../base/language.ts';
import { type Gap, gap } from './gap.ts';
import { claimOf } from './init/claims.ts';
import type { DatabaseServer } from './init/database-servers.ts';
import type { Discovery } from './init/discovery.ts';
import { isDatabaseMount } from './init/groups.ts';
import type { DatabaseUse } from './init/wordpress.ts';
import { componentsOf } from './meaning.ts';
import { isWithin } from './paths.ts';
import type { Component, Policy } from './policy-file.ts';
import { say } from './wording.ts';

const whats = {
  mail: { en: 'the mail folder {path}', ja: 'メールフォルダー {path}' },
  keys: { en: 'the folder of DKIM keys {path}', ja: 'DKIM 鍵のフォルダー {path}' },
  site: { en: 'the WordPress in {path}', ja: '{path} の WordPress' },
  siteDatabase: {
    en: 'the database {database} of the WordPress in {path}',
    ja: '{path} の WordPress のデータベース {database}',
  },
  mailDatabase: {
    en: 'the database {database} that the mail server looks into',
    ja: 'メールサーバーが参照するデータベース {database}',
  },
  database: { en: 'the database {database} at {socket}', ja: '{socket} のデータベース {database}' },
  server: { en: 'the {kind} server at {socket}', ja: '{socket} の {kind} サーバー' },
  container: {
    en: 'what the database in the container {container} holds',
    ja: 'コンテナー {container} のデータベース',
  },
  volume: { en: 'the Docker volume {volume}', ja: 'Docker ボリューム {volume}' },
} as const satisfies Record<string, Bilingual>;

type Kind = DatabaseUse['kind'];
const kindNames = { mysql: 'MySQL / MariaDB', postgres: 'PostgreSQL' } as const;
const loopback = new Set(['127.0.0.1', '::1', 'localhost']);
const usualPorts = { mysql: 3306, postgres: 5432 } as const;

export function foundGaps(policy: Policy, found: Discovery): readonly Gap[] {
  const components = componentsOf(policy);
  const taken = components.map(({ component }) => component);
  return [
    ...pathsLeft(taken, found),
    ...databasesLeft(taken, found),
    ...serversLeft(taken, found),
    ...dockerGaps(components, found),
  ];
}

function unprotected(what: Bilingual): Gap {
  return gap('unprotected', 'targets', { what });
}

function pathsLeft(taken: readonly Component[], { mail, wordpress }: Discovery): readonly Gap[] {
  const paths = [
    ...mail.folders.map((path) => ({ path, what: whats.mail })),
    ...mail.keys.map((path) => ({ path, what: whats.keys })),
    ...wordpress.map(({ folder }) => ({ path: folder, what: whats.site })),
  ];
  return paths
    .filter(({ path }) => !taken.some((component) => takesPath(component, path)))
    .map(({ path, what }) => unprotected(say(what, { path })));
}

/** Globs that leave out some of it are the author's will; one that names it, or a folder above it, leaves it out. */
function takesPath({ files, exclude = [] }: Component, path: string): boolean {
  if (files === undefined) return false;
  return files.roots.some((root) => {
    if (!isWithin(path, root)) return false;
    const below = files.layout === 'folder' ? path.slice(root === '/' ? 0 : root.length) : path;
    const literal = exclude.map((glob) => `/${glob.replace(/\\(.)/g, '$1').replace(/^\/|\/$/g, '')}`);
    return !literal.some((folder) => isWithin(below, folder));
  });
}

/** Databases that a program was found to use. */
function databasesLeft(taken: readonly Component[], found: Discovery): readonly Gap[] {
  const used = [
    ...found.wordpress.flatMap(({ folder, database }) =>
      database === undefined ? [] : [{ use: database, what: whats.siteDatabase, path: folder }],
    ),
    ...found.mail.databases.map((use) => ({ use, what: whats.mailDatabase, path: '' })),
  ];
  return used
    .filter(({ use }) => !taken.some((component) => takesUse(component, use, found)))
    .map(({ use: { database }, what, path }) => unprotected(say(what, { database, path })));
}

function takesUse(component: Component, use: DatabaseUse, found: Discovery): boolean {
  const { kind, database } = use;
  if (!names(component[kind], database)) return false;
  const claim = claimOf(use, found);
  if (claim.on === 'server') return reaches(component, claim.server);
  if (claim.on === 'container') return reachesContainer(component, kind, claim.container);
  // Which server it is can't be told from here: one that has the name is taken for it.
  return true;
}

function names(server: Component[Kind], database: string): boolean {
  return server !== undefined && (server.databases === 'all' || server.databases.includes(database));
}

function reaches(component: Component, { kind, socket, port }: DatabaseServer): boolean {
  const server = component[kind];
  if (server === undefined) return false;
  const own = port ?? usualPorts[kind];
  if (server.host !== undefined)
    return loopback.has(server.host) && (server.port ?? usualPorts[kind]) === own;
  const isSame = server.socket?.replace(/^\/var\/run\//, '/run/') === socket;
  return isSame && (kind === 'mysql' || (server.port ?? own) === own);
}

function reachesContainer(
  component: Component,
  kind: Kind,
  { name, ports }: { readonly name: string; readonly ports: readonly number[] },
): boolean {
  const server = component[kind];
  if (server?.docker !== undefined) return server.docker === name;
  return server?.host !== undefined && ports.includes(server.port ?? usualPorts[kind]);
}

/** Servers of this machine, by database where those are known. */
function serversLeft(taken: readonly Component[], { servers, docker }: Discovery): readonly Gap[] {
  const gaps: Gap[] = [];
  for (const server of servers) {
    const { kind, socket, databases } = server;
    if (socket === undefined) continue;
    const own = taken.filter((component) => reaches(component, server));
    const left = databases?.filter((database) => !own.some((component) => names(component[kind], database)));
    if (own.length > 0)
      gaps.push(...(left ?? []).map((database) => unprotected(say(whats.database, { database, socket }))));
    else if (left === undefined || left.length > 0)
      gaps.push(unprotected(say(whats.server, { kind: kindNames[kind], socket })));
  }
  for (const container of docker.containers) {
    const kind = container.database?.kind;
    if (kind === undefined || !container.running) continue;
    if (!taken.some((component) => reachesContainer(component, kind, container)))
      gaps.push(unprotected(say(whats.container, { container: container.name })));
  }
  return gaps;
}

/** Volumes that nobody takes, and what the policy names of Docker that isn't there. */
function dockerGaps(
  components: ReturnType<typeof componentsOf>,
  { docker: { answered, containers, volumes } }: Discovery,
): readonly Gap[] {
  const wanted = components.flatMap(({ path, component }) => {
    const container = (component.mysql ?? component.postgres)?.docker;
    const volume = component['docker-volume']?.volume;
    return container === undefined && volume === undefined ? [] : [{ path, container, volume }];
  });
  if (answered !== true) return wanted.length === 0 ? [] : [gap('docker-silent', 'targets', {})];
  const dumped = containers
    .filter(({ database }) => database !== undefined)
    .flatMap(({ mounts }) => mounts.filter(isDatabaseMount).map(({ source }) => source));
  const taken = [...dumped, ...wanted.map(({ volume }) => volume)];
  return [
    ...wanted.flatMap(({ path, container, volume }) => {
      if (container !== undefined && !containers.some(({ name }) => name === container))
        return [gap('no-such-container', path, { container })];
      if (volume !== undefined && !volumes.some(({ name }) => name === volume))
        return [gap('no-such-volume', path, { volume })];
      return [];
    }),
    ...volumes
      .filter(({ name, unfit }) => unfit === undefined && !taken.includes(name))
      .map(({ name }) => unprotected(say(whats.volume, { volume: name }))),
  ];
}
