/** Names and values as SQL of MySQL and MariaDB, in sessions whose SQL mode is not ANSI. */

export function identifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** Every session of ours understands backslashes; see `settings` in connection.ts. */
export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** A name within another: a table in its database. */
export function qualified(database: string, name: string): string {
  return `${identifier(database)}.${identifier(name)}`;
}

export function list(names: readonly string[]): string {
  return names.map(literal).join(', ');
}
