/** A look through the folders in which services are usually laid: what lies where, level by level, within bounds. */
import { join } from 'node:path';
import { isAbsolutePath, isWithin } from '../paths.ts';
import type { Asked, InitHost } from './host.ts';

export interface FoundFolders {
  /** folders of mail by their name */
  readonly mail: readonly string[];
  /** folders of web sites by their name */
  readonly sites: readonly string[];
  /** folders that hold a `wp-config.php` */
  readonly wordpress: readonly string[];
  /** data folders of database servers: not to be copied while the server runs */
  readonly databases: readonly string[];
  /** folders with a compose file */
  readonly compose: readonly string[];
}

const mostFolders = 5_000;
const composeFiles = new Set(['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml']);
const databaseMarks = new Set(['PG_VERSION', 'ibdata1']);
const pointless = new Set(['node_modules', '.git', '.cache', 'lost+found']);

/** Where to look, how many levels deep, and whether a folder named `vmail` or `sites` is taken at its word there. */
const places = [
  { path: '/srv', deepest: 5, byName: true },
  { path: '/var/www', deepest: 3, byName: false },
  { path: '/opt', deepest: 5, byName: true },
  { path: '/home', deepest: 4, byName: false },
] as const;

/** `projects`: where else services are known to be laid. */
export async function lookThrough(
  host: InitHost,
  projects: readonly string[],
  options: Asked,
): Promise<FoundFolders> {
  const found = {
    mail: [] as string[],
    sites: [] as string[],
    wordpress: [] as string[],
    databases: [] as string[],
    compose: [] as string[],
  };
  const seen = new Set<string>();
  const more = projects.map((path) => ({ path, deepest: 5, byName: true }));
  for (const { path: top, deepest, byName } of [...more, ...places]) {
    let level = [top as string];
    let looked = 0;
    for (let depth = 0; depth <= deepest && level.length > 0; depth++) {
      const below: string[] = [];
      for (const folder of level) {
        if (seen.has(folder)) continue;
        seen.add(folder);
        looked += 1;
        if (looked > mostFolders) break;
        const entries = await host.entries(folder, options);
        const has = (names: ReadonlySet<string>) =>
          entries.some(({ name, kind }) => kind === 'file' && names.has(name));
        if (has(databaseMarks)) found.databases.push(folder);
        else if (has(new Set(['wp-config.php']))) found.wordpress.push(folder);
        else {
          if (has(composeFiles)) found.compose.push(folder);
          for (const { name, kind } of entries) {
            const path = join(folder, name);
            if (kind !== 'folder' || pointless.has(name) || !isWritable(path)) continue;
            if (byName && name === 'vmail') found.mail.push(path);
            else {
              if (byName && name === 'sites' && !found.sites.some((other) => path.startsWith(`${other}/`)))
                found.sites.push(path);
              below.push(path);
            }
          }
        }
      }
      level = below;
    }
  }
  return found;
}

/** A path that a policy can name: text without control characters, and UTF-8. */
export function isWritable(path: string): boolean {
  return isAbsolutePath(path) && !path.includes('\ufffd');
}

/** A folder of its own, not one that all kinds of things lie in. */
export function isProject(path: string): boolean {
  const elsewhere = [
    '/etc',
    '/tmp',
    '/var/tmp',
    '/run',
    '/proc',
    '/sys',
    '/dev',
    '/var/lib/docker',
    '/var/www',
    '/srv',
  ];
  if (elsewhere.some((folder) => isWithin(path, folder))) return false;
  const depth = path.split('/').length - 1;
  return depth >= (isWithin(path, '/home') ? 3 : 2);
}
