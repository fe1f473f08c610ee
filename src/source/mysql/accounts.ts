/** The accounts of a server: who may log in, and what for. */
import type { Connection } from './connection.ts';
import { identifier } from './sql.ts';

export interface Account {
  /** as the server writes it: `` `app`@`%` ``, of a role of MariaDB only `` `reader` `` */
  readonly name: string;
  /** makes it where there is none of this name; it has no rights then */
  readonly create: string;
  /** gives it its rights, roles and default roles */
  readonly grants: readonly string[];
}

export interface UnreadableAccount {
  readonly name: string;
  readonly reason: string;
}

/** Accounts that a server makes for itself and needs as they are. */
const OWN = ['mariadb.sys', 'mysql.sys', 'mysql.session', 'mysql.infoschema'];

interface Row {
  readonly user: string;
  readonly host: string;
  readonly role: boolean;
}

/** In the order of their names. Needs the right to read the tables of the `mysql` database. */
export async function listAccounts(
  connection: Connection,
  options: { signal: AbortSignal },
): Promise<{ readonly accounts: readonly Account[]; readonly unreadable: readonly UnreadableAccount[] }> {
  const rows = await rowsOfAccounts(connection, options);
  const [odd, plain] = [true, false].map((wanted) => rows.filter((row) => hasControl(row) === wanted));
  const unreadable = (odd ?? []).map((row) => ({
    name: JSON.stringify(nameOf(row)),
    reason: 'its name has control characters',
  }));
  const accounts: Account[] = [];
  const asked = plain ?? [];
  const shown = await show(asked, connection, options);
  for (const [index, row] of asked.entries()) {
    accounts.push(accountOf(row, shown[index] ?? []));
  }
  return { accounts: accounts.sort((one, other) => (one.name < other.name ? -1 : 1)), unreadable };
}

async function rowsOfAccounts(connection: Connection, options: { signal: AbortSignal }): Promise<Row[]> {
  const role = connection.version.product === 'MariaDB' ? 'is_role' : "'N'";
  const rows = await connection.query(`SELECT User, Host, ${role} FROM mysql.user;`, options);
  return rows
    .map(([user = '', host = '', said = 'N']) => ({ user, host, role: said === 'Y' }))
    .filter(({ user }) => !OWN.includes(user));
}

/** What the server tells of each: a line for each statement that would make it. */
async function show(
  rows: readonly Row[],
  connection: Connection,
  options: { signal: AbortSignal },
): Promise<string[][]> {
  // Salts are bytes and no text.
  const hex =
    connection.version.product === 'MySQL' ? 'SET SESSION print_identified_with_as_hex = ON;\n' : '';
  const script = rows.map((row) => {
    const create = row.role ? '' : `SHOW CREATE USER ${nameOf(row)};\n`;
    return `SELECT ${NEXT};\n${create}SHOW GRANTS FOR ${nameOf(row)};\n`;
  });
  const said = await connection.query(hex + script.join(''), options);
  const shown: string[][] = [];
  for (const [text = ''] of said) {
    if (text === String(NEXT)) shown.push([]);
    else shown.at(-1)?.push(text);
  }
  return shown;
}

/** No statement looks like it. */
const NEXT = 20_000_101;

function accountOf(row: Row, said: readonly string[]): Account {
  const name = nameOf(row);
  // With a role the server shows what that role has from others as well.
  const of = (grant: string) => [' TO ', ' FROM ', ' FOR '].some((word) => grant.includes(word + name));
  if (row.role) {
    return {
      name,
      create: `CREATE ROLE IF NOT EXISTS ${name}`,
      grants: said.filter(of).map(withoutLogin).sort(),
    };
  }
  const [create = '', ...grants] = said;
  const [statement, roles] = withoutDefaultRole(create);
  return {
    name,
    create: statement.replace(/^CREATE USER /, 'CREATE USER IF NOT EXISTS '),
    grants: [
      ...grants.filter(of).map(withoutLogin).sort(),
      ...(roles === undefined ? [] : [`SET DEFAULT ROLE ${roles} TO ${name}`]),
    ],
  };
}

/** How it logs in is said where it is made; said again with a grant it would change an account that is there already. */
function withoutLogin(grant: string): string {
  return grant.replace(
    / IDENTIFIED (?:BY PASSWORD '(?:[^'\\]|\\.|'')*'|(?:VIA|WITH) (?:'(?:[^'\\]|\\.|'')*'|[^'])*?(?= REQUIRE | WITH (?:GRANT|MAX_)|$))/,
    '',
  );
}

/** A default role must be granted before; the other way round its role might not be there yet. */
function withoutDefaultRole(create: string): [statement: string, roles: string | undefined] {
  const account = '`(?:[^`]|``)*`@`(?:[^`]|``)*`';
  const [clause, roles] = new RegExp(` DEFAULT ROLE (${account}(?:, ?${account})*)`).exec(create) ?? [];
  return clause === undefined ? [create, undefined] : [create.replace(clause, ''), roles];
}

function nameOf({ user, host, role }: Row): string {
  return role ? identifier(user) : `${identifier(user)}@${identifier(host)}`;
}

function hasControl({ user, host }: Row): boolean {
  return /[\u0000-\u001f\u007f]/.test(user + host);
}
