/** From what was found to a policy: targets as a person would group them, each a restore point of its own. */
import type { Bilingual } from '../../base/language.ts';
import { isWithin } from '../paths.ts';
import { say } from '../wording.ts';
import { type Claim, claimOf } from './claims.ts';
import {
  below,
  claimComponents,
  containerComponents,
  folderComponents,
  mountComponents,
  type Reach,
  serverComponent,
  volumeComponent,
} from './components.ts';
import type { DatabaseServer } from './database-servers.ts';
import type { Discovery } from './discovery.ts';
import { type Group, groupsOf } from './groups.ts';
import { nameGiver } from './names.ts';
import type { Proposal, ProposedComponent, ProposedTarget } from './proposed-policy.ts';
import { remarks } from './remarks.ts';

export function propose(found: Discovery): Proposal {
  const groups = groupsOf(found);
  const named = nameGiver(['system', 'mail', 'srv', 'home', 'databases', 'volumes']);
  const claims = new Map(groups.map((group) => [group, claimsOf(group.sites, found)]));
  const mailClaims = found.mail.databases.map((use) => claimOf(use, found));
  const whole = wholeServers(found, [...mailClaims, ...[...claims.values()].flat()]);
  const reach: Reach = {
    isWhole: (server) => whole.has(server),
    isTaken: takenBy(found, groups),
    avoid: groups.flatMap(({ databases }) => databases),
  };

  const targets: ProposedTarget[] = [];
  const mail = mailTarget(found, groups, mailClaims, claims, reach);
  if (mail !== undefined) targets.push(mail);
  for (const group of groups) {
    if (group.kind === 'mail' || group.kind === 'plain') continue;
    const components = componentsOf(group, found, claims.get(group) ?? [], reach, nameGiver());
    if (components.length === 0) continue;
    const remark =
      group.kind === 'app' ? remarks.app : group.folder === undefined ? remarks.web : remarks.site;
    targets.push({ name: named(group.name), remarks: [remark], components });
  }
  targets.push(...otherTargets(found, groups, whole));
  return { remarks: headOf(found), targets: withSystem(targets), disk: found.disk };
}

function componentsOf(
  group: Group,
  found: Discovery,
  claims: readonly Claim[],
  reach: Reach,
  named: (wanted: string) => string,
): readonly ProposedComponent[] {
  const isUnknown = group.sites.some(({ database }) => database === undefined);
  const hasDatabase = group.containers.some(({ database }) => database !== undefined) || claims.length > 0;
  return [
    ...folderComponents(group, named),
    ...group.containers.flatMap((container) => containerComponents(container, named)),
    ...claimComponents(claims, remarks.wordpressDatabase, reach, named),
    ...(isUnknown && !hasDatabase ? [unknownDatabase(group, named)] : []),
    ...mountComponents(group, found.docker.volumes, reach, named),
  ];
}

function unknownDatabase({ sites }: Group, named: (wanted: string) => string): ProposedComponent {
  const folder = sites.find(({ database }) => database === undefined)?.folder ?? '';
  return {
    name: named('mysql'),
    remarks: [say(remarks.wordpressUnknown, { folder })],
    settings: { mysql: { socket: '/run/mysqld/mysqld.sock', databases: ['wordpress'] } },
    isProposed: true,
  };
}

function claimsOf(sites: Group['sites'], found: Discovery): readonly Claim[] {
  return sites.flatMap(({ database }) => (database === undefined ? [] : [claimOf(database, found)]));
}

function mailTarget(
  found: Discovery,
  groups: readonly Group[],
  mailClaims: readonly Claim[],
  claims: ReadonlyMap<Group, readonly Claim[]>,
  reach: Reach,
): ProposedTarget | undefined {
  const named = nameGiver();
  const own = groups.filter(({ kind }) => kind === 'mail');
  const { folders, inHomes, keys, config, services } = found.mail;
  const components: ProposedComponent[] = [];
  const elsewhere = folders.filter((path) => !own.some(({ mail }) => mail.includes(path)));
  const stray = {
    name: 'mail',
    kind: 'mail',
    folder: undefined,
    web: [],
    sites: [],
    databases: [],
    containers: [],
  } as const;
  for (const group of [{ ...stray, mail: elsewhere }, ...own])
    components.push(...componentsOf(group, found, claims.get(group) ?? [], reach, named));
  for (const place of inHomes) {
    const settings = { files: '/home', include: [`/*/${place}`] };
    components.push({ name: named(place), remarks: [remarks.homeMail], settings });
  }
  components.push(...claimComponents(mailClaims, remarks.mailDatabase, reach, named));
  const [key, ...moreKeys] = keys;
  if (key !== undefined) {
    const files = moreKeys.length === 0 ? key : keys;
    components.push({ name: named('dkim'), remarks: [remarks.dkim], settings: { files } });
  }
  if (config.length > 0)
    components.push({ name: named('config'), remarks: [remarks.mailConfig], settings: { files: config } });
  if (components.length === 0) return undefined;
  const roots = own.flatMap(({ mail }) => mail);
  const holders = own
    .flatMap(({ containers }) => containers)
    .filter(
      ({ running, mounts }) =>
        running && mounts.some(({ source }) => roots.some((root) => isWithin(root, source))),
    )
    .map(({ name }) => name);
  const stops = [
    ...services.map((service) => ['systemctl', 'stop', service]),
    ...holders.map((name) => ['docker', 'stop', name]),
  ];
  const starts = [
    ...holders.map((name) => ['docker', 'start', name]),
    ...services.toReversed().map((service) => ['systemctl', 'start', service]),
  ];
  const target = { name: 'mail', remarks: [remarks.mail], components };
  return stops.length === 0 ? target : { ...target, restore: { before: stops, after: starts } };
}

/** What is in no group: folders, databases and volumes that nothing was found to use. */
function otherTargets(
  found: Discovery,
  groups: readonly Group[],
  whole: ReadonlySet<DatabaseServer>,
): readonly ProposedTarget[] {
  const targets: ProposedTarget[] = [];
  const add = (name: string, remark: Bilingual, components: readonly ProposedComponent[]) => {
    if (components.length > 0) targets.push({ name, remarks: [remark], components });
  };
  const databaseName = nameGiver();
  const servers = found.servers.filter((server) => !whole.has(server));
  add(
    'databases',
    remarks.databases,
    servers.map((server) => serverComponent(server, 'all', [], databaseName)),
  );
  const used = new Set(found.docker.containers.flatMap(({ mounts }) => mounts.map(({ source }) => source)));
  const idle = found.docker.volumes.filter(({ name, unfit }) => unfit === undefined && !used.has(name));
  const volumeName = nameGiver();
  add(
    'volumes',
    remarks.volumes,
    idle.map(({ name }) => volumeComponent(name, volumeName)),
  );
  const folderName = nameGiver();
  add(
    'srv',
    remarks.srv,
    groups.filter(({ kind }) => kind === 'plain').flatMap((group) => folderComponents(group, folderName)),
  );
  if (found.home) add('home', remarks.home, [homeComponent(found, groups)]);
  return targets;
}

function homeComponent(found: Discovery, groups: readonly Group[]): ProposedComponent {
  const inside = [
    ...groups.flatMap(({ folder, web }) => [...(folder === undefined ? [] : [folder]), ...web]),
    ...found.folders.databases,
  ].filter((path) => isWithin(path, '/home'));
  const exclude = [...below(inside, '/home'), ...found.mail.inHomes.map((place) => `/*/${place}`)];
  return {
    name: 'home',
    remarks: [],
    settings: { files: '/home', ...(exclude.length === 0 ? {} : { exclude }) },
  };
}

/** Servers all of whose databases some program was found to use: the others get a component with all of them. */
function wholeServers({ servers }: Discovery, claims: readonly Claim[]): ReadonlySet<DatabaseServer> {
  return new Set(
    servers.filter((server) => {
      const used = claims.flatMap((claim) =>
        claim.on === 'server' && claim.server === server ? [claim.database] : [],
      );
      return used.length > 0 && server.databases?.every((database) => used.includes(database)) === true;
    }),
  );
}

function takenBy(found: Discovery, groups: readonly Group[]): (path: string) => boolean {
  const taken = [
    '/etc',
    ...(found.home ? ['/home'] : []),
    ...found.mail.folders,
    ...found.mail.keys,
    ...groups.flatMap(({ folder, web, databases }) => [
      ...(folder === undefined ? [] : [folder]),
      ...web,
      ...databases,
    ]),
  ];
  return (path) => taken.some((folder) => isWithin(path, folder));
}

/** A target needs something that acts: one that has only proposals leaves them to that of the system. */
function withSystem(targets: readonly ProposedTarget[]): readonly ProposedTarget[] {
  const acts = ({ components }: ProposedTarget) =>
    components.some(({ settings, isProposed }) => settings !== undefined && isProposed !== true);
  const left = targets.filter((target) => !acts(target)).flatMap(({ components }) => components);
  const etc = { name: 'etc', remarks: [], settings: { files: '/etc' } };
  return [{ name: 'system', remarks: [], components: [etc, ...left] }, ...targets.filter(acts)];
}

function headOf({ denied, docker }: Discovery): readonly Bilingual[] {
  const nameless = docker.volumes.filter(({ unfit }) => unfit === 'anonymous').length;
  return [
    remarks.head,
    ...(denied.length === 0 ? [] : [say(remarks.denied, { paths: denied.slice(0, 10) })]),
    ...(docker.answered === false ? [remarks.dockerSilent] : []),
    ...(nameless === 0 ? [] : [say(remarks.anonymousVolume, { count: nameless })]),
  ];
}
