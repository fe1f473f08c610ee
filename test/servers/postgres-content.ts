/** A database with one of everything that PostgreSQL can keep, and a description of a database to compare by. */
import type { PostgresServer } from './postgres.ts';

/** Roles that the database refers to; they belong to the server. */
export const roles = `
CREATE ROLE readers NOLOGIN;
CREATE ROLE "営業 部" LOGIN PASSWORD 'role-secret-営業' CONNECTION LIMIT 7 VALID UNTIL '2031-01-01 00:00:00+00';
CREATE ROLE keeper LOGIN PASSWORD 'role-secret-keeper' CREATEDB;
GRANT readers TO "営業 部" WITH ADMIN OPTION;
ALTER ROLE keeper SET work_mem TO '5MB';
ALTER ROLE keeper SET search_path TO "$user", public, "Odd, name";
COMMENT ON ROLE readers IS 'reads; it''s all "that"
in two lines';
`;

/** What is in it. The rows are many enough that a dump of them comes in several parts. */
export const content = `
CREATE EXTENSION hstore;
CREATE EXTENSION pg_trgm;
CREATE SCHEMA shop AUTHORIZATION keeper;
CREATE SCHEMA "Odd, ""name""";
CREATE TYPE shop.mood AS ENUM ('良い', 'so-so', 'bad');
CREATE TYPE shop.place AS (street text, number int);
CREATE DOMAIN shop.positive AS int CHECK (VALUE > 0);
CREATE COLLATION shop.bytes (provider = libc, locale = 'C');
CREATE SEQUENCE shop.tickets START 1000 INCREMENT 7 CACHE 3;
SELECT nextval('shop.tickets'), nextval('shop.tickets');

CREATE TABLE shop.customers (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL COLLATE shop.bytes,
  mood shop.mood DEFAULT '良い',
  home shop.place,
  tags hstore,
  facts jsonb,
  numbers int[],
  photo bytea,
  born timestamptz,
  ratio float8,
  price numeric(30, 10),
  shouted text GENERATED ALWAYS AS (upper(name)) STORED
);
INSERT INTO shop.customers (name, mood, home, tags, facts, numbers, photo, born, ratio, price)
SELECT '顧客 ' || i || E' \\\\.\\t\\n\\\\N', (ARRAY['良い', 'so-so', 'bad']::shop.mood[])[i % 3 + 1], ROW('大通り', i)::shop.place,
  hstore('色', CASE WHEN i % 5 = 0 THEN NULL ELSE '赤' END), jsonb_build_object('n', i, 's', '𠮷野家'),
  ARRAY[i, NULL, -i], decode(md5(i::text), 'hex'), timestamptz '1969-12-31 23:59:59.123456+09' + i * interval '1 day',
  i / 3.0, i / 7.0
FROM generate_series(1, 2000) i;
INSERT INTO shop.customers (name, ratio) VALUES ('', 'NaN'), ('NULL', '-Infinity'), (E'\\\\restrict x\\n\\\\! touch /tmp/never', 0);

CREATE TABLE shop.orders (
  id bigserial PRIMARY KEY,
  customer int NOT NULL REFERENCES shop.customers ON DELETE CASCADE,
  amount shop.positive,
  during tstzrange,
  EXCLUDE USING gist (during WITH &&)
);
INSERT INTO shop.orders (customer, amount, during)
SELECT i, i, tstzrange(now()::date + i * interval '1 hour', now()::date + (i + 1) * interval '1 hour')
FROM generate_series(1, 500) i;
ALTER TABLE shop.customers ADD COLUMN favourite bigint REFERENCES shop.orders DEFERRABLE INITIALLY DEFERRED;
UPDATE shop.customers SET favourite = id WHERE id <= 500;
CREATE INDEX ON shop.customers USING gin (name gin_trgm_ops);
CREATE UNIQUE INDEX "only 良い" ON shop.customers (lower(name)) WHERE mood = '良い' AND id < 100;
CREATE STATISTICS shop.linked (dependencies) ON customer, amount FROM shop.orders;

CREATE TABLE "Odd, ""name"""."Tab.le $1" ("Col umn" text, "select" int);
INSERT INTO "Odd, ""name"""."Tab.le $1" VALUES ('a', 1), (NULL, NULL);
CREATE TABLE "Odd, ""name""".large AS
  SELECT i, (SELECT string_agg(md5(i * 1000 + n || ''), '本') FROM generate_series(1, 20000) n) AS text FROM generate_series(1, 3) i;
CREATE UNLOGGED TABLE public.scratch (a int);
INSERT INTO public.scratch SELECT generate_series(1, 9);
CREATE TABLE public.measured (at date NOT NULL, value int) PARTITION BY RANGE (at);
CREATE TABLE public.measured_2025 PARTITION OF public.measured FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE public.measured_2026 PARTITION OF public.measured FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE public.measured_rest PARTITION OF public.measured DEFAULT;
INSERT INTO public.measured SELECT date '2024-12-01' + i, i FROM generate_series(1, 800) i;
CREATE TABLE public.parent (a int);
CREATE TABLE public.child (b int) INHERITS (public.parent);
INSERT INTO public.parent VALUES (1);
INSERT INTO public.child VALUES (2, 3), (4, 5);

CREATE FUNCTION shop.total(who int) RETURNS bigint LANGUAGE sql STABLE AS $$SELECT sum(amount) FROM shop.orders WHERE customer = who$$;
CREATE FUNCTION shop.stamp() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = shop AS $body$
BEGIN
  -- 日本語; ALTER DATABASE "x" RENAME TO y;
  NEW.ratio := coalesce(NEW.ratio, 0);
  RETURN NEW;
END
$body$;
CREATE PROCEDURE shop.tidy(INOUT n int) LANGUAGE plpgsql AS 'BEGIN n := n + 1; END';
CREATE AGGREGATE shop.together(text) (SFUNC = textcat, STYPE = text, INITCOND = '');
CREATE OPERATOR shop.## (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
CREATE TRIGGER stamped BEFORE INSERT OR UPDATE ON shop.customers FOR EACH ROW EXECUTE FUNCTION shop.stamp();
CREATE FUNCTION public.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN NULL; END';
CREATE EVENT TRIGGER watching ON ddl_command_end EXECUTE FUNCTION public.on_ddl();
CREATE VIEW shop.rich AS SELECT id, name FROM shop.customers WHERE price > 100 WITH CHECK OPTION;
CREATE MATERIALIZED VIEW shop.sums AS SELECT mood, count(*) FROM shop.customers GROUP BY mood;
CREATE RULE quiet AS ON DELETE TO public.scratch DO INSTEAD NOTHING;
ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE shop.orders FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON shop.orders FOR SELECT TO readers USING (customer > 10);
CREATE PUBLICATION told FOR TABLE public.measured;
CREATE TEXT SEARCH CONFIGURATION shop.plain (COPY = simple);

GRANT USAGE ON SCHEMA shop TO readers;
GRANT SELECT ON shop.customers, shop.rich TO readers WITH GRANT OPTION;
GRANT UPDATE (name) ON shop.customers TO "営業 部";
REVOKE EXECUTE ON FUNCTION shop.total(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION shop.total(int) TO "営業 部";
ALTER DEFAULT PRIVILEGES FOR ROLE keeper IN SCHEMA shop GRANT SELECT ON TABLES TO readers;
ALTER TABLE public.parent OWNER TO keeper;
COMMENT ON TABLE shop.customers IS '顧客''の表';
COMMENT ON COLUMN shop.customers.name IS E'two\\nlines';
SELECT lo_from_bytea(0, decode(repeat('00ff5c0a', 5000), 'hex')), lo_from_bytea(77777, 'オブジェクト'::bytea);
GRANT SELECT ON LARGE OBJECT 77777 TO readers;
`;

/** Makes roles and the database, filled. Its name needs quoting, so that nothing gets by without. */
export function fill(server: PostgresServer, database: string): void {
  const name = `"${database.replaceAll('"', '""')}"`;
  server.psql('postgres', roles);
  server.psql(
    'postgres',
    `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' OWNER keeper;`,
  );
  server.psql(
    'postgres',
    `COMMENT ON DATABASE ${name} IS 'it''s a \\\\ database';
    ALTER DATABASE ${name} CONNECTION LIMIT 50;
    ALTER DATABASE ${name} SET search_path TO shop, public, "Odd, ""name""";
    ALTER DATABASE ${name} SET default_transaction_read_only TO on;
    ALTER ROLE keeper IN DATABASE ${name} SET statement_timeout TO '77s';
    REVOKE CONNECT ON DATABASE ${name} FROM PUBLIC;
    GRANT CONNECT ON DATABASE ${name} TO readers;
    GRANT CREATE ON DATABASE ${name} TO "営業 部" WITH GRANT OPTION;`,
  );
  server.psql(database, `SET default_transaction_read_only TO off;\n${content}`);
}

const queries: Readonly<Record<string, string>> = {
  database: `SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype, datconnlimit,
    (SELECT array_agg(a::text ORDER BY a::text COLLATE "C") FROM unnest(datacl) a), shobj_description(oid, 'pg_database')
    FROM pg_database WHERE datname = current_database()`,
  settings: `SELECT setrole::regrole::text, setconfig FROM pg_db_role_setting
    WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  schemas: `SELECT nspname, pg_get_userbyid(nspowner), nspacl FROM pg_namespace WHERE nspname !~ '^pg_(toast|temp)'`,
  relations: `SELECT c.oid::regclass::text, relkind, relpersistence, pg_get_userbyid(relowner), relrowsecurity,
    relforcerowsecurity, relacl, obj_description(c.oid, 'pg_class'), reloptions, pg_get_expr(relpartbound, c.oid),
    CASE relkind WHEN 'v' THEN pg_get_viewdef(c.oid) WHEN 'm' THEN pg_get_viewdef(c.oid)
      WHEN 'i' THEN pg_get_indexdef(c.oid) WHEN 'I' THEN pg_get_indexdef(c.oid) END
    FROM pg_class c WHERE relnamespace NOT IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace, 'information_schema'::regnamespace)`,
  columns: `SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated,
    attacl, pg_get_expr(adbin, adrelid), attcollation::regcollation::text, col_description(attrelid, attnum)
    FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid LEFT JOIN pg_attrdef d ON adrelid = attrelid AND adnum = attnum
    WHERE attnum > 0 AND NOT attisdropped
    AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace, 'information_schema'::regnamespace)`,
  constraints: `SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), condeferrable, condeferred FROM pg_constraint`,
  functions: `SELECT oid::regprocedure::text, pg_get_userbyid(proowner), proacl,
    CASE prokind WHEN 'a' THEN '' ELSE pg_get_functiondef(oid) END FROM pg_proc
    WHERE pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)`,
  triggers: `SELECT tgrelid::regclass::text, pg_get_triggerdef(oid), tgenabled FROM pg_trigger WHERE NOT tgisinternal`,
  eventTriggers: `SELECT evtname, evtevent, evtfoid::regproc::text, evtenabled FROM pg_event_trigger`,
  rules: `SELECT ev_class::regclass::text, rulename, pg_get_ruledef(oid) FROM pg_rewrite WHERE ev_class > 16384`,
  policies: `SELECT polrelid::regclass::text, polname, polcmd, polroles::regrole[]::text, pg_get_expr(polqual, polrelid) FROM pg_policy`,
  types: `SELECT t.oid::regtype::text, typtype, pg_get_userbyid(typowner),
    (SELECT array_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid) FROM pg_type t
    WHERE typnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace, 'pg_toast'::regnamespace)`,
  extensions: `SELECT extname, extversion FROM pg_extension`,
  defaults: `SELECT pg_get_userbyid(defaclrole), defaclnamespace::regnamespace::text, defaclobjtype, defaclacl FROM pg_default_acl`,
  others: `SELECT pubname, puballtables FROM pg_publication UNION ALL SELECT stxname, true FROM pg_statistic_ext
    UNION ALL SELECT cfgname, true FROM pg_ts_config UNION ALL SELECT collname, true FROM pg_collation WHERE collnamespace <> 'pg_catalog'::regnamespace
    UNION ALL SELECT oprname, true FROM pg_operator WHERE oprnamespace <> 'pg_catalog'::regnamespace`,
  largeObjects: `SELECT oid, pg_get_userbyid(lomowner), lomacl, md5(lo_get(oid)) FROM pg_largeobject_metadata`,
};

/** Every object of a database and every row of its tables, each as a line of text. */
export function describe(server: PostgresServer, database: string): string[] {
  const asked = Object.entries(queries).map(
    ([name, query]) =>
      `SELECT '${name}: ' || to_jsonb(q)::text FROM (${query}) q ORDER BY to_jsonb(q)::text COLLATE "C";`,
  );
  // The rows of each table as one hash, and the place of each sequence.
  const contents = `SELECT format(
      'SELECT %L || count(*) || '' '' || coalesce(md5(string_agg(md5(t::text), '''' ORDER BY t::text COLLATE "C")), '''') FROM ONLY %s t',
      oid::regclass || ': ', oid::regclass) FROM pg_class WHERE relkind IN ('r', 'm') AND relnamespace NOT IN
      ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) ORDER BY oid::regclass::text COLLATE "C" \\gexec
    SELECT to_jsonb(s) FROM pg_sequences s ORDER BY schemaname, sequencename;`;
  // Names in full, whatever the database's own settings are.
  return server.psql(database, `SET search_path TO '';\n${asked.join('\n')}\n${contents}`).split('\n');
}

/** Every role with what it may do, what it is a member of and how it proves itself. */
export function describeRoles(server: PostgresServer): string[] {
  return server
    .psql(
      'postgres',
      `SELECT to_jsonb(a) - 'oid', shobj_description(a.oid, 'pg_authid'),
        (SELECT json_agg(setconfig) FROM pg_db_role_setting WHERE setrole = a.oid AND setdatabase = 0),
        (SELECT json_agg(json_build_array(roleid::regrole, admin_option) ORDER BY roleid::regrole::text) FROM pg_auth_members WHERE member = a.oid)
        FROM pg_authid a WHERE rolname !~ '^pg_' ORDER BY rolname COLLATE "C";`,
    )
    .split('\n');
}
