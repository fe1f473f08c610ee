/** Which databases a mail system keeps its users, aliases and address books in. Passwords are left where they are. */
import { addressOf, type DatabaseUse } from './wordpress.ts';

/** A file that tells Dovecot (`connect = host=… dbname=…`) or Postfix (`hosts = …`, `dbname = …`) of a database. */
export function lookupDatabase(text: string, kind?: DatabaseUse['kind']): DatabaseUse | undefined {
  const lines = text.split('\n').filter((line) => !/^\s*#/.test(line));
  const said = (name: string) => {
    for (const line of lines) {
      const [, value] = new RegExp(String.raw`^\s*${name}\s*=\s*(.*?)\s*$`).exec(line) ?? [];
      if (value !== undefined) return value;
    }
    return undefined;
  };
  const connect = said('connect');
  const word = (name: string) =>
    connect === undefined ? undefined : new RegExp(String.raw`(?:^|\s)${name}=(\S+)`).exec(connect)?.[1];
  const database = word('dbname') ?? said('dbname');
  if (database === undefined || database === '') return undefined;
  const host = word('host') ?? said('hosts')?.split(/[\s,]+/)[0] ?? 'localhost';
  const driver = said('driver');
  return {
    kind: kind ?? (driver === 'pgsql' ? 'postgres' : 'mysql'),
    database,
    user: word('user') ?? said('user'),
    at: addressOfHost(host),
  };
}

/** `unix:/run/mysqld/mysqld.sock` and `inet:host:port` are Postfix's ways to write it. */
function addressOfHost(host: string): DatabaseUse['at'] {
  if (host.startsWith('/')) return { via: 'local', socket: host };
  if (host.startsWith('unix:')) return { via: 'local', socket: host.slice(5) };
  return addressOf(host.replace(/^inet:/, ''));
}

/** `$config['db_dsnw'] = 'mysql://user:password@localhost/roundcubemail';` */
export function roundcubeDatabase(text: string): DatabaseUse | undefined {
  const line = text
    .split('\n')
    .find((one) => /^\s*\$(?:config|rcmail_config)\[['"]db_dsnw['"]\]\s*=/.test(one));
  const [, scheme, user, host, database] =
    /['"](mysqli?|pgsql|postgres):\/\/([^:@/'"]*)(?::[^'"]*)?@([^/'"]*)\/([\w-]+)/.exec(line ?? '') ?? [];
  if (scheme !== undefined && database !== undefined) {
    const kind = scheme.startsWith('mysql') ? 'mysql' : 'postgres';
    return { kind, database, user, at: addressOf(host ?? '') };
  }
  return debianDatabase(text);
}

/** What Debian's dbconfig writes: `$dbname='roundcube';` and its like. */
function debianDatabase(text: string): DatabaseUse | undefined {
  const said = (name: string) =>
    new RegExp(String.raw`^\s*\$${name}\s*=\s*['"]([^'"]*)['"]`, 'm').exec(text)?.[1];
  const [database, type] = [said('dbname'), said('dbtype')];
  if (database === undefined || database === '' || type === undefined) return undefined;
  if (type !== 'mysql' && type !== 'pgsql') return undefined;
  const port = said('dbport');
  const at = addressOf(`${said('dbserver') ?? ''}${port === undefined || port === '' ? '' : `:${port}`}`);
  return { kind: type === 'mysql' ? 'mysql' : 'postgres', database, user: said('dbuser'), at };
}
