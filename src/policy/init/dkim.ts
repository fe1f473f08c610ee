/** The private keys that outgoing mail is signed with, by OpenDKIM or Rspamd. */
import { dirname } from 'node:path';
import { isWithin } from '../paths.ts';
import { fixedPart } from './dovecot.ts';
import type { Asked, InitHost } from './host.ts';

/** Where packages put them. */
const usual = ['/etc/opendkim/keys', '/etc/dkimkeys', '/var/lib/rspamd/dkim', '/var/db/dkim'];
const signing = ['/etc/rspamd/local.d/dkim_signing.conf', '/etc/rspamd/override.d/dkim_signing.conf'];

const openDkimFile = /^[ \t]*(KeyFile|KeyTable)[ \t]+(?:refile:|file:)?(\/\S+)/gim;

/** Folders with keys in them, none inside another. */
export async function findKeys(host: InitHost, options: Asked): Promise<readonly string[]> {
  const named: string[] = [];
  const opendkim = (await host.text('/etc/opendkim.conf', options)) ?? '';
  for (const [, key = '', file = ''] of opendkim.matchAll(openDkimFile)) {
    if (key.toLowerCase() === 'keyfile') named.push(file);
    else named.push(...keysOfTable((await host.text(file, options)) ?? ''));
  }
  for (const file of signing) {
    const text = (await host.text(file, options)) ?? '';
    named.push(...[...text.matchAll(/^\s*path\s*=\s*["']?(\/[^"';\s]+)/gm)].map(([, path = '']) => path));
  }
  const folders = new Set([...usual, ...named.map(folderOf)]);
  const filled: string[] = [];
  for (const folder of folders) {
    // Keys right below a folder such as /etc are in the component of that folder.
    if (folder.split('/').length < 3) continue;
    const entries = await host.entries(folder, options);
    if (entries.some(({ kind, name }) => kind === 'folder' || (kind === 'file' && !/^readme/i.test(name))))
      filled.push(folder);
  }
  return filled
    .filter((folder) => !filled.some((other) => other !== folder && isWithin(folder, other)))
    .sort();
}

/** `name  example.org:2026:/etc/dkim/2026.private` */
function keysOfTable(text: string): readonly string[] {
  return [...text.matchAll(/^[^#\s]\S*\s+[^:\s]+:[^:\s]+:(\/\S+)/gm)].map(([, file = '']) => file);
}

/** `/var/lib/rspamd/dkim/$domain.$selector.key` lies in the folder before its first variable. */
function folderOf(file: string): string {
  return /[$%]/.test(file) ? fixedPart(file) : dirname(file);
}
