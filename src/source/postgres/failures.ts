/**
 * What the clients of PostgreSQL say when they fail. Their own words are English in our environment; those of the server
 * come in its language, of which English and Japanese are known here.
 */
import type { HikaeError } from '../../base/errors.ts';
import type { ClientCall } from '../database/clients.ts';
import { databaseErrors } from '../database/errors.ts';

const says = {
  unreachable:
    /connection refused|no such file or directory|could not translate host name|timeout expired|no route to host|network is unreachable|the database system is (?:starting up|shutting down|in recovery)|データベースシステムは(?:起動|停止|シャットダウン)/i,
  login:
    /password authentication failed|no password supplied|peer authentication failed|ident authentication failed|no pg_hba\.conf entry|FATAL: +role ".*" does not exist|is not permitted to log in|認証に失敗|pg_hba\.conf.*エントリ|FATAL: +ロール.*存在しません/i,
  missing: /FATAL: +database ".*" does not exist|データベース.*存在しません/i,
  forbidden:
    /permission denied|must be superuser|must be owner|row-level security|権限がありません|行セキュリティ/i,
  changed:
    /could not open relation with oid|cache lookup failed|relation .* does not exist|deadlock detected|canceling statement due to (?:lock timeout|conflict with recovery)|could not obtain lock|was concurrently|キャッシュ.*検索に失敗|デッドロックを検出/i,
} as const;

export interface Told {
  /** how the server is called */
  readonly server: string;
  readonly user: string;
}

/** Of a client that could not do its work: why, and whether the same may succeed a little later. */
export function failureOf(reason: string, { program, database = '' }: ClientCall, told: Told): HikaeError {
  const { server, user } = told;
  if (says.missing.test(reason)) return databaseErrors.DATABASE_MISSING({ server, database });
  if (says.login.test(reason)) return databaseErrors.DATABASE_LOGIN_REFUSED({ server, user, reason });
  if (says.unreachable.test(reason)) return databaseErrors.DATABASE_UNREACHABLE({ server, reason });
  if (says.changed.test(reason)) return databaseErrors.DATABASE_CHANGED({ server, database, reason });
  if (says.forbidden.test(reason)) return databaseErrors.DATABASE_FORBIDDEN({ server, user, reason });
  return program === 'psql'
    ? databaseErrors.DATABASE_QUERY_FAILED({ server, reason })
    : databaseErrors.DATABASE_DUMP_FAILED({ server, database, reason });
}
