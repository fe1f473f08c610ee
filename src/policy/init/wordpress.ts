/** WordPress's configuration: which database holds the pages. The password in it is left where it is. */

export interface DatabaseUse {
  readonly kind: 'mysql' | 'postgres';
  readonly database: string;
  readonly user: string | undefined;
  readonly at: DatabaseAddress;
}

export type DatabaseAddress =
  | { readonly via: 'local'; readonly socket: string | undefined }
  | { readonly via: 'tcp'; readonly host: string; readonly port: number | undefined };

/** Undefined when the name isn't written there but comes from elsewhere, such as a container's environment. */
export function wordpressDatabase(text: string): DatabaseUse | undefined {
  const code = withoutComments(text);
  const database = constant(code, 'DB_NAME');
  if (database === undefined || database === '' || database === 'database_name_here') return undefined;
  const at = addressOf(constant(code, 'DB_HOST') ?? 'localhost');
  return { kind: 'mysql', database, user: constant(code, 'DB_USER'), at };
}

/** Where Debian's package keeps what a site's owner uploads. */
export function wordpressContent(text: string): string | undefined {
  return constant(withoutComments(text), 'WP_CONTENT_DIR');
}

/** `localhost`, `localhost:/run/mysqld/mysqld.sock`, `127.0.0.1:3307`, `[::1]:3306`, `db`. */
export function addressOf(text: string): DatabaseAddress {
  const [, bracketed, plain, rest] = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? text;
  if (rest?.startsWith('/')) return { via: 'local', socket: rest };
  if (host === 'localhost' || host === '') return { via: 'local', socket: undefined };
  const port = rest !== undefined && /^\d+$/.test(rest) ? Number(rest) : undefined;
  return { via: 'tcp', host, port };
}

function constant(code: string, name: string): string | undefined {
  const literal = String.raw`(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\$])*)")`;
  const found = new RegExp(String.raw`define\s*\(\s*['"]${name}['"]\s*,\s*${literal}\s*\)`).exec(code);
  return (found?.[1] ?? found?.[2])?.replace(/\\(.)/g, '$1');
}

/** A text in quotes may look like a comment, so both are read in one go. */
function withoutComments(text: string): string {
  return text.replace(
    /('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|\/\*.*?\*\/|(?:\/\/|#)[^\n]*/gs,
    (_, quoted: string | undefined) => quoted ?? ' ',
  );
}
