/** How a database was made: what CREATE DATABASE and the statements after it have to say, since its dump doesn't. */
import type { NamedStatement } from '../../model/snapshot.ts';
import { identifier, literal } from './sql.ts';

/** A row of pg_database with what it refers to by name. Columns come and go with the server's version. */
export interface DatabaseRow {
  readonly name: string;
  readonly owner: string;
  readonly encoding: string;
  readonly tablespace: string;
  readonly comment: string | null;
  readonly row: {
    readonly datcollate: string;
    readonly datctype: string;
    readonly datconnlimit: number;
    /** since 15: c for the C library's locales, i for ICU's, b for built-in ones */
    readonly datlocprovider?: string;
    /** in 15 and 16 */
    readonly daticulocale?: string | null;
    /** since 17 */
    readonly datlocale?: string | null;
    readonly daticurules?: string | null;
  };
  /** undefined where nobody has changed what is granted by default */
  readonly grants: readonly Grant[] | null;
  readonly settings: readonly Setting[] | null;
}

export interface Grant {
  /** `PUBLIC` when null */
  readonly grantee: string | null;
  readonly privilege: string;
  readonly grantable: boolean;
}

export interface Setting {
  /** for everybody when null */
  readonly role: string | null;
  readonly name: string;
  readonly value: string;
}

export function definitionOf(database: DatabaseRow): readonly NamedStatement[] {
  const { owner, comment, row } = database;
  return [
    ['CREATE DATABASE ', ` WITH ${creationOf(database).join(' ')}`],
    ['ALTER DATABASE ', ` OWNER TO ${identifier(owner)}`],
    ...(row.datconnlimit < 0 ? [] : [['ALTER DATABASE ', ` CONNECTION LIMIT ${row.datconnlimit}`] as const]),
    ...(comment === null ? [] : [['COMMENT ON DATABASE ', ` IS ${literal(comment)}`] as const]),
    ...(database.settings ?? []).map(settingOf),
    ...(database.grants === null ? [] : grantsOf(database.grants, owner)),
  ];
}

function creationOf({ encoding, tablespace, row }: DatabaseRow): string[] {
  const { datlocprovider: provider, datcollate, datctype, daticurules: rules } = row;
  const locale = row.datlocale ?? row.daticulocale ?? undefined;
  const options = ['TEMPLATE = template0', `ENCODING = ${literal(encoding)}`];
  if (provider === 'i') options.push('LOCALE_PROVIDER = icu');
  if (provider === 'b') options.push('LOCALE_PROVIDER = builtin');
  options.push(`LC_COLLATE = ${literal(datcollate)}`, `LC_CTYPE = ${literal(datctype)}`);
  if (provider === 'i' && locale !== undefined) options.push(`ICU_LOCALE = ${literal(locale)}`);
  if (provider === 'b' && locale !== undefined) options.push(`BUILTIN_LOCALE = ${literal(locale)}`);
  if (typeof rules === 'string') options.push(`ICU_RULES = ${literal(rules)}`);
  if (tablespace !== 'pg_default') options.push(`TABLESPACE = ${identifier(tablespace)}`);
  return options;
}

/** Settings that are lists of names: each of them is quoted on its own. */
const lists: ReadonlySet<string> = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

function settingOf({ role, name, value }: Setting): NamedStatement {
  const values = lists.has(name.toLowerCase()) ? namesIn(value).map(literal).join(', ') : literal(value);
  const what = ` SET ${identifier(name)} TO ${values}`;
  return role === null ? ['ALTER DATABASE ', what] : [`ALTER ROLE ${identifier(role)} IN DATABASE `, what];
}

/** `"$user", public` as its names; an empty list has one, which is empty. */
function namesIn(value: string): string[] {
  const names = [...value.matchAll(/"((?:[^"]|"")*)"|([^",\s]+)/g)].map(
    ([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare ?? '',
  );
  return names.length === 0 ? [''] : names;
}

/** What was granted takes the place of what a new database grants by itself. */
function grantsOf(grants: readonly Grant[], owner: string): NamedStatement[] {
  const clear = ['PUBLIC', identifier(owner)].map(
    (grantee): NamedStatement => ['REVOKE ALL ON DATABASE ', ` FROM ${grantee}`],
  );
  const given = grants.map(({ grantee, privilege, grantable }): NamedStatement => {
    const to = grantee === null ? 'PUBLIC' : identifier(grantee);
    return [
      `GRANT ${privilege} ON DATABASE `,
      ` TO ${to}${grantable && grantee !== owner ? ' WITH GRANT OPTION' : ''}`,
    ];
  });
  return [...clear, ...given];
}
