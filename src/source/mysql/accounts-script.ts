/**
 * The file `accounts.sql`: a script that adds the accounts that a server lacks, and gives each its rights. A heading says
 * whose the statements below it are, so that a restore can leave out those of accounts that are there already.
 */
import type { Account } from './accounts.ts';
import { COMPLETED } from './dump.ts';

/** The name of the file, without `.sql`. */
export const ACCOUNTS = 'accounts';

const HEAD = `-- Accounts and their rights. Load the databases first: a right may name a table.
-- An account that is there already keeps its password, and gets the rights that it lacks.
`;
const CREATE = '-- Account: ';
const GRANTS = '-- Rights of: ';

export function writeAccounts(accounts: readonly Account[]): string {
  const creates = accounts.map(({ name, create }) => `\n${CREATE}${name}\n${create};\n`);
  const grants = accounts.map(
    ({ name, grants: own }) => `\n${GRANTS}${name}\n${own.map((grant) => `${grant};\n`).join('')}`,
  );
  return `${HEAD}${creates.join('')}${grants.join('')}\n${COMPLETED}\n`;
}

/** Undefined when it isn't whole. */
export function readAccountsScript(script: string): readonly Account[] | undefined {
  if (!script.endsWith(`\n${COMPLETED}\n`)) return undefined;
  const creates = new Map<string, string[]>();
  const grants = new Map<string, string[]>();
  let statements: string[] | undefined;
  for (const line of script.slice(HEAD.length).split('\n')) {
    for (const [heading, found] of [
      [CREATE, creates],
      [GRANTS, grants],
    ] as const) {
      if (!line.startsWith(heading)) continue;
      statements = [];
      found.set(line.slice(heading.length), statements);
    }
    if (!line.startsWith('-- ') && line.endsWith(';')) statements?.push(line.slice(0, -1));
  }
  return [...creates].map(([name, [create = '']]) => ({ name, create, grants: grants.get(name) ?? [] }));
}
