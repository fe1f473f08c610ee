/** What a machine has that is worth keeping, and a disk to keep it on. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Mount, parseMounts } from './mounts.ts';
import { isAbsolutePath, isWithin } from './paths.ts';
import { ifThere } from './real-place.ts';

type Asked = { readonly signal: AbortSignal };

/** What `init` asks of the machine. */
export interface InitHost {
  readonly hostname: string;
  /** IANA name */
  readonly timezone: string;
  /** the names of the folders in a folder, sorted and without links; none when it isn't there */
  folders(path: string, options: Asked): Promise<readonly string[]>;
  has(path: string, options: Asked): Promise<boolean>;
  mounts(options: Asked): Promise<readonly Mount[]>;
}

export interface Discovery {
  readonly mail: readonly string[];
  readonly web: readonly string[];
  /** folders of `web`, or below one of them, that hold a WordPress */
  readonly wordpress: readonly string[];
  /** the folders of /srv that aren't one of the above themselves */
  readonly srv: readonly string[];
  readonly home: boolean;
  readonly databases: readonly ('mysql' | 'postgres')[];
  /** the mount point of a disk of its own */
  readonly disk: string | undefined;
}

const deepest = 5;
const mostFolders = 5_000;
/** They keep neither links nor modes, which a vault of dated folders lives on. */
const unfitTypes = new Set(['vfat', 'exfat', 'ntfs', 'ntfs3', 'fuseblk', 'iso9660', 'squashfs', 'udf']);

export async function discover(host: InitHost, options: Asked): Promise<Discovery> {
  const mail = await present(host, ['/var/vmail', '/var/mail/vmail'], options);
  const web = await present(host, ['/var/www'], options);
  const wordpress: string[] = [];
  let looked = 0;

  // What is found is taken as a whole, so that nothing below it becomes a component of its own.
  const look = async (folder: string, depth: number, inWeb: boolean): Promise<void> => {
    looked += 1;
    if (looked > mostFolders) return;
    if (await host.has(join(folder, 'wp-config.php'), options)) {
      wordpress.push(folder);
      if (!inWeb) web.push(folder);
      return;
    }
    if (depth === deepest) return;
    for (const name of await host.folders(folder, options)) {
      const path = join(folder, name);
      if (!isWritable(path)) continue;
      if (!inWeb && name === 'vmail') {
        mail.push(path);
        continue;
      }
      const isWeb = inWeb || name === 'sites';
      if (isWeb && !inWeb) web.push(path);
      await look(path, depth + 1, isWeb);
    }
  };
  for (const folder of [...web]) await look(folder, deepest - 2, true);
  await look('/srv', 0, false);

  const found = [...mail, ...web];
  const srv = (await host.folders('/srv', options))
    .map((name) => join('/srv', name))
    .filter((path) => isWritable(path) && !found.includes(path));
  return {
    mail,
    web,
    wordpress,
    srv,
    home: (await host.folders('/home', options)).length > 0,
    databases: await databasesOf(host, options),
    disk: separateDisk(await host.mounts(options)),
  };
}

/** A disk below one of the usual folders that isn't the one of the root, for a vault of dated folders. */
function separateDisk(mounts: readonly Mount[]): string | undefined {
  const rootDevice = mounts.findLast((mount) => mount.point === '/')?.device;
  return mounts.find(
    ({ point, device, source, type }) =>
      ['/mnt', '/media', '/run/media', '/backup', '/backups'].some((folder) => isWithin(point, folder)) &&
      source.startsWith('/dev/') &&
      device !== rootDevice &&
      !unfitTypes.has(type) &&
      isWritable(point),
  )?.point;
}

async function databasesOf(host: InitHost, options: Asked): Promise<Discovery['databases']> {
  const mysql = await present(host, ['/var/lib/mysql/ibdata1'], options);
  const postgres = await host.folders('/var/lib/postgresql', options);
  return [
    ...(mysql.length > 0 ? ['mysql' as const] : []),
    ...(postgres.length > 0 ? ['postgres' as const] : []),
  ];
}

async function present(host: InitHost, paths: readonly string[], options: Asked): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) if (await host.has(path, options)) found.push(path);
  return found;
}

/** A path that a policy can name: text without control characters, and UTF-8. */
function isWritable(path: string): boolean {
  return isAbsolutePath(path) && !path.includes('\ufffd');
}

/** The machine itself; `root` is the folder that stands for `/`. */
export function initHost(names: { hostname: string; timezone: string; root?: string }): InitHost {
  const { hostname, timezone, root = '/' } = names;
  return {
    hostname,
    timezone,
    async folders(path, { signal }) {
      signal.throwIfAborted();
      const entries = await ifThere(() => readdir(join(root, path), { withFileTypes: true }));
      return (entries ?? [])
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
        .sort();
    },
    async has(path, { signal }) {
      signal.throwIfAborted();
      return (await ifThere(() => stat(join(root, path)))) !== undefined;
    },
    async mounts({ signal }) {
      return parseMounts(await readFile(join(root, 'proc/self/mountinfo'), { encoding: 'utf8', signal }));
    },
  };
}
