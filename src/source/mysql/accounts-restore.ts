/** Bringing accounts back: those that are missing, and what existing ones were only when that is asked for. */
import { isHikaeError } from '../../base/errors.ts';
import { type TroubleSink, trouble } from '../../model/trouble.ts';
import { databaseErrors } from '../database/errors.ts';
import type { AccountsPlan } from '../database/restoring-server.ts';
import type { RestoreEffect } from '../source.ts';
import { type Account, listAccounts } from './accounts.ts';
import { ACCOUNTS, readAccountsScript } from './accounts-script.ts';
import type { Connection } from './connection.ts';

export interface AccountsParts {
  readonly connection: Connection;
  readonly loader: Connection;
}

/** Rights may name tables that are only just coming back: these wait until the databases are there. */
export interface WaitingRights {
  readonly account: string;
  readonly statements: readonly string[];
}

interface Step {
  readonly account: Account;
  readonly action: 'create' | 'change' | 'leave';
  readonly statements: readonly string[];
}

interface Circumstances {
  readonly replace: boolean;
  /** the account that restores */
  readonly self: string;
  readonly mariadb: boolean;
}

export async function planAccounts(
  script: string,
  parts: AccountsParts,
  { replace, signal }: { readonly replace: boolean; readonly signal: AbortSignal },
  later: (waiting: WaitingRights) => void,
): Promise<AccountsPlan> {
  const wanted = readAccountsScript(script);
  if (wanted === undefined || !wanted.every(isPlain)) {
    const reason = 'it holds what no backup writes';
    throw databaseErrors.DATABASE_DUMP_DAMAGED({ database: ACCOUNTS, reason });
  }
  const { accounts: there } = await listAccounts(parts.connection, { signal });
  const [[self = ''] = []] = await parts.connection.query('SELECT CURRENT_USER();', { signal });
  const mariadb = parts.connection.version.product === 'MariaDB';
  const steps = wanted.map((account) => stepFor(account, there, { replace, self, mariadb }));
  const known = new Set(wanted.map(({ name }) => name));
  return {
    effects: [
      ...steps.map(effectOf),
      ...there
        .filter(({ name }) => !known.has(name))
        .map(
          ({ name }): RestoreEffect => ({
            action: 'leave',
            path: name,
            reasons: ['not-in-snapshot'],
            bytes: 0,
          }),
        ),
    ],
    async execute({ troubles, signal: stop }) {
      let done = 0;
      for (const { account, action, statements } of steps) {
        if (action === 'leave') continue;
        if (!(await run(account.name, statements, parts.loader, stop, troubles))) continue;
        done += 1;
        later({ account: account.name, statements: account.grants });
      }
      return done;
    },
  };
}

/** Runs what one account needs; false when that failed, which is a problem of that account. */
export async function run(
  account: string,
  statements: readonly string[],
  { query }: Connection,
  signal: AbortSignal,
  troubles: TroubleSink,
): Promise<boolean> {
  try {
    await query(statements.map((statement) => `${statement};\n`).join(''), { signal });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (!isHikaeError(error)) throw error;
    troubles(trouble('unwritable', `${ACCOUNTS} ${account}`, error));
    return false;
  }
}

function stepFor(account: Account, there: readonly Account[], circumstances: Circumstances): Step {
  const { name, create } = account;
  const now = there.find((one) => one.name === name);
  if (now === undefined) return { account, action: 'create', statements: [create] };
  const same = now.create === create && sorted(now.grants) === sorted(account.grants);
  if (same || !circumstances.replace) return { account, action: 'leave', statements: [] };
  return { account, action: 'change', statements: changesTo(account, now, circumstances) };
}

/** Takes away what it may do now before it gets what it might do then; our own account would lose the right to give it. */
function changesTo(
  { name, create, grants }: Account,
  now: Account,
  { self, mariadb }: Pick<Circumstances, 'self' | 'mariadb'>,
): string[] {
  const login = create.startsWith('CREATE USER ')
    ? [create.replace('CREATE USER IF NOT EXISTS', 'ALTER USER')]
    : [];
  if (plainly(name) === self) return login;
  // MariaDB takes its roles away with its rights.
  const lost = mariadb ? [] : now.grants.filter((grant) => !grants.includes(grant));
  const roles = lost.map((grant) => roleIn(grant));
  return [
    ...login,
    `REVOKE ALL PRIVILEGES, GRANT OPTION FROM ${name}`,
    ...roles.filter((role) => role !== undefined).map((role) => `REVOKE ${role} FROM ${name}`),
  ];
}

/** Of `GRANT role TO …`; the other grants say ON what. */
function roleIn(grant: string): string | undefined {
  return /^GRANT ((?:`(?:[^`]|``)*`(?:@`(?:[^`]|``)*`)?(?:, ?)?)+) TO /.exec(grant)?.[1];
}

function effectOf({ account, action }: Step): RestoreEffect {
  return { action, path: account.name, reasons: action === 'change' ? ['content'] : [], bytes: 0 };
}

function plainly(name: string): string {
  return name.replaceAll('`', '');
}

function sorted(grants: readonly string[]): string {
  return grants.toSorted().join('\n');
}

/** Each statement is one, and of the kind that is written here. Texts and names may hold anything. */
function isPlain({ create, grants }: Account): boolean {
  return (
    /^CREATE (?:USER|ROLE) IF NOT EXISTS /.test(create) &&
    grants.every((grant) => /^(?:GRANT|REVOKE|SET DEFAULT ROLE) /.test(grant)) &&
    [create, ...grants].every(
      (statement) => !/[;#\\]|--|\/\*/.test(statement.replace(/'(?:[^'\\]|\\.|'')*'|`(?:[^`]|``)*`/gs, '')),
    )
  );
}
