/**
 * `globals.sql`: roles, what they are members of and their settings, tablespaces. After it come the statements that make
 * each database, empty, so that who restores by hand runs this file first and then loads each dump into its database.
 */
import { type RawName, rawFromText } from '../../base/raw-path.ts';
import { trouble } from '../../model/trouble.ts';
import { withEnd } from '../database/dump-end.ts';
import type { Dump } from '../database/dump-nodes.ts';
import { databaseErrors } from '../database/errors.ts';
import type { CaptureOptions } from '../source.ts';
import type { ServerFacts } from './catalog.ts';
import type { Connection } from './connection.ts';
import { type DatabaseRow, definitionOf } from './definition.ts';
import { withoutRestriction } from './restriction.ts';
import { identifier } from './sql.ts';

export const globalsName = 'globals';
export const globalsFile = rawFromText(`${globalsName}.sql`) as RawName;

/** What pg_dumpall writes at its end, and what stands at the end of the whole file. */
export const rolesEnd = '-- PostgreSQL database cluster dump complete';
export const globalsEnd = '-- Databases complete';

export function globalsOf(
  databases: readonly DatabaseRow[],
  { superuser }: ServerFacts,
  { clients, server, user }: Connection,
  { troubles, component }: CaptureOptions,
): Dump {
  return {
    file: globalsFile,
    async *open(signal) {
      if (!superuser) troubles(trouble('no-role-passwords', `${component}/${globalsName}.sql`, user));
      const program = 'pg_dumpall';
      const passwords = superuser ? [] : ['--no-role-passwords'];
      const call = { program, arguments: ['--no-password', '--globals-only', ...passwords] };
      const cut = () => databaseErrors.DATABASE_DUMP_CUT({ database: globalsName, server, program });
      yield* withEnd(withoutRestriction(clients.stream(call, signal)), rolesEnd, cut);
      yield Buffer.from(`${databases.map(creationOf).join('')}\n--\n${globalsEnd}\n--\n`);
    },
  };
}

function creationOf(database: DatabaseRow): string {
  const name = identifier(database.name);
  const statements = definitionOf(database).map(([before, after]) => `${before}${name}${after};\n`);
  return `\n--\n-- Database ${name.replaceAll('\n', ' ')}\n--\n\n${statements.join('')}`;
}
