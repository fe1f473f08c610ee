/** Postfix's configuration: where it delivers to, and where it looks mailboxes up. */
import { fixedPart, type MailServerSettings } from './dovecot.ts';
import type { Asked, InitHost } from './host.ts';

const sqlKinds = /^(?:proxy:)?(?:mysql|pgsql):(\/.+)$/;

export async function readPostfix(host: InitHost, options: Asked): Promise<MailServerSettings | undefined> {
  const text = await host.text('/etc/postfix/main.cf', options);
  return text === undefined ? undefined : postfixSettings(text);
}

export function postfixSettings(text: string): MailServerSettings {
  const settings = parametersOf(text);
  const value = (name: string) => expanded(settings.get(name) ?? '', settings);
  const [base, home] = [value('virtual_mailbox_base'), value('home_mailbox')];
  // A home mailbox takes the place of the spool.
  const spool = home === '' ? value('mail_spool_directory') || '/var/mail' : '';
  return {
    folders: [base, spool].filter((path) => path.startsWith('/')).map(fixedPart),
    inHomes: home === '' ? [] : [home.replace(/\/+$/, '')],
    userFiles: [],
    sqlFiles: [...settings.keys()]
      .flatMap((name) => value(name).split(/[\s,]+/))
      .flatMap((word) => sqlKinds.exec(word)?.[1] ?? []),
  };
}

/** A line that begins with white space goes on with the one before it. */
function parametersOf(text: string): ReadonlyMap<string, string> {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*(?:#.*)?$/.test(line))
    .join('\n')
    .replace(/\n\s+/g, ' ');
  return new Map(
    lines.split('\n').flatMap((line): [string, string][] => {
      const [, name, value] = /^([\w.-]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value]];
    }),
  );
}

function expanded(value: string, settings: ReadonlyMap<string, string>, depth = 0): string {
  if (depth > 5) return value;
  return value.replace(/\$(?:\{(\w+)\}|\((\w+)\)|(\w+))/g, (whole, one, two, three) => {
    const other = settings.get(one ?? two ?? three);
    return other === undefined ? whole : expanded(other, settings, depth + 1);
  });
}
