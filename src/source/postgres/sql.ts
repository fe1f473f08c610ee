/** Names and values as SQL of PostgreSQL, and statements that come from a snapshot. */

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Right whatever standard_conforming_strings says. */
export function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

/**
 * Whether a text is one statement and nothing besides, as whoever wrote it into a snapshot may have meant it for psql: outside
 * of quotes a backslash begins a command of psql's own, and within them a single one may hide where they end.
 */
export function isOneStatement(text: string): boolean {
  if (text.replaceAll('\\\\', '').includes('\\')) return false;
  const bare = text.replaceAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, '');
  return /^[^\\;'"]+;$/.test(bare);
}
