/** Dovecot's configuration: where mail lies, and the files that name its users. */
import { dirname, join } from 'node:path';
import type { Asked, InitHost } from './host.ts';

export interface MailServerSettings {
  /** folders that hold mail of many users: the part of a pattern such as `/var/vmail/%d/%n` that is the same for all */
  readonly folders: readonly string[];
  /** what lies in each user's home, such as `Maildir` */
  readonly inHomes: readonly string[];
  /** files with users, wherever they are */
  readonly userFiles: readonly string[];
  /** configuration files that say how a database is reached */
  readonly sqlFiles: readonly string[];
}

const mostIncludes = 100;

/** `doveconf` knows what the files mean together; where it isn't there, or fails, the files are read as they are. */
export async function readDovecot(host: InitHost, options: Asked): Promise<MailServerSettings | undefined> {
  const told = await host.output(['doveconf', '-n'], options);
  const text = told ?? (await withIncludes(host, '/etc/dovecot/dovecot.conf', options));
  return text === undefined ? undefined : dovecotSettings(text);
}

export function dovecotSettings(text: string): MailServerSettings {
  const settings = settingsOf(text);
  const all = (...keys: readonly string[]) =>
    settings.filter(({ key }) => keys.includes(key)).map(({ value }) => value);
  const homes = [
    ...all('mail_home'),
    ...argumentsOf(all('args', 'default_fields', 'override_fields'), 'home'),
  ];
  const folders: string[] = [];
  const inHomes: string[] = [];
  for (const place of [...all('mail_location', 'location').flatMap(placesOf), ...all('mail_path')]) {
    if (place.startsWith('/')) folders.push(place);
    else if (/^(?:~|%h|%\{home\})(?:\/|$)/.test(place)) inHomes.push(place.replace(/^[^/]*\/?/, ''));
  }
  // With homes of its own for mail, `~/Maildir` lies below those.
  if (homes.length > 0) folders.push(...homes);
  return {
    folders: unique(folders.map(fixedPart)),
    inHomes: homes.length > 0 ? [] : unique(inHomes.map((place) => fixedPart(`/${place}`).slice(1))),
    userFiles: unique([
      ...all('passwd_file_path'),
      ...all('args').flatMap((value) => value.split(/\s+/).filter((word) => word.startsWith('/'))),
    ]).filter((path) => !isSql(path) && !path.includes('%')),
    sqlFiles: unique(all('args').filter((value) => value.startsWith('/') && isSql(value))),
  };
}

function isSql(path: string): boolean {
  return /sql[^/]*\.conf(?:\.ext)?$/.test(path);
}

/** `maildir:/var/vmail/%d:INDEX=/var/index`: the driver, the place, then options, of which INBOX holds mail too. */
function placesOf(location: string): readonly string[] {
  const [driver, place, ...options] = location.split(':');
  const inbox = options.filter((option) => option.startsWith('INBOX=')).map((option) => option.slice(6));
  return place === undefined || driver === undefined ? [] : [place, ...inbox];
}

function argumentsOf(values: readonly string[], name: string): readonly string[] {
  return values
    .flatMap((value) => value.split(/\s+/))
    .filter((word) => word.startsWith(`${name}=/`))
    .map((word) => word.slice(name.length + 1));
}

/** Up to the first variable: `/var/vmail/%d/%n` lies in `/var/vmail`, `/var/mail/%u` in `/var/mail`. */
export function fixedPart(pattern: string): string {
  const variable = pattern.search(/[%$~]/);
  const fixed = variable < 0 ? pattern : pattern.slice(0, pattern.lastIndexOf('/', variable));
  return fixed.replace(/(.)\/+$/, '$1');
}

function settingsOf(text: string): readonly { readonly key: string; readonly value: string }[] {
  return text.split('\n').flatMap((line) => {
    const [, key, value] = /^\s*([a-z][a-z0-9_]*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    return key === undefined || value === undefined
      ? []
      : [{ key, value: value.replace(/^(["'])(.*)\1$/, '$2') }];
  });
}

async function withIncludes(host: InitHost, file: string, options: Asked): Promise<string | undefined> {
  let files = 0;
  const read = async (path: string): Promise<string | undefined> => {
    files += 1;
    if (files > mostIncludes) return undefined;
    const text = await host.text(path, options);
    if (text === undefined) return undefined;
    const lines: string[] = [];
    for (const line of text.split('\n')) {
      const [, aim] = /^\s*!include(?:_try)?\s+(\S+)\s*$/.exec(line) ?? [];
      if (aim === undefined) lines.push(line.replace(/^\s*#.*$/, ''));
      else
        for (const included of await matching(
          host,
          join(aim.startsWith('/') ? '/' : dirname(path), aim),
          options,
        ))
          lines.push((await read(included)) ?? '');
    }
    return lines.join('\n');
  };
  return read(file);
}

/** Dovecot includes by patterns with a star in the last name only, such as `conf.d/*.conf`. */
async function matching(host: InitHost, pattern: string, options: Asked): Promise<readonly string[]> {
  if (!pattern.includes('*')) return [pattern];
  const folder = dirname(pattern);
  const [before = '', after = ''] = pattern.slice(folder.length + 1).split('*');
  const entries = await host.entries(folder, options);
  return entries
    .filter(({ name }) => name.startsWith(before) && name.endsWith(after))
    .map(({ name }) => join(folder, name));
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)].filter((value) => value !== '');
}
