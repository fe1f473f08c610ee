/** What is asked of a server of PostgreSQL, each answer as JSON. */
import type { TableCount } from '../../model/snapshot.ts';
import type { DatabaseRow } from './definition.ts';
import type { Session } from './session.ts';
import { literal } from './sql.ts';

export interface ServerFacts {
  /** `15.18` */
  readonly version: string;
  /** 150018 */
  readonly number: number;
  readonly superuser: boolean;
}

export async function readServer(session: Session): Promise<ServerFacts> {
  return session.row(`SELECT json_build_object(
    'version', split_part(current_setting('server_version'), ' ', 1),
    'number', current_setting('server_version_num')::int,
    'superuser', (SELECT rolsuper FROM pg_roles WHERE rolname = current_user));`);
}

/** Every database that one can log into, by name; templates are none. */
export async function readDatabases(session: Session): Promise<DatabaseRow[]> {
  return session.rows(`SELECT json_build_object(
    'name', d.datname,
    'owner', pg_get_userbyid(d.datdba),
    'encoding', pg_encoding_to_char(d.encoding),
    'tablespace', (SELECT spcname FROM pg_tablespace WHERE oid = d.dattablespace),
    'comment', shobj_description(d.oid, 'pg_database'),
    'row', to_jsonb(d),
    'grants', (SELECT json_agg(json_build_object(
        'grantee', CASE a.grantee WHEN 0 THEN NULL ELSE pg_get_userbyid(a.grantee) END,
        'privilege', a.privilege_type, 'grantable', a.is_grantable)
      ORDER BY a.grantee = 0 DESC, pg_get_userbyid(a.grantee) COLLATE "C", a.privilege_type)
      FROM aclexplode(d.datacl) a),
    'settings', (SELECT json_agg(json_build_object(
        'role', CASE s.setrole WHEN 0 THEN NULL ELSE pg_get_userbyid(s.setrole) END,
        'name', split_part(c, '=', 1), 'value', substr(c, strpos(c, '=') + 1))
      ORDER BY s.setrole = 0 DESC, pg_get_userbyid(s.setrole) COLLATE "C", n)
      FROM pg_db_role_setting s, unnest(s.setconfig) WITH ORDINALITY u(c, n) WHERE s.setdatabase = d.oid))
  FROM pg_database d WHERE d.datallowconn AND NOT d.datistemplate ORDER BY d.datname COLLATE "C";`);
}

export async function readRoles(session: Session): Promise<string[]> {
  return session.rows(`SELECT to_json(rolname) FROM pg_roles
    WHERE rolname !~ '^pg_' ORDER BY rolname COLLATE "C";`);
}

export async function readTablespaces(session: Session): Promise<string[]> {
  return session.rows(`SELECT to_json(spcname) FROM pg_tablespace WHERE spcname !~ '^pg_';`);
}

/** Tables whose rows are in a dump: not those of the server, of an extension or of a session. */
const dumped = `pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    AND NOT EXISTS (SELECT FROM pg_depend d
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`;

export async function readTables(session: Session): Promise<string[]> {
  return session.rows(`SELECT to_json(format('%I.%I', n.nspname, c.relname)) FROM ${dumped}
    ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C";`);
}

/** The rows of every such table, and how many large objects there are, as the session's transaction sees them. */
export async function countRows(session: Session): Promise<TableCount[]> {
  // Rather no number than that of the rows which this role may see.
  await session.run('SET row_security = off;');
  const tables = await session.rows<TableCount>(`SELECT format(
      'SELECT json_build_object(''name'', %L::text, ''rows'', count(*)) FROM ONLY %I.%I',
      format('%I.%I', n.nspname, c.relname), n.nspname, c.relname)
    FROM ${dumped} ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C" \\gexec`);
  const large = await session.row<number>('SELECT to_json(count(*)) FROM pg_largeobject_metadata;');
  return large === 0 ? tables : [...tables, { name: 'pg_catalog.pg_largeobject', rows: large }];
}

/** Ends whoever is logged into a database, but for us. */
export async function endSessions(session: Session, database: string): Promise<void> {
  await session.run(`SELECT to_json(count(pg_terminate_backend(pid))) FROM pg_stat_activity
    WHERE datname = ${literal(database)} AND pid <> pg_backend_pid();`);
}
