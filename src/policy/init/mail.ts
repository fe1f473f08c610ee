/** Everything of a mail system that lies on the machine itself: mail, keys, configuration, the databases it asks. */
import { isWithin } from '../paths.ts';
import { findKeys } from './dkim.ts';
import { readDovecot } from './dovecot.ts';
import { isWritable } from './folders.ts';
import type { Asked, InitHost } from './host.ts';
import { lookupDatabase, roundcubeDatabase } from './mail-databases.ts';
import { readPostfix } from './postfix.ts';
import type { DatabaseUse } from './wordpress.ts';

export interface FoundMail {
  /** folders of mail, none inside another */
  readonly folders: readonly string[];
  /** what of users' homes is mail, such as `Maildir` */
  readonly inHomes: readonly string[];
  /** folders of DKIM keys */
  readonly keys: readonly string[];
  /** configuration, and files with users */
  readonly config: readonly string[];
  readonly databases: readonly DatabaseUse[];
  /** services of systemd that hold mail open */
  readonly services: readonly string[];
}

const usualFolders = ['/var/vmail', '/var/mail/vmail', '/var/mail/vhosts'];
const configuration = [
  '/etc/dovecot',
  '/etc/postfix',
  '/etc/exim4',
  '/etc/aliases',
  '/etc/opendkim.conf',
  '/etc/opendkim',
  '/etc/rspamd',
  '/etc/roundcube',
];
const roundcube = ['/etc/roundcube/config.inc.php', '/etc/roundcube/debian-db.php'];
const unitFolders = ['/etc/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system'];

/** `named`: folders of mail that were found by their name. */
export async function findMail(host: InitHost, named: readonly string[], options: Asked): Promise<FoundMail> {
  const [dovecot, postfix] = [await readDovecot(host, options), await readPostfix(host, options)];
  const servers = [dovecot, postfix].filter((server) => server !== undefined);
  const wanted = [...named, ...usualFolders, ...servers.flatMap((server) => server.folders)];
  const folders = outermost(await filledFolders(host, wanted, options)).filter(
    (path) => !isWithin('/home', path),
  );
  const inHomes = await usedInHomes(host, [...new Set(servers.flatMap((server) => server.inHomes))], options);
  const keys = await findKeys(host, options);
  // A machine that only hands its own mail on has a Postfix too, and nothing of mail to keep.
  const isMailServer = folders.length + inHomes.length + keys.length > 0;
  const config: string[] = [];
  const userFiles = servers.flatMap((server) => server.userFiles);
  for (const path of isMailServer ? [...configuration, ...userFiles] : []) {
    if (config.some((other) => isWithin(path, other)) || !isWritable(path)) continue;
    const kind = await host.kindOf(path, options);
    if (kind === 'file' || kind === 'folder') config.push(path);
  }
  return {
    folders,
    inHomes,
    keys,
    config,
    databases: isMailServer
      ? await findDatabases(
          host,
          servers.flatMap((server) => server.sqlFiles),
          options,
        )
      : [],
    services: isMailServer ? await findServices(host, options) : [],
  };
}

/** With something in them: Debian makes an empty /var/mail for everybody. */
async function filledFolders(host: InitHost, paths: readonly string[], options: Asked): Promise<string[]> {
  const found: string[] = [];
  for (const path of new Set(paths)) {
    // A pattern that varies from its first folder on says nothing of where mail lies.
    if (path.split('/').length < 3 || !isWritable(path)) continue;
    const entries = await host.entries(path, options);
    if (entries.length > 0) found.push(path);
    else if (host.denied().includes(path) || named(path)) {
      if ((await host.kindOf(path, options)) === 'folder') found.push(path);
    }
  }
  return found;
}

/** A folder of mail by its very name is one before the first message comes. */
function named(path: string): boolean {
  return /\/(?:vmail|vhosts)$/.test(path);
}

function outermost(paths: readonly string[]): string[] {
  return paths.filter((path) => !paths.some((other) => other !== path && isWithin(path, other)));
}

async function usedInHomes(host: InitHost, inHomes: readonly string[], options: Asked): Promise<string[]> {
  const used = new Set<string>();
  for (const { name, kind } of await host.entries('/home', options)) {
    if (kind !== 'folder') continue;
    for (const place of inHomes) {
      if ((await host.kindOf(`/home/${name}/${place}`, options)) !== undefined) used.add(place);
    }
  }
  return [...used].sort();
}

async function findDatabases(
  host: InitHost,
  sqlFiles: readonly string[],
  options: Asked,
): Promise<readonly DatabaseUse[]> {
  const found: DatabaseUse[] = [];
  const add = (use: DatabaseUse | undefined) => {
    if (use !== undefined) found.push(use);
  };
  for (const file of new Set(sqlFiles)) {
    const kind = /pgsql|postgres/.test(file) ? 'postgres' : undefined;
    add(lookupDatabase((await host.text(file, options)) ?? '', kind));
  }
  for (const file of roundcube) add(roundcubeDatabase((await host.text(file, options)) ?? ''));
  return found;
}

/** What is to stand still while mail is put back in place, in the order of stopping. */
async function findServices(host: InitHost, options: Asked): Promise<readonly string[]> {
  if ((await host.kindOf('/run/systemd/system', options)) !== 'folder') return [];
  const found: string[] = [];
  for (const service of ['postfix', 'dovecot']) {
    for (const folder of unitFolders) {
      if ((await host.kindOf(`${folder}/${service}.service`, options)) === undefined) continue;
      found.push(service);
      break;
    }
  }
  return found;
}
